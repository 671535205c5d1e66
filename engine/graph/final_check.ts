import { LEAF_BYTES, leafGeometry, treeDepth } from '../commit/format.ts';
import { rule } from '../ops/operator.ts';
import { typeOf } from './derived.ts';
import { DESCRIPTOR_BYTES } from './descriptor.ts';
import { placedSlots, type Node, type Program, type Ref } from './program.ts';
import { bytesPerElement, elementCount, type TensorType } from './types.ts';

/**
 * What it costs to have the contract recompute one element of a node: an upper bound of the gas of that transaction
 * (`prove` in contracts/claim/IGame.sol), with its calldata at the floor price of EIP-7623 where that decides.
 * test/integration/contracts/final-check.ts compares it with what the referee takes, test/adversaries/operators.ts with what whole
 * transactions do.
 */

/** No node of a program may cost more: a participant must be able to pay for it in any block. */
export const MAX_FINAL_CHECK_GAS = 600_000;

const TRANSACTION = 21_000;
/** A byte of calldata: by execution's price, and by the floor's. */
const byteGas = { nonZero: 16, zero: 4 };
const floorGas = { nonZero: 40, zero: 10 };

/** Position, programs and other arguments of fixed size: 17 hashes and 28 words of small numbers. */
const FIXED = words(17, 28);
/** The claim of one member: 16 segment roots at most, three others, and 8 small words. */
const SOURCE = words(19, 8);
/** Extents, offsets and lengths of one operand, and its tree. */
const OPERAND = words(1, 16);
/** Offsets and lengths of one leaf. */
const LEAF = words(0, 5);
const TOKENS = words(2, 8);

/** The position checked, the verdict carried out: stakes, bonds and the records of the game. */
const VERDICT_GAS = 150_000;
/** A member's claim looked up. */
const SOURCE_GAS = 15_000;
/** One SHA-256 of a node in the walk to a root, and of a leaf, both with what surrounds them. */
const NODE_GAS = 400;
const LEAF_GAS = 3_000;
const OPERAND_GAS = 10_000;
/** Levels by which a state may be larger than the one a program reads: the groups of a training state. */
const OUTER_LEVELS = 2;
/** Levels of a tree of 2^31 tokens. */
const DATASET_LEVELS = 23;

/** Gas of the operator itself, by element that it reads; where it is not named, a few soft-float operations. */
const perElement: Readonly<Record<string, number>> = {
  matmul_nt: 24,
  reduce_max: 110,
  reduce_absmax: 110,
  sum_i32: 80,
  topk_chunk: 80,
  pack_chunk: 20,
  scatter_chunk: 140,
  sort_lanes: 400,
};
/** Operators that read a row of their second operand, and one element of the first. */
const readsElementOfFirst = new Set(['pack_chunk', 'scatter_chunk']);
const OPERATOR_GAS = 35_000;
/** What a line of 12 instructions takes more. */
const LINE_GAS = 45_000;

/** Upper bound of the gas of the final check of a node. 0 for padding, which needs none. */
export function finalCheckGas(program: Omit<Program, 'output' | 'outputStart'>, index: number): number {
  const node = program.nodes[index] ?? null;
  return node === null ? 0 : finalCheckGasOf(program, node);
}

/** Upper bound of the gas of the final check of a node in the place of one of a program. */
export function finalCheckGasOf(program: Omit<Program, 'output' | 'outputStart'>, node: Node): number {
  const operands = node.inputs.map((ref, number) => operandCost(program, node, ref, number));
  const isBatch = node.op === 'load_batch';
  const tokens = isBatch ? join(TOKENS, LEAF, words(DATASET_LEVELS, 0), raw(LEAF_BYTES)) : nothing;
  const data = join(
    FIXED,
    raw(DESCRIPTOR_BYTES),
    raw(leafBytes(node.type)),
    tokens,
    ...operands.map(({ bytes }) => bytes),
  );
  const operator = OPERATOR_GAS + (node.op === 'fused' ? LINE_GAS : 0);
  const read = operands.reduce((sum, { gas }) => sum + gas, isBatch ? LEAF_GAS + DATASET_LEVELS * NODE_GAS : 0);
  const executed = VERDICT_GAS + operator + read + price(data, byteGas);
  return TRANSACTION + Math.max(executed, price(data, floorGas));
}

/** Throws GRAPH_INVALID for a node whose final check could cost more than `limit`. */
export function requireAffordable(program: Omit<Program, 'output' | 'outputStart'>, limit = MAX_FINAL_CHECK_GAS): void {
  program.nodes.forEach((node, index) => {
    const gas = finalCheckGas(program, index);
    rule(gas <= limit, node?.op ?? '', `the final check of node ${index} could cost ${gas} gas, above ${limit}`);
  });
}

type Bytes = { readonly nonZero: number; readonly zero: number };
const nothing: Bytes = { nonZero: 0, zero: 0 };

/** What opening one operand brings to the calldata, and what it costs to check and to read. */
function operandCost(program: Omit<Program, 'output' | 'outputStart'>, node: Node, ref: Ref, number: number) {
  const type = typeOf(program, ref);
  // Rows, or single elements.
  const isRow = node.op in perElement && !(number === 0 && readsElementOfFirst.has(node.op));
  const elements = isRow ? type.shape.at(-1)! : 1;
  const leaves = leavesRead(type, elements);
  const levels = levelsAbove(program, ref) + leaves * treeDepth(leafGeometry(type).leaves);
  const source = ref.kind === 'input' ? SOURCE : nothing;
  const content = raw(Math.min(leaves * LEAF_BYTES, elementCount(type.shape) * bytesPerElement[type.dtype]));
  const bytes = join(OPERAND, source, words(levels, 0), content, ...Array<Bytes>(leaves).fill(LEAF));
  const gas =
    OPERAND_GAS +
    (ref.kind === 'input' ? SOURCE_GAS : 0) +
    levels * NODE_GAS +
    leaves * LEAF_GAS +
    elements * (perElement[node.op] ?? 0);
  return { bytes, gas };
}

/** Leaves that successive elements lie in at most: a row of 1,024 bytes and more starts on one, a shorter one may not. */
function leavesRead(type: TensorType, elements: number): number {
  const bytes = elements * bytesPerElement[type.dtype];
  const mayStraddle = elements > 1 && bytes < LEAF_BYTES && LEAF_BYTES % bytes !== 0;
  return Math.min(Math.ceil(bytes / LEAF_BYTES) + (mayStraddle ? 1 : 0), leafGeometry(type).leaves);
}

/** Levels from an operand's tensor root to the root that holds it. */
function levelsAbove({ nodes, constants, inputs }: Omit<Program, 'output' | 'outputStart'>, ref: Ref): number {
  if (ref.kind === 'node') return treeDepth(nodes.length);
  if (ref.kind === 'constant') return treeDepth(constants.length) + 2;
  return treeDepth(placedSlots(inputs[ref.state]!).length) + OUTER_LEVELS;
}

function leafBytes(type: TensorType): number {
  return Math.min(LEAF_BYTES, elementCount(type.shape) * bytesPerElement[type.dtype]);
}

/** Words of calldata: hashes, all of whose bytes count as not zero, and numbers below 2^32. */
function words(hashes: number, numbers: number): Bytes {
  return { nonZero: 32 * hashes + 4 * numbers, zero: 28 * numbers };
}

/** Bytes that may all be other than zero, and what pads them to a word. */
function raw(bytes: number): Bytes {
  return { nonZero: bytes, zero: (32 - (bytes % 32)) % 32 };
}

function join(...parts: readonly Bytes[]): Bytes {
  return parts.reduce((a, b) => ({ nonZero: a.nonZero + b.nonZero, zero: a.zero + b.zero }), nothing);
}

function price({ nonZero, zero }: Bytes, gas: Bytes): number {
  return nonZero * gas.nonZero + zero * gas.zero;
}
