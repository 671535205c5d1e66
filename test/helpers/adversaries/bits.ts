import type { Node } from '../../../engine/graph/program.ts';
import type { DType, Tensor } from '../../../engine/graph/types.ts';
import { forge, type Execution } from './execution.ts';

/** Bits to flip, the last one first: the less is wrong, the better it hides. */
const bitsOf: Record<DType, readonly number[]> = {
  f32: [0, 12, 22, 23, 25],
  i8: [0, 3],
  i32: [0, 8],
  u32: [0],
};

/** What only chooses a grid has to be wrong by more before that matters. */
const magnitudes = [2 ** 16, 2 ** 24, 2 ** 40, 2 ** 60];

/** One bit of one element of a node of this kind, such that it counts; where none does, a magnitude. */
export function oneWrongBit(
  honest: Execution,
  op: string,
  counts: (honest: Execution, wrong: Execution) => boolean,
): Execution {
  for (const [index, node] of honest.program.nodes.entries()) {
    if (node?.op !== op) continue;
    for (const wrong of wrongElements(honest, index, node)) {
      if (wrong.faultAt === undefined && counts(honest, wrong)) return wrong;
    }
  }
  throw new RangeError(`no bit of any result of ${op} matters`);
}

function* wrongElements(honest: Execution, index: number, { type }: Node): Generator<Execution> {
  const { data } = honest.values[index]!;
  for (const bit of bitsOf[type.dtype]) {
    for (const element of new Set([data.length - 1, data.length >> 1, 0, largest(data)])) {
      yield forge(honest, index, (copy) => flip(copy, element, bit));
    }
  }
  if (type.dtype !== 'f32') return;
  for (const times of magnitudes) {
    yield forge(honest, index, (copy) => (copy[largest(copy)]! *= times));
  }
}

/** Most elements are forgotten where only the largest counts. */
function largest(data: Tensor['data']): number {
  return Array.from(data, Math.abs).reduce((best, size, at, sizes) => (size > sizes[best]! ? at : best), 0);
}

function flip({ buffer, byteOffset, BYTES_PER_ELEMENT }: Tensor['data'], element: number, bit: number): void {
  const bytes = new Uint8Array(buffer, byteOffset);
  const at = element * BYTES_PER_ELEMENT + (bit >> 3);
  bytes[at]! ^= 1 << (bit & 7);
}
