import { fastTensorRoot } from '../../../engine/commit/fast.ts';
import type { Hash } from '../../../engine/commit/hash.ts';
import { layoutTree, stateLeaves, tensorOf } from '../../../engine/commit/layout.ts';
import { treeLevels } from '../../../engine/commit/tree.ts';
import { slotsOf, type State } from '../../../engine/graph/state.ts';

/** Roots of the parts of a training state: state = node(node(parameters, first), rest). */
export type GroupRoots = {
  readonly parameters: Hash;
  /** Of the first moments. */
  readonly first: Hash;
  /** Of the node over the second moments and the scalars. */
  readonly rest: Hash;
};

export function groupRoots(state: State): GroupRoots {
  const { layout } = state;
  const roots = slotsOf(layout).map(({ name }) => fastTensorRoot(tensorOf(state, name)));
  const levels = treeLevels(stateLeaves(layout, roots));
  const { groupDepth } = layoutTree(layout);
  const [parameters, first] = levels[groupDepth]!;
  return { parameters: parameters!, first: first!, rest: levels[groupDepth + 1]![1]! };
}
