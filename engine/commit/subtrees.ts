import { slotsOf, type State } from '../graph/state.ts';
import type { Tensor } from '../graph/types.ts';
import { fastTensorRoot, subtreeRoot, tensorSource } from './fast.ts';
import { hashFromBytes, type Hash } from './hash.ts';
import { stateLeaves, tensorOf } from './layout.ts';
import { requireIndex, treeLevels } from './tree.ts';

/** All nodes of a tree: level 0 has the leaves, padded with EMPTY to a power of two, the last level the root. */
export type Levels = readonly (readonly Hash[])[];

/** The tree over a tensor's leaves. Its root is not yet the tensor's, which binds type and shape too. @throws TENSOR_INVALID */
export function tensorTree(tensor: Tensor): Levels {
  const source = tensorSource(tensor);
  return treeLevels(
    Array.from({ length: source.geometry.leaves }, (_, leaf) => hashFromBytes(subtreeRoot(source, leaf, 1, 0))),
  );
}

/** The tree over the tensor roots of a state, at their places. */
export function stateTree(state: State): Levels {
  const roots = slotsOf(state.layout).map(({ name }) => fastTensorRoot(tensorOf(state, name)));
  return treeLevels(stateLeaves(state.layout, roots));
}

/** Root of the subtree `index` of those with `height` levels below them. @throws INDEX_OUT_OF_RANGE */
export function subtreeAt(levels: Levels, height: number, index: number): Hash {
  requireIndex(height, levels.length);
  const row = levels[height]!;
  requireIndex(index, row.length);
  return row[index]!;
}

/** The 2^count roots that lie `count` levels below a subtree, from left to right. @throws INDEX_OUT_OF_RANGE */
export function childrenOf(levels: Levels, height: number, index: number, count: number): readonly Hash[] {
  subtreeAt(levels, height, index);
  requireIndex(count, height + 1);
  return levels[height - count]!.slice(index * 2 ** count, (index + 1) * 2 ** count);
}

/** What leads from a subtree to the one of height `top` above it, from the bottom up; by default to the root. */
export function siblingsOf(levels: Levels, height: number, index: number, top = levels.length - 1): readonly Hash[] {
  subtreeAt(levels, height, index);
  requireIndex(top, levels.length);
  return Array.from({ length: top - height }, (_, i) => levels[height + i]![Math.floor(index / 2 ** i) ^ 1]!);
}
