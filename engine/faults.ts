import { SwarmlockError } from './errors.ts';
import type { Node } from './graph/program.ts';
import { elementCount, typedArray, type DType, type Tensor, type TypedArray } from './graph/types.ts';
import { operators } from './ops/index.ts';
import { fault } from './ops/operator.ts';

/** Movements within rows: one operand says where, and all of its row together is in the domain or not. */
const chunkMovements = new Set(['pack_chunk', 'scatter_chunk']);
/** Defined for all rows of values. */
const total = new Set(['matmul_nt', 'topk_chunk', 'sort_lanes']);

/** Whether all elements are finite, by their bits: a tenth of the time of asking each. */
export function areFinite({ buffer, byteOffset, length }: Float32Array<ArrayBuffer>): boolean {
  const EXPONENT = 0x7f800000;
  const words = new Int32Array(buffer, byteOffset, length);
  for (let i = 0; i < words.length; i++) if ((words[i]! & EXPONENT) === EXPONENT) return false;
  return true;
}

/** Throws FAULT unless all elements are finite. */
export function requireFinite(name: string, values: Float32Array<ArrayBuffer>): void {
  if (areFinite(values)) return;
  for (const value of values) if (!Number.isFinite(value)) throw fault(name, `${value} is not finite`);
}

/**
 * Whether a node has no result for its operands: the operator is undefined for them, an element that it reads is no value
 * of its type, or the result is not finite or above its bound. `value` is the result as it was computed, if it was.
 */
export function isFaulty(node: Node, operands: readonly Tensor[], value?: TypedArray): boolean {
  const isRead = !movements.has(node.op);
  if (isRead && !operands.every(({ dtype, data }) => data.every((element) => isElement(dtype, element)))) return true;
  if (value !== undefined && !value.every((element) => isResult(node, element))) return true;
  return !isDefined(() => operators.get(node.op)!.domain?.(operands, node.type, node.attributes));
}

/** The first element, row-major, for which a node has no result. -1 when it has one for all. */
export function firstFaultyElement(node: Node, operands: readonly Tensor[]): number {
  const found = [firstUnreadable(node, operands), firstUndefined(node, operands)].filter((element) => element >= 0);
  return found.length === 0 ? -1 : Math.min(...found);
}

/** Data movement reads no more than what it moves, so that its result shows every element that is none. */
const movements = new Set(['reshape', 'transpose', 'slice', 'concat', 'broadcast', 'gather', ...chunkMovements]);

/** The first element that is computed from something that is no value of its type. */
function firstUnreadable(node: Node, operands: readonly Tensor[]): number {
  const { reads } = operators.get(node.op)!;
  const isSound = operands.map(({ dtype, data }) => data.every((element) => isElement(dtype, element)));
  if (isSound.every(Boolean)) return -1;
  const isReadable = (element: number): boolean =>
    reads(element, operands, node).every(({ start, count }, i) => {
      const { dtype, data } = operands[i]!;
      return isSound[i] || data.subarray(start, start + count).every((value) => isElement(dtype, value));
    });
  return firstWhere(elementCount(node.type.shape), (element) => !isReadable(element));
}

/** The first element for which the operator is undefined, or its result too large. */
function firstUndefined(node: Node, operands: readonly Tensor[]): number {
  const isIndexed = node.op === 'gather' || node.op === 'one_hot';
  const isChunked = chunkMovements.has(node.op);
  const elements = elementCount(node.type.shape);
  const units = isIndexed ? operands.at(-1)!.data.length : isChunked ? elements / node.type.shape.at(-1)! : elements;
  // Only what says where can be wrong; other movements are defined everywhere.
  if (total.has(node.op) || (movements.has(node.op) && !isIndexed && !isChunked) || operands.length === 0) return -1;
  const isFine = (from: number, to: number): boolean => {
    const parts = operands.map((operand, i) =>
      node.op === 'gather' && i === 0 ? operand : unitsOf(operand, operand.data.length / units, from, to),
    );
    const type = { dtype: node.type.dtype, shape: [to - from, elements / units] };
    return isIndexed || isChunked
      ? isDefined(() => operators.get(node.op)!.domain!(parts, type, node.attributes))
      : evaluates(node, type.shape, parts);
  };
  let [from, to] = [0, units];
  if (isFine(from, to)) return -1;
  while (to - from > 1) {
    const middle = Math.floor((from + to) / 2);
    if (isFine(from, middle)) from = middle;
    else to = middle;
  }
  return (from * elements) / units;
}

function evaluates(node: Node, shape: readonly number[], operands: readonly Tensor[]): boolean {
  const { domain, evaluate } = operators.get(node.op)!;
  const output = { dtype: node.type.dtype, shape, data: typedArray(node.type.dtype, elementCount(shape)) };
  return isDefined(() => {
    domain?.(operands, output, node.attributes);
    evaluate(operands, output, node.attributes);
    if (!output.data.every((element) => isResult(node, element))) throw fault(node.op, 'the result is out of range');
  });
}

/** Successive units of an operand, `width` elements each, as rows. */
function unitsOf({ dtype, data }: Tensor, width: number, from: number, to: number): Tensor {
  return { dtype, shape: [to - from, width], data: data.subarray(from * width, to * width) };
}

function isDefined(compute: () => void): boolean {
  try {
    compute();
    return true;
  } catch (error) {
    if (error instanceof SwarmlockError && error.code === 'FAULT') return false;
    throw error;
  }
}

/** Finite, not -128, an index below 2^31. */
function isElement(dtype: DType, value: number): boolean {
  if (dtype === 'f32') return Number.isFinite(value);
  return dtype === 'i8' ? value !== -128 : dtype === 'i32' || value < 2 ** 31;
}

function isResult({ type, bound = Infinity }: Node, value: number): boolean {
  return isElement(type.dtype, value) && Math.abs(value) <= bound;
}

function firstWhere(length: number, holds: (index: number) => boolean): number {
  for (let index = 0; index < length; index++) if (holds(index)) return index;
  return -1;
}
