import { SwarmlockError } from '../errors.ts';
import { slotsOf, type State } from '../graph/state.ts';
import type { StateLayout, Tensor } from '../graph/types.ts';
import { treeDepth } from './format.ts';
import type { Hash } from './hash.ts';
import { EMPTY } from './tree.ts';

/** The shape of a state's tree. Its leaves are tensor roots. */
export type LayoutTree = {
  /** Depth of the subtree of one group: equal for all, and deep enough for the largest. */
  readonly groupDepth: number;
  /** Depth of the whole tree: groups are padded to a power of two as well. */
  readonly depth: number;
  /** Leaf of each slot. */
  readonly indices: ReadonlyMap<string, number>;
};

export function layoutTree(layout: StateLayout): LayoutTree {
  const groupDepth = treeDepth(Math.max(0, ...layout.groups.map((slots) => slots.length)));
  const depth = groupDepth + treeDepth(layout.groups.length);
  const indices = new Map<string, number>();
  layout.groups.forEach((slots, group) => {
    slots.forEach((slot, place) => indices.set(slot.name, group * 2 ** groupDepth + place));
  });
  return { groupDepth, depth, indices };
}

/** All leaves of a state's tree, padding included, from the tensor roots in slot order. */
export function stateLeaves(layout: StateLayout, roots: readonly Hash[]): readonly Hash[] {
  const { depth, indices } = layoutTree(layout);
  const leaves = Array.from({ length: 2 ** depth }, () => EMPTY);
  slotsOf(layout).forEach((slot, i) => {
    leaves[indices.get(slot.name) ?? 0] = roots[i] ?? EMPTY;
  });
  return leaves;
}

/** A tensor of a state by the name of its slot. @throws SLOT_UNKNOWN */
export function tensorOf(state: State, name: string): Tensor {
  const slot = slotsOf(state.layout).find((candidate) => candidate.name === name);
  const data = state.tensors.get(name);
  if (slot === undefined || data === undefined) {
    throw new SwarmlockError(`The state has no tensor named ${name}`, { code: 'SLOT_UNKNOWN', argument: 'name' });
  }
  return { dtype: slot.dtype, shape: slot.shape, data };
}
