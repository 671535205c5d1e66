import type { Recipe } from '../../engine/recipe.ts';
import { stateBytes } from '../../engine/graph/state.ts';
import { modelLayout } from '../../engine/nn/decoder.ts';
import { hexOf } from './bench.ts';
import type { Setting } from './curves.ts';
import { fittedTo } from './recipe-files.ts';
import { createSwarm } from './swarm.ts';

/** Smallest model whose bits per parameter are a figure of the wire format: headers and the last chunk no longer matter. */
const MILLION = { depth: 5, width: 128, heads: 4 } as const;

export function parametersOf(model: Recipe['model']): number {
  return stateBytes(modelLayout(model)) / 4;
}

/** What a recipe sends of a model of a million parameters: the mean of a few short rounds of one member. */
export async function wireOfAMillion({ model, ...file }: Recipe, { dataset, executor }: Omit<Setting, 'miners'>) {
  const rounds = 3;
  const run = { steps: 2 * rounds, innerSteps: 2, dataset, seed: hexOf(0) };
  const recipe = fittedTo({ ...file, model: { ...model, ...MILLION } }, run);
  const swarm = await createSwarm({ recipe, dataset, miners: 1, executor, seed: run.seed });
  let bytes = 0;
  for (let i = 0; i < rounds; i++) bytes += (await swarm.play()).bytes / rounds;
  await swarm.close();
  const parameters = parametersOf(recipe.model);
  return { parameters, bytesPerRound: Math.round(bytes), bitsPerParameter: (8 * bytes) / parameters };
}
