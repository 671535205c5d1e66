import { dtypeCodes, LEAF_BYTES, leafGeometry, leafSpan, treeDepth } from './commit/format.ts';
import { hashFromBytes, type Hash } from './commit/hash.ts';
import { committedBytes } from './commit/reference.ts';
import { siblingsOf, stateTree, tensorTree, type Levels } from './commit/subtrees.ts';
import { hashNode, treeLevels } from './commit/tree.ts';
import { batchPositions, type BatchOf } from './data/batch.ts';
import type { Dataset } from './data/dataset.ts';
import { proveToken, shardsOf, tokensRoot } from './data/shards.ts';
import { SwarmlockError } from './errors.ts';
import { constantProof } from './graph/program_tree.ts';
import type { Ref } from './graph/program.ts';
import type { State } from './graph/state.ts';
import { bytesPerElement, type Shape, type Tensor } from './graph/types.ts';
import { operators } from './ops/index.ts';
import type { Range } from './ops/operator.ts';
import type { Trace } from './trace.ts';

export { descriptorOf, descriptorProof, headerOf } from './graph/program_tree.ts';
export { faultElement } from './trace.ts';

/** What the referee is shown; twins of the structs in contracts/claim/referee/IReferee.sol. */
export type LeafEvidence = { readonly data: `0x${string}`; readonly siblings: readonly Hash[] };
export type OperandEvidence = {
  readonly dtype: number;
  readonly extents: readonly number[];
  readonly tree: Hash;
  /** From the tensor root to the root that holds it: of the trace, the state or the program. */
  readonly siblings: readonly Hash[];
  /** The leaves that hold what the operator reads for the element, in ascending order. */
  readonly leaves: readonly LeafEvidence[];
};
export type TokensEvidence = {
  readonly vocabulary: number;
  readonly trainTokens: bigint;
  readonly heldOutTokens: bigint;
  readonly trainRoot: Hash;
  readonly heldOutRoot: Hash;
  readonly leaf: LeafEvidence;
};
export type Evidence = { readonly operands: readonly OperandEvidence[]; readonly tokens: TokensEvidence };

/** A state of which only the first part is known, with what leads from the root of that part to the whole one's. */
export type Leftmost = { readonly state: State; readonly above: readonly Hash[] };

/** Where operands are read from, and what they are opened under. */
export type EvidenceSources = {
  /**
   * For each input state the one whose root the contract holds. It may be larger than the one that was traced, if that is
   * its first group: a whole training state for its parameters.
   */
  readonly inputs: readonly (State | Leftmost)[];
  readonly dataset?: Dataset | undefined;
  /** Which batch `load_batch` gave. */
  readonly batch?: Pick<BatchOf, 'seed' | 'participant' | 'step'> | undefined;
  /**
   * The disputed node in the other side's trace: its tensor root and siblings up to that trace's root, under which operands
   * are then opened. All earlier nodes must be the same in both.
   */
  readonly path?: { readonly root: Hash; readonly siblings: readonly Hash[] } | undefined;
};

/** Everything the referee needs to recompute element `element` (row-major) of a node. @throws INDEX_OUT_OF_RANGE, EVIDENCE_MISSING */
export async function evidenceOf(
  trace: Trace,
  sources: EvidenceSources,
  node: number,
  element: number,
): Promise<Evidence> {
  const application = trace.program.nodes[node]!;
  const tensors = await trace.operands(node);
  const ranges = operators.get(application.op)!.reads(element, tensors, application);
  const places = placesOf(trace, sources, node);
  const operands = application.inputs.map((ref, i) => openOperand(tensors[i]!, ranges[i]!, places(ref)));
  const isBatch = application.op === 'load_batch';
  return { operands, tokens: isBatch ? openTokens(sources, application.type.shape, element) : noTokens };
}

/** From the subtree of the output nodes, which is the root of the output state, to the trace root. */
export function outputProof({ program, nodes }: Pick<Trace, 'program' | 'nodes'>): readonly Hash[] {
  const depth = treeDepth(program.nodes.length - program.outputStart);
  return siblingsOf(treeLevels(nodes), depth, program.outputStart / 2 ** depth);
}

/** The first place at which two traces differ. */
export function firstDifference(own: readonly Hash[], other: readonly Hash[]): number | undefined {
  const place = own.findIndex((root, i) => root !== other[i]);
  return place < 0 ? undefined : place;
}

/** Says what leads from an operand's tensor root to the root under which it is opened. */
function placesOf(trace: Trace, { inputs, path }: EvidenceSources, node: number): (ref: Ref) => readonly Hash[] {
  return (ref) => {
    if (ref.kind === 'node') return pathUnder(treeLevels(trace.nodes), node, ref.index, path);
    if (ref.kind === 'input') return pathInState(inputs[ref.state]!, ref.place);
    return constantProof(trace.program, ref.index);
  };
}

function pathInState(input: State | Leftmost, place: number): readonly Hash[] {
  const { state, above } = 'above' in input ? input : { state: input, above: [] };
  return [...siblingsOf(stateTree(state), 0, place), ...above];
}

/**
 * The path of an earlier node in a trace that is equal before `node`: below the point where both paths part it is one's
 * own, there it meets the other's ancestor of `node`, and above they are the same.
 */
function pathUnder(levels: Levels, node: number, earlier: number, path: EvidenceSources['path']): readonly Hash[] {
  const own = siblingsOf(levels, 0, earlier);
  if (path === undefined) return own;
  let ancestor = path.root;
  return own.map((sibling, height) => {
    const [here, there] = [earlier, node].map((index) => Math.floor(index / 2 ** height)) as [number, number];
    const beside = path.siblings[height]!;
    const isJoint = here === there;
    const meets = (here ^ 1) === there;
    const found = isJoint ? beside : meets ? ancestor : sibling;
    ancestor = there % 2 === 1 ? hashNode(beside, ancestor) : hashNode(ancestor, beside);
    return found;
  });
}

function openOperand(tensor: Tensor, range: Range, siblings: readonly Hash[]): OperandEvidence {
  const levels = tensorTree(tensor);
  const leaves = leavesOf(tensor, range).map((leaf): LeafEvidence => {
    return { data: leafData(tensor, leaf), siblings: siblingsOf(levels, 0, leaf) };
  });
  return { dtype: dtypeCodes[tensor.dtype], extents: tensor.shape, tree: levels.at(-1)![0]!, siblings, leaves };
}

/** The leaves that hold a range of elements, ascending. */
function leavesOf(tensor: Tensor, { start, count }: Range): readonly number[] {
  if (count === 0) return [];
  const size = bytesPerElement[tensor.dtype];
  const { rowBytes, leavesPerRow } = leafGeometry(tensor);
  const leafAt = (byte: number): number =>
    Math.floor(byte / rowBytes) * leavesPerRow + Math.floor((byte % rowBytes) / LEAF_BYTES);
  const first = leafAt(start * size);
  return Array.from({ length: leafAt((start + count) * size - 1) - first + 1 }, (_, i) => first + i);
}

function leafData(tensor: Tensor, leaf: number): `0x${string}` {
  const size = bytesPerElement[tensor.dtype];
  const { start, length } = leafSpan(leafGeometry(tensor), leaf);
  const data = tensor.data.subarray(start / size, (start + length) / size);
  return hashFromBytes(committedBytes({ dtype: tensor.dtype, shape: [data.length], data }));
}

const zero: Hash = `0x${'00'.repeat(32)}`;
const noTokens: TokensEvidence = {
  vocabulary: 0,
  trainTokens: 0n,
  heldOutTokens: 0n,
  trainRoot: zero,
  heldOutRoot: zero,
  leaf: { data: '0x', siblings: [] },
};

/** The dataset's header, and the leaf of the token that is element `element` of a batch of this shape. */
function openTokens({ dataset, batch }: EvidenceSources, shape: Shape, element: number): TokensEvidence {
  if (dataset === undefined || batch === undefined) {
    throw new SwarmlockError('A batch is opened in the dataset', {
      code: 'EVIDENCE_MISSING',
      argument: dataset === undefined ? 'dataset' : 'batch',
    });
  }
  const [rows = 1, length = 1] = shape;
  const { seed, participant, step } = batch;
  const positions = batchPositions(seed, participant, step, rows, dataset.train.length, length - 1);
  const { data, siblings } = proveToken(dataset.train, positions[Math.floor(element / length)]! + (element % length));
  return {
    vocabulary: dataset.vocabulary,
    trainTokens: BigInt(dataset.train.length),
    heldOutTokens: BigInt(dataset.heldOut.length),
    trainRoot: tokensRoot(shardsOf(dataset.train)),
    heldOutRoot: tokensRoot(shardsOf(dataset.heldOut)),
    leaf: { data: hashFromBytes(data), siblings },
  };
}
