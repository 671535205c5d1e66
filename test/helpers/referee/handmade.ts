import type { Hex } from 'viem';

import {
  dtypeCodes,
  LEAF_BYTES,
  leafGeometry,
  leafSpan,
  tensorHeader,
  treeDepth,
} from '../../../engine/commit/format.ts';
import { bytesFromHash, hashFromBytes, sha256, type Hash } from '../../../engine/commit/hash.ts';
import { siblingsOf } from '../../../engine/commit/subtrees.ts';
import { EMPTY, hashLeaf, rootFromProof, treeLevels } from '../../../engine/commit/tree.ts';
import type { OperandEvidence } from '../../../engine/evidence.ts';
import { bytesPerElement, type DType, type Shape, type TensorType } from '../../../engine/graph/types.ts';
import { ZERO, type Check } from './checks.ts';

/** A tensor of any bits, as words, and the leaves of it that are opened. */
export type RawOperand = TensorType & { readonly words: readonly number[]; readonly leaves?: readonly number[] };

/** What is said to be a tensor: a tree, whatever it holds, and leaves of it. Its axes may be empty, or too many. */
export type BareOperand = TensorType & { readonly tree: Hash; readonly opened: OperandEvidence['leaves'] };

export type Handmade = {
  readonly opcode: number;
  readonly result: { readonly dtype: DType | number; readonly shape: Shape };
  readonly attributes?: readonly number[];
  readonly operands: readonly (RawOperand | BareOperand)[];
  readonly element?: number;
};

const emptyLeaf = { data: '0x', siblings: [] } as const;
export const noTokens = {
  vocabulary: 0,
  trainTokens: 0n,
  heldOutTokens: 0n,
  trainRoot: ZERO,
  heldOutRoot: ZERO,
  leaf: emptyLeaf,
} as const;

/**
 * A final check that no builder made, so that it may hold anything: every operand is a node of the trace. Nothing here
 * asks whether the operator applies.
 */
export function handmade({ opcode, result, attributes = [], operands, element = 0 }: Handmade): Check {
  const opened = operands.map((operand) => commit('tree' in operand ? operand : openRaw(operand)));
  const places = treeLevels(opened.map(({ root }) => root));
  return {
    descriptor: rawDescriptor(opcode, result, attributes, operands.length),
    element: BigInt(element),
    context: {
      program: ZERO,
      trace: places.at(-1)![0]!,
      inputs: operands.map(() => ZERO),
      dataset: ZERO,
      seed: ZERO,
      participant: `0x${'00'.repeat(20)}`,
      step: 0,
    },
    evidence: {
      operands: opened.map(({ evidence }, i) => ({ ...evidence, siblings: siblingsOf(places, 0, i) })),
      tokens: noTokens,
    },
  };
}

function commit({ dtype, shape, tree, opened }: BareOperand): { root: Hash; evidence: OperandEvidence } {
  const root = hashFromBytes(sha256(headerOf({ dtype, shape }), bytesFromHash(tree)));
  return { root, evidence: { dtype: dtypeCodes[dtype], extents: shape, tree, siblings: [], leaves: opened } };
}

/** As of a tensor, with the low byte of a rank that is no byte. */
function headerOf({ dtype, shape }: TensorType): Uint8Array {
  if (shape.length < 256) return tensorHeader({ dtype, shape });
  const header = tensorHeader({ dtype, shape: shape.slice(0, shape.length % 256) });
  return Buffer.concat([header, ...shape.slice(shape.length % 256).map((extent) => Buffer.of(0, 0, 0, extent))]);
}

/** One leaf of a tensor of any size, full of a word, beside leaves that nobody knows. */
export function giant(dtype: DType, shape: Shape, leaf: number, word: number): BareOperand {
  const data = Buffer.alloc(LEAF_BYTES);
  for (let at = 0; at < LEAF_BYTES; at += 4) data.writeUInt32LE(word, at);
  const siblings = Array<Hash>(treeDepth(leafGeometry({ dtype, shape }).leaves)).fill(EMPTY);
  const tree = rootFromProof(hashLeaf(data), leaf, siblings);
  return { dtype, shape, tree, opened: [{ data: hashFromBytes(data), siblings }] };
}

function openRaw({ dtype, shape, words, leaves = [0] }: RawOperand): BareOperand {
  const size = bytesPerElement[dtype];
  const bytes = Buffer.alloc(words.length * size);
  words.forEach((word, i) => (size === 1 ? bytes.writeUInt8(word & 0xff, i) : bytes.writeUInt32LE(word >>> 0, 4 * i)));
  const geometry = leafGeometry({ dtype, shape });
  const cut = Array.from({ length: geometry.leaves }, (_, leaf) => {
    const { start, length } = leafSpan(geometry, leaf);
    return bytes.subarray(start, start + length);
  });
  const levels = treeLevels(cut.map(hashLeaf));
  const tree = levels.at(-1)![0]!;
  const opened = leaves.map((leaf) => ({ data: hashFromBytes(cut[leaf]!), siblings: siblingsOf(levels, 0, leaf) }));
  return { dtype, shape, tree, opened };
}

/** 96 bytes that say what is wanted, whether it means something or not. */
export function rawDescriptor(
  opcode: number,
  { dtype, shape }: Handmade['result'],
  attributes: readonly number[],
  operands: number,
): Hex {
  const bytes = Buffer.alloc(96);
  bytes.writeUInt16BE(opcode, 0);
  bytes.set([typeof dtype === 'number' ? dtype : dtypeCodes[dtype], shape.length], 2);
  shape.slice(0, 6).forEach((extent, axis) => bytes.writeUInt32BE(extent, 4 + 4 * axis));
  attributes.forEach((attribute, i) => bytes.writeInt32BE(attribute, 28 + 4 * i));
  for (let i = 0; i < operands; i++) {
    bytes[60 + 8 * i] = 1;
    bytes.writeUInt32BE(i, 64 + 8 * i);
  }
  return hashFromBytes(bytes);
}

/** The same check with another descriptor byte. */
export function withByte(check: Check, offset: number, value: number): Check {
  const bytes = Buffer.from(check.descriptor.slice(2), 'hex');
  bytes[offset] = value;
  return { ...check, descriptor: hashFromBytes(bytes) };
}

/** The same check with one operand changed. */
export function withOperand(
  check: Check,
  index: number,
  change: (operand: OperandEvidence) => Partial<OperandEvidence>,
): Check {
  const operands = check.evidence.operands.map((operand, i) =>
    i === index ? { ...operand, ...change(operand) } : operand,
  );
  return { ...check, evidence: { ...check.evidence, operands } };
}
