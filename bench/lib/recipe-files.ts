import { readdir, readFile } from 'node:fs/promises';
import type { Dataset } from '../../engine/data/dataset.ts';
import { parseRecipe, type Optimizer, type Recipe, type RecipeInput } from '../../engine/recipe.ts';

const folder = new URL('../../cli/recipes/', import.meta.url);

/** Names of the recipes that come with Swarmlock. */
export async function recipeNames(): Promise<readonly string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith('.json'))
    .map((file) => file.slice(0, -5))
    .toSorted();
}

/** One of them. @throws RECIPE_INVALID */
export async function recipeOf(name: string): Promise<Recipe> {
  return parseRecipe(await readFile(new URL(`${name}.json`, folder), 'utf8'));
}

/** A run to measure a recipe by. */
export type Run = {
  /** Inner steps of each member over the whole run. */
  readonly steps: number;
  /** Inner steps of a round. */
  readonly innerSteps: number;
  readonly dataset: Dataset;
  readonly seed: `0x${string}`;
  readonly model?: Partial<Recipe['model']>;
};

/** A recipe as it is for a run of another length: warm-up, cosine and late rate keep their share of it. */
export function fittedTo(recipe: Recipe, { steps, innerSteps, dataset, seed, model }: Run): Recipe {
  const { optimizer, outer, round } = recipe;
  const rounds = Math.ceil(steps / innerSteps);
  const lengthInRounds =
    outer.name === 'adamw' ? outer.steps : 'steps' in optimizer ? optimizer.steps / round.steps : 1;
  const stretched = <T extends { warmupSteps: number; steps: number }>(schedule: T, length: number): T => ({
    ...schedule,
    warmupSteps: Math.round((schedule.warmupSteps * length) / schedule.steps),
    steps: length,
  });
  const fitted: RecipeInput = {
    ...recipe,
    model: { ...recipe.model, ...model },
    optimizer: 'steps' in optimizer ? stretched(optimizer, steps) : optimizer,
    round: { ...round, steps: innerSteps, segments: 1 },
    outer: outer.name === 'adamw' ? stretched(outer, rounds) : outer,
    dataset: { root: dataset.root, trainTokens: dataset.train.length, heldOutTokens: dataset.heldOut.length },
    seed,
  };
  if (outer.name === 'sgd' && outer.lateFrom !== undefined) {
    const lateFrom = Math.max(1, Math.round((outer.lateFrom * rounds) / lengthInRounds));
    return parseRecipe({ ...fitted, outer: { ...outer, lateFrom } });
  }
  return parseRecipe(fitted);
}

/** AdamW on one machine, as synchronous AdamW computes it with the batches of all members. @param batch of them together */
export async function centralRecipe(run: Omit<Run, 'innerSteps'>, batch: number): Promise<Recipe> {
  const { outer, ...recipe } = fittedTo(await recipeOf('adamw-sync'), { ...run, innerSteps: 1 });
  return parseRecipe({ ...recipe, optimizer: outer as Optimizer<'adamw'>, batch });
}
