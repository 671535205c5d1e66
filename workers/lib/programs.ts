import type { Hash } from '../../engine/commit/hash.ts';
import type { Recipe } from '../../engine/recipe.ts';
import { runPrograms } from '../../engine/run-programs.ts';
import { programsRoot, type RunPrograms } from '../../sdk/game.ts';

/** Everything that a run computes, as the chain knows it. */
export type BoundPrograms = {
  readonly programs: RunPrograms;
  /** Program roots of the outer step: leaf R is that over R members. */
  readonly aggregates: readonly Hash[];
  /** What `RunParameters` binds. */
  readonly root: Hash;
};

/** The programs of a run that is created with a recipe, with room for `maxMembers` at most. */
export function programsOf(recipe: Recipe, maxMembers: number): BoundPrograms {
  const { aggregates, ...rest } = runPrograms(recipe, maxMembers);
  const programs = { ...rest, aggregates: aggregates.root };
  return { programs, aggregates: aggregates.leaves, root: programsRoot(programs) };
}
