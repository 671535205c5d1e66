import { createHash } from 'node:crypto';
import { encodeFunctionData, type Abi } from 'viem';

import { dtypeCodes, LEAF_BYTES, tensorHeader } from '../../../engine/commit/format.ts';
import { bytesFromHash, hashFromBytes, sha256, type Hash } from '../../../engine/commit/hash.ts';
import { siblingsOf } from '../../../engine/commit/subtrees.ts';
import { hashLeaf, rootFromProof, treeLevels } from '../../../engine/commit/tree.ts';
import type { OperandEvidence } from '../../../engine/evidence.ts';
import { bytesPerElement, type DType, type Shape, type TensorType } from '../../../engine/graph/types.ts';
import { operators } from '../../../engine/ops/index.ts';
import { refereeAbi } from '../../../sdk/abi/referee.ts';
import { ZERO, type Check, type RefereeContract } from './checks.ts';
import { noTokens, rawDescriptor } from './handmade.ts';

/** Levels of the tree of a tensor of 2^18 leaves, 2^26 elements of 4 bytes. */
const TENSOR_LEVELS = 18;
/** Levels of a trace of 8,192 nodes. */
const TRACE_LEVELS = 13;
/** Levels of a dataset of 2^31 bytes. */
const DATASET_LEVELS = 21;

const noise = (name: string): Buffer => createHash('sha256').update(name).digest();
const siblings = (name: string, levels: number): Hash[] =>
  Array.from({ length: levels }, (_, i) => hashFromBytes(noise(`${name} ${i}`)));

/** All elements, or each by its place. */
type Word = number | ((place: number) => number);
/** The longest row that an operator reads of an operand, or one element of the longest rows. */
type Read = TensorType & { readonly leaves: number; readonly word?: Word; readonly levels?: number };

const MANY = 2 ** TENSOR_LEVELS;
const wordsOf = (dtype: DType, shape: Shape, word?: Word): Read => ({
  dtype,
  shape,
  leaves: 1,
  ...(word !== undefined && { word }),
});
/** Elements of as many leaves as a tensor has. */
const f32 = wordsOf('f32', [MANY / 4, 1_024]);
const i32 = wordsOf('i32', [MANY / 4, 1_024]);
/** Bits of 2^23 + 2^16 + 2^8 + 1, from which on each integer has the bits that follow. */
const POSITIONS = 0x4b010101;
const deep: Shape = [4, 4, 4, 16, 256, 256];

type Largest = {
  readonly result: TensorType;
  readonly operands: readonly Read[];
  readonly attributes?: readonly number[];
  /** Which element is asked for; by default the first. */
  readonly element?: number;
};
const same = (dtype: DType, ...operands: readonly Read[]): Largest => ({
  result: { dtype, shape: operands[0]!.shape },
  operands,
});
const ofOne = (name: string, into: DType = 'f32', from: Read = f32): [string, Largest] => [name, same(into, from)];
const ofTwo = (name: string, into: DType = 'f32', from: Read = f32): [string, Largest] => [
  name,
  same(into, from, from),
];

/** For each operator an application at the largest size of what it reads, of the largest rank for movements. */
const largest: Readonly<Record<string, Largest>> = {
  ...Object.fromEntries(['add', 'sub', 'mul', 'div', 'max', 'min'].map((op) => ofTwo(op))),
  ...Object.fromEntries(['sqrt', 'neg', 'abs', 'floor', 'rint', 'pow2ceil'].map((op) => ofOne(op))),
  ...Object.fromEntries(['quantize', 'residual'].map((op) => ofTwo(op, 'i8', wordsOf('f32', f32.shape, 0x3f800000)))),
  ...Object.fromEntries([ofOne('exp2i', 'f32', i32), ofOne('from_i32', 'f32', i32), ofTwo('add_i32', 'i32', i32)]),
  to_fixed: { ...same('i32', wordsOf('f32', f32.shape, 0x42c80000)), attributes: [20, 2 ** 31 - 1] },
  fused: { ...same('f32', f32, f32, f32, f32), attributes: dearestLine() },
  matmul_nt: {
    result: { dtype: 'i32', shape: [MANY / 2, MANY / 2] },
    operands: Array<Read>(2).fill({ dtype: 'i8', shape: [MANY / 2, 2_048], leaves: 2 }),
  },
  reduce_max: { result: { dtype: 'f32', shape: [MANY / 4, 1] }, operands: [{ ...f32, leaves: 4 }] },
  reduce_absmax: { result: { dtype: 'f32', shape: [MANY / 4, 1] }, operands: [{ ...f32, leaves: 4 }] },
  sum_i32: { result: { dtype: 'i32', shape: [MANY / 4, 1] }, operands: [{ ...i32, leaves: 4 }] },
  topk_chunk: { result: { dtype: 'i8', shape: f32.shape }, operands: [{ ...f32, leaves: 4 }], attributes: [512] },
  pack_chunk: {
    result: { dtype: 'f32', shape: f32.shape },
    operands: [f32, { ...wordsOf('i8', f32.shape, 0x01010101), levels: TENSOR_LEVELS - 2 }],
    attributes: [1_024],
    element: 255,
  },
  scatter_chunk: {
    result: { dtype: 'f32', shape: [MANY / 4, 2 ** 24] },
    operands: [f32, { ...f32, leaves: 4, word: (place) => POSITIONS + place }],
    attributes: [2 ** 24],
    element: 2 ** 23 + 0x1_0101,
  },
  sort_lanes: { result: { dtype: 'f32', shape: [MANY, 256] }, operands: [wordsOf('f32', [MANY, 256])] },
  reshape: { result: { dtype: 'f32', shape: deep }, operands: [wordsOf('f32', [256, 4, 4, 4, 16, 256])] },
  transpose: {
    result: { dtype: 'f32', shape: [256, 256, 16, 4, 4, 4] },
    operands: [wordsOf('f32', deep)],
    attributes: [5, 4, 3, 2, 1, 0],
  },
  slice: { result: { dtype: 'f32', shape: deep }, operands: [wordsOf('f32', deep)], attributes: [5, 0, 256] },
  concat: {
    result: { dtype: 'f32', shape: deep.with(5, 512) },
    operands: [wordsOf('f32', deep), { ...wordsOf('f32', deep), leaves: 0 }],
    attributes: [5],
  },
  broadcast: { result: { dtype: 'f32', shape: deep }, operands: [wordsOf('f32', deep)] },
  gather: {
    result: { dtype: 'f32', shape: [MANY / 4, 1_024, 4, 16, 16] },
    operands: [wordsOf('f32', [MANY / 4, 4, 16, 16]), wordsOf('u32', [MANY / 4, 1_024], 0)],
  },
  one_hot: {
    result: { dtype: 'f32', shape: [MANY / 4, 1_024, 50_000] },
    operands: [wordsOf('u32', [MANY / 4, 1_024], 0)],
    attributes: [50_000],
  },
};

/** Twelve instructions of the dearest operators that can follow each other: roots of quotients, near one. */
function dearestLine(): number[] {
  const [div, sqrt] = ['div', 'sqrt'].map((op) => operators.get(op)!.opcode) as [number, number];
  const halves = Array.from({ length: 12 }, (_, i) => {
    const source = i === 0 ? 0 : 3 + i;
    return i % 2 === 0 ? (div << 8) | (source << 4) | (i < 8 ? i / 2 : 0) : (sqrt << 8) | (source << 4);
  });
  return Array.from({ length: 6 }, (_, i) => (halves[2 * i]! << 16) | halves[2 * i + 1]!);
}

/** The dearest final check of an operator: one of its first elements, in trees so deep that only the path to it exists. */
export function largestCheckOf(op: string): Check {
  if (op === 'load_batch') return largestBatch();
  const { result, operands, attributes = [], element = 0 } = largest[op]!;
  const opened = operands.map((read, i) => openDeep(`${op} ${i}`, read));
  const lowest = treeLevels(opened.map(({ root }) => root));
  const above = siblings(op, TRACE_LEVELS - lowest.length + 1);
  return {
    descriptor: rawDescriptor(operators.get(op)!.opcode, result, attributes, operands.length),
    element: BigInt(element),
    context: { ...emptyContext, trace: rootFromProof(lowest.at(-1)![0]!, 0, above), inputs: operands.map(() => ZERO) },
    evidence: {
      operands: opened.map(({ evidence }, i) => ({ ...evidence, siblings: [...siblingsOf(lowest, 0, i), ...above] })),
      tokens: noTokens,
    },
  };
}

const emptyContext = {
  program: ZERO,
  trace: ZERO,
  inputs: [],
  dataset: ZERO,
  seed: ZERO,
  participant: `0x${'00'.repeat(20)}`,
  step: 0,
} as const;

/** The first leaves of a tensor, full of values none of whose bytes is zero unless a word is given. */
function openDeep(
  name: string,
  { dtype, shape, leaves, word, levels = TENSOR_LEVELS }: Read,
): { root: Hash; evidence: OperandEvidence } {
  const data = Array.from({ length: 4 }, (_, leaf) => leafOf(`${name} ${leaf}`, dtype, word, leaf * (LEAF_BYTES / 4)));
  const lowest = treeLevels(data.map(hashLeaf));
  const above = siblings(name, levels - lowest.length + 1);
  const tree = rootFromProof(lowest.at(-1)![0]!, 0, above);
  const root = hashFromBytes(sha256(tensorHeader({ dtype, shape }), bytesFromHash(tree)));
  const shown = data.slice(0, leaves).map((bytes, leaf) => ({
    data: hashFromBytes(bytes),
    siblings: [...siblingsOf(lowest, 0, leaf), ...above],
  }));
  return { root, evidence: { dtype: dtypeCodes[dtype], extents: shape, tree, siblings: [], leaves: shown } };
}

function leafOf(name: string, dtype: DType, word?: Word, first = 0): Buffer {
  const bytes = Buffer.concat(Array.from({ length: LEAF_BYTES / 32 }, (_, i) => noise(`${name} ${i}`)));
  const wordAt = (place: number): number => (typeof word === 'function' ? word(place) : word!);
  if (word !== undefined) for (let at = 0; at < LEAF_BYTES; at += 4) bytes.writeUInt32LE(wordAt(first + at / 4), at);
  // Finite, small integers of both signs, and no -128.
  else if (bytesPerElement[dtype] === 1) bytes.forEach((byte, at) => (bytes[at] = byte | 1));
  else for (let at = 3; at < LEAF_BYTES; at += 4) bytes[at] = dtype === 'f32' ? 0x3f : at % 8 === 3 ? 0x01 : 0xfe;
  return bytes.map((byte) => (word === undefined && byte === 0 ? 1 : byte)) as Buffer;
}

function largestBatch(): Check {
  const length = 1_025;
  const bytes = leafOf('tokens', 'u32');
  const vocabulary = 65_537;
  // Of one leaf alone the position is known before anything is hashed: it is the first token that is read.
  const trainTokens = 2 ** (DATASET_LEVELS + 8);
  const position = firstPosition(trainTokens - length + 1);
  const leafIndex = Math.floor((position * 4) / LEAF_BYTES);
  const path = siblings('dataset', DATASET_LEVELS);
  const trainRoot = rootFromProof(hashLeaf(bytes), leafIndex, path);
  const heldOutRoot = hashFromBytes(noise('held out'));
  const header = Buffer.alloc(21);
  header[0] = 4;
  header.writeUInt32BE(vocabulary, 1);
  header.writeBigUInt64BE(BigInt(trainTokens), 5);
  const dataset = hashFromBytes(sha256(header, bytesFromHash(trainRoot), bytesFromHash(heldOutRoot)));
  const leaf = { data: hashFromBytes(bytes), siblings: path };
  const tokens = { vocabulary, trainTokens: BigInt(trainTokens), heldOutTokens: 0n, trainRoot, heldOutRoot, leaf };
  const descriptor = rawDescriptor(64, { dtype: 'u32', shape: [64, length] }, [64, length], 0);
  return { descriptor, element: 0n, context: { ...emptyContext, dataset }, evidence: { operands: [], tokens } };
}

/** Where row 0 of step 0 of the member and the seed of zeros starts. */
function firstPosition(span: number): number {
  const digest = sha256(Buffer.from('swarmlock/batch'), Buffer.alloc(32 + 20 + 4 + 4));
  return Number(Buffer.from(digest).readBigUInt64BE(0) % BigInt(span));
}

/** Gas of the largest check of an operator as a transaction of its own, calldata at the floor of EIP-7623 included. */
export async function gasOfLargest(op: string, referee: RefereeContract): Promise<number> {
  const { descriptor, element, context, evidence } = largestCheckOf(op);
  const args: readonly unknown[] = [descriptor, element, context, evidence];
  const data = encodeFunctionData({ abi: refereeAbi as Abi, functionName: 'evaluate', args });
  const floor = Buffer.from(data.slice(2), 'hex').reduce((sum, byte) => sum + (byte === 0 ? 10 : 40), 21_000);
  return Math.max(floor, await referee.gasOf({ descriptor, element, context, evidence }));
}
