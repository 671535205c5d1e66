import { leafGeometry, leafSpan } from '../../../engine/commit/format.ts';
import { fastTensorRoot, rootOfTensor } from '../../../engine/commit/fast.ts';
import { bytesFromHash, type Hash } from '../../../engine/commit/hash.ts';
import { committedBytes } from '../../../engine/commit/reference.ts';
import { EMPTY, hashLeaf, merkleRoot, treeLevels } from '../../../engine/commit/tree.ts';
import { SwarmlockError } from '../../../engine/errors.ts';
import { placedSlots, tensorOf, type Node, type Program } from '../../../engine/graph/program.ts';
import { createState, type State } from '../../../engine/graph/state.ts';
import { elementCount, typedArray, type Tensor, type TensorType } from '../../../engine/graph/types.ts';
import { leafCounts } from '../../../engine/leaf-places.ts';
import { operators } from '../../../engine/ops/index.ts';
import { drawnLeaves } from '../../../sdk/verdict-leaves.ts';

/** A tensor as it is committed to: leaves are bytes, or hashes of nobody knows what. A liar may give it any. */
export type Committed = { readonly type: TensorType; readonly leaves: readonly (Uint8Array | Hash)[] };

/** One invocation as somebody says that it went: what each node gave, and what is committed to in its place. */
export type Execution = {
  readonly program: Program;
  readonly inputs: readonly State[];
  readonly batch: Uint32Array | undefined;
  /** Undefined from the first node on that has no result; null for padding. */
  readonly values: readonly (Tensor | null | undefined)[];
  /** The first node without a result. */
  readonly faultAt: number | undefined;
  readonly committed: ReadonlyMap<number, Committed>;
  /** Roots in the trace that are not those of a result: of padding, or of anything else. */
  readonly planted: ReadonlyMap<number, Hash>;
};

/** What every node gives by its definition. A fault ends it. */
export function execute(program: Program, inputs: readonly State[], batch?: Uint32Array): Execution {
  const bare = { program, inputs, batch, committed: new Map(), planted: new Map() };
  return { ...bare, ...evaluateFrom(bare, 0, []) };
}

/** The same invocation with another result of one node, and everything that follows from it. */
export function forge(honest: Execution, node: number, edit: (data: Tensor['data']) => void): Execution {
  const { type } = honest.program.nodes[node] as Node;
  const data = honest.values[node]!.data.slice() as Tensor['data'];
  edit(data);
  const wrong = { ...type, data };
  const known = [...honest.values.slice(0, node), wrong];
  const committed = new Map(honest.committed).set(node, { type, leaves: leavesOf(type, rawBytes(wrong)) });
  const bare = { ...honest, committed };
  return { ...bare, ...evaluateFrom(bare, node + 1, known) };
}

/** The same results, with something else in the trace at one place. */
export function plant(honest: Execution, place: number, root: Hash): Execution {
  return { ...honest, planted: new Map(honest.planted).set(place, root) };
}

/** The same results, one of which is committed to in another way. */
export function commitTo(honest: Execution, node: number, tensor: Committed): Execution {
  return { ...honest, committed: new Map(honest.committed).set(node, tensor) };
}

function evaluateFrom(
  { program, inputs, batch }: Pick<Execution, 'program' | 'inputs' | 'batch'>,
  first: number,
  known: Execution['values'],
): Pick<Execution, 'values' | 'faultAt'> {
  const values = [...known] as (Tensor | null)[];
  for (const node of program.nodes.slice(first)) {
    try {
      values.push(node && resultOf(program, inputs, batch, values, node));
    } catch (error) {
      if (!(error instanceof SwarmlockError) || error.code !== 'FAULT') throw error;
      return { values, faultAt: values.length };
    }
  }
  return { values, faultAt: undefined };
}

function resultOf(
  program: Program,
  inputs: readonly State[],
  batch: Uint32Array | undefined,
  values: readonly (Tensor | null)[],
  { op, attributes, type, inputs: refs }: Node,
): Tensor {
  const output = { ...type, data: typedArray(type.dtype, elementCount(type.shape)) };
  if (op === 'load_batch') {
    output.data.set(batch!);
    return output;
  }
  const operator = operators.get(op)!;
  const operands = refs.map((ref) => tensorOf(program, inputs, values, ref));
  operator.domain?.(operands, type, attributes);
  operator.evaluate(operands, output, attributes);
  return output;
}

/** Bytes of a tensor as they are, minus zeros and all. */
export function rawBytes({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength).slice();
}

/** Bytes cut into the leaves that a type has. */
export function leavesOf(type: TensorType, bytes: Uint8Array): readonly Uint8Array[] {
  const geometry = leafGeometry(type);
  return Array.from({ length: geometry.leaves }, (_, leaf) => {
    const { start, length } = leafSpan(geometry, leaf);
    return bytes.subarray(start, start + length);
  });
}

/** What is committed to as the result of a node; undefined where it has none. */
export function committedAt({ committed, values }: Execution, node: number): Committed | undefined {
  const known = committed.get(node);
  const value = values[node];
  if (known !== undefined || value === undefined || value === null) return known;
  const { dtype, shape } = value;
  return { type: { dtype, shape }, leaves: leavesOf(value, committedBytes(value)) };
}

/** The tree over a committed tensor, bottom up. */
export function levelsAt(execution: Execution, node: number): readonly (readonly Hash[])[] {
  const { leaves } = committedAt(execution, node)!;
  return treeLevels(leaves.map((leaf) => (typeof leaf === 'string' ? leaf : hashLeaf(leaf))));
}

/** Hashes of the leaves that a verdict's seed draws. */
export function leavesDrawn(execution: Execution, seed: Hash): readonly Hash[] {
  return drawnLeaves(seed, leafCounts(execution.program)).map(({ node, leaf }) => {
    const content = committedAt(execution, node)?.leaves[leaf] ?? EMPTY;
    return typeof content === 'string' ? content : hashLeaf(content);
  });
}

const known = new WeakMap<Execution, readonly Hash[]>();

/** What the trace has at each of its places, and beyond if something was planted there. */
export function traceNodes(execution: Execution): readonly Hash[] {
  let nodes = known.get(execution);
  if (nodes === undefined) {
    const places = Math.max(execution.program.nodes.length, ...[...execution.planted.keys()].map((place) => place + 1));
    nodes = Array.from({ length: places }, (_, place) => rootAt(execution, place));
    known.set(execution, nodes);
  }
  return nodes;
}

function rootAt(execution: Execution, place: number): Hash {
  const planted = execution.planted.get(place);
  if (planted !== undefined) return planted;
  const tensor = execution.committed.get(place);
  if (tensor !== undefined) return rootOfTensor(tensor.type, bytesFromHash(levelsAt(execution, place).at(-1)![0]!));
  const value = execution.values[place];
  return value === undefined || value === null ? EMPTY : fastTensorRoot(value);
}

/** Root of the state after the invocation: what the trace has at the places of the output. */
export function outputRoot(execution: Execution): Hash {
  const { outputStart, nodes } = execution.program;
  const roots = nodes.slice(outputStart).map((_, slot) => rootAt(execution, outputStart + slot));
  return merkleRoot(roots);
}

/** The state after the invocation; where it has none, one that nobody else goes on from. */
export function outputState({ program, values }: Execution): State {
  const state = createState(program.output);
  placedSlots(program.output).forEach((slot, place) => {
    if (slot === null) return;
    const data = state.tensors.get(slot.name)!;
    const value = values[program.outputStart + place];
    if (value) data.set(value.data);
    else data.fill(2 ** -5);
  });
  return state;
}
