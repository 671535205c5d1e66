import type { Shape, Tensor } from '../graph/types.ts';
import { rule, showShape, type Application, type Range } from './operator.ts';

/** The longest row of a chunk that still fits the contract's final check. */
export const MAX_CHUNK = 1_024;

/** The most peers over which `sort_lanes` gives order statistics. */
export const MAX_LANES = 256;

/** The last axis of a result, and in which row of it an element is. */
export function placeOf(element: number, { type }: Application): { row: number; column: number } {
  const width = type.shape.at(-1)!;
  return { row: Math.floor(element / width), column: element % width };
}

/** Row `row` of an operand. */
export function rowRange({ shape }: Tensor, row: number): Range {
  const count = shape.at(-1)!;
  return { start: row * count, count };
}

/** The elements of a row. */
export function rowOf(tensor: Tensor, row: number): Tensor['data'] {
  const { start, count } = rowRange(tensor, row);
  return tensor.data.subarray(start, start + count);
}

export function rowCount({ shape, data }: Tensor): number {
  return data.length / shape.at(-1)!;
}

/** Requires a last axis of 1 to `most` elements. Returns its extent. */
export function checkRow(name: string, shape: Shape, most: number): number {
  const length = shape.at(-1) ?? 0;
  rule(length >= 1 && length <= most, name, `the last axis of ${showShape(shape)} is not 1 to ${most} long`);
  return length;
}

/** Requires a whole number of elements from 1 to all of a row. */
export function checkKept(name: string, k: number, n: number): void {
  rule(Number.isInteger(k) && k >= 1 && k <= n, name, `${k} of ${n} is not possible`);
}
