import type { Tensor } from '../graph/types.ts';
import { requireInputs, requireType, rule, type Application, type Range, type ValueInfo } from './operator.ts';

/** The longest axis whose row still fits the contract's final check; longer ones are reduced by levels. */
export const MAX_REDUCTION = 1_024;

/** What a reduction reads: the row of its element. */
export function readsRow(element: number, [x]: readonly Tensor[]): readonly Range[] {
  const count = x!.shape.at(-1)!;
  return [{ start: element * count, count }];
}

/** Rules of a reduction along the last axis, which stays with extent 1. Returns that axis's extent. */
export function checkReduction(
  name: string,
  inputs: readonly ValueInfo[],
  application: Application,
  dtype: string,
): number {
  requireInputs(name, inputs, [dtype]);
  const { shape } = inputs[0]!;
  const length = shape.at(-1) ?? 0;
  rule(length >= 1 && length <= MAX_REDUCTION, name, `the last axis has ${length} elements, not 1 to ${MAX_REDUCTION}`);
  requireType(name, application, dtype, [...shape.slice(0, -1), 1]);
  return length;
}
