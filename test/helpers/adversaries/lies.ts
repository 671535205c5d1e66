import { bytesFromHash, type Hash } from '../../../engine/commit/hash.ts';
import { createState, type State } from '../../../engine/graph/state.ts';
import { elementCount, typedArray, type DType, type Tensor } from '../../../engine/graph/types.ts';
import {
  committedAt,
  commitTo,
  forge,
  leavesOf,
  rawBytes,
  type Committed,
  type Execution,
  outputRoot,
  traceNodes,
} from './execution.ts';

/**
 * Says that the loss was another one, which nothing else is computed from. The state after the step is wrong; the next
 * step gives the right one again.
 */
export function misstateLoss(honest: Execution): Execution {
  return forge(honest, placeOf(honest, 'loss'), (data) => (data[0] = data[0]! + 1));
}

/** Says that a parameter was another one after the step: from there on everything is wrong. */
export function misstateHead(honest: Execution): Execution {
  return forge(honest, placeOf(honest, 'head'), (data) => (data[0] = data[0]! + 1));
}

/** Whether the parameters or moments after a step differ: what goes on from it goes wrong. */
export function lasts(honest: Execution, wrong: Execution): boolean {
  const { nodes, outputStart } = honest.program;
  const loss = placeOf(honest, 'loss');
  const [own, others] = [traceNodes(honest), traceNodes(wrong)];
  return nodes.some((_, at) => at >= outputStart && at !== loss && own[at] !== others[at]);
}

/** Whether the state after a step differs. */
export function endsElsewhere(honest: Execution, wrong: Execution): boolean {
  return outputRoot(honest) !== outputRoot(wrong);
}

/** Where a slot of the state after the step stands in the trace. */
export function placeOf({ program }: Execution, name: string): number {
  const { groups } = program.output;
  const width = (program.nodes.length - program.outputStart) / groups.length;
  const group = groups.findIndex((slots) => slots.some((slot) => slot.name === name));
  return program.outputStart + group * width + groups[group]!.findIndex((slot) => slot.name === name);
}

/** The first node of a kind whose result is committed to in this many leaves. */
export function nodeOf(execution: Execution, op: string, { leaves }: { leaves?: number } = {}): number {
  return execution.program.nodes.findIndex((node, at) => {
    return node?.op === op && (leaves ?? 0) <= committedAt(execution, at)!.leaves.length;
  });
}

/** A change of the result of the first node of a kind for which it makes a difference to the state after the step. */
export function forgeWhereItCounts(honest: Execution, op: string, edit: (data: Tensor['data']) => void): Execution {
  for (const [index, node] of honest.program.nodes.entries()) {
    const wrong = node?.op === op ? forge(honest, index, edit) : undefined;
    if (wrong !== undefined && wrong.faultAt === undefined && lasts(honest, wrong)) return wrong;
  }
  throw new RangeError(`no result of ${op} counts`);
}

/** The first node whose result has a leaf of this many bytes. */
export function nodeWithLeafOf(execution: Execution, bytes: number): number {
  return execution.program.nodes.findIndex((node, at) => {
    return node !== null && committedAt(execution, at)!.leaves[0]!.length === bytes;
  });
}

/** Commits to other bytes than the result has, as they are. */
export function recommit(
  honest: Execution,
  node: number,
  edit: (honest: Committed & { readonly bytes: Uint8Array }) => Committed,
): Execution {
  const tensor = honest.values[node]!;
  return commitTo(honest, node, edit({ ...committedAt(honest, node)!, bytes: rawBytes(tensor) }));
}

/** Commits to one element that no result can have. */
export function encodeAs(honest: Execution, node: number, element: number, bytes: readonly number[]): Execution {
  return recommit(honest, node, ({ type, bytes: all }) => {
    all.set(bytes, element * bytes.length);
    return { type, leaves: leavesOf(type, all) };
  });
}

/** Goes on with zeros where a step has no result. */
export function pretend(honest: Execution): Execution {
  const values = honest.program.nodes.map((node, at) => {
    const known = honest.values[at];
    if (node === null || known !== undefined) return known ?? null;
    return { ...node.type, data: typedArray(node.type.dtype, elementCount(node.type.shape)) };
  });
  return { ...honest, values, faultAt: undefined };
}

/** A state with one element changed. */
export function nudge(state: State, slot: string): State {
  const changed = createState(state.layout, state.bytes);
  const data = changed.tensors.get(slot)!;
  data[0] = data[0]! + 1;
  return changed;
}

/** What hashes to a node of a tree. */
export function preimageOfNode(left: Hash, right: Hash): Uint8Array {
  return Buffer.concat([bytesFromHash(left), bytesFromHash(right)]);
}

/** Bytes of encodings that nobody may commit to. */
export const forbidden: Readonly<Record<string, { readonly dtype: DType; readonly bytes: readonly number[] }>> = {
  'minus zero': { dtype: 'f32', bytes: [0, 0, 0, 0x80] },
  NaN: { dtype: 'f32', bytes: [1, 0, 0xc0, 0x7f] },
  infinity: { dtype: 'f32', bytes: [0, 0, 0x80, 0x7f] },
  'minus infinity': { dtype: 'f32', bytes: [0, 0, 0x80, 0xff] },
  '-128': { dtype: 'i8', bytes: [0x80] },
  'an index of 2^31': { dtype: 'u32', bytes: [0, 0, 0, 0x80] },
};
