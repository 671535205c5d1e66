import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';

import { createHasher } from '../../engine/commit/hasher.ts';
import type { Hash } from '../../engine/commit/hash.ts';
import { loadDataset, type Dataset } from '../../engine/data/dataset.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import type { ExecutorOptions } from '../../engine/onnx/executor.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import type { Recipe } from '../../engine/recipe.ts';
import { createCentral, type Central } from './central.ts';
import { projectRoot } from './hardhat.ts';
import type { DemoOptions } from './options.ts';
import { centralRecipe, demoRecipe, epochsOf } from './plan.ts';
import { packagesText } from './text.ts';

/** Everything that a run needs before there is a chain. */
export type Prepared = {
  readonly rounds: number;
  readonly recipe: Recipe;
  readonly recipeFile: string;
  readonly dataset: Dataset;
  readonly dataPath: string;
  readonly genesisRoot: Hash;
  readonly executor: ExecutorOptions;
  readonly central: Central;
};

/** A folder for the run, named by the time. */
export async function createFolder(): Promise<string> {
  const name = `demo-${new Date().toISOString().slice(0, 19).replaceAll(':', '-')}-${process.pid}`;
  const folder = join(projectRoot, '.swarmlock', name);
  await mkdir(join(folder, 'logs'), { recursive: true });
  return folder;
}

/** The text, from --data or from the installed packages. */
export async function prepareText({ data }: DemoOptions, folder: string): Promise<string> {
  if (data !== undefined) return resolve(data);
  const path = join(folder, 'text.txt');
  await writeFile(path, await packagesText(join(projectRoot, 'node_modules')));
  return path;
}

/** Recipe, data and genesis; and the baseline, whose first steps tell how fast this machine is. */
export async function prepare(options: DemoOptions, folder: string): Promise<Prepared> {
  const dataPath = await prepareText(options, folder);
  const dataset = await loadDataset(dataPath, { context: 64 });
  const recipe = demoRecipe(options, dataset);
  const { rounds } = epochsOf(options.rounds);
  const recipeFile = join(folder, 'recipe.json');
  await writeFile(recipeFile, `${JSON.stringify(recipe, undefined, 2)}\n`);
  const hasher = createHasher({ threads: 1 });
  const genesisRoot = await hasher.stateRoot(initialParameters(recipe));
  await hasher.close();
  const executor = { kernel: await chooseKernel({ threads: 1 }), threads: 1 };
  const totalSteps = recipe.round.steps * rounds * options.miners;
  const central = await createCentral(centralRecipe(recipe, totalSteps), dataset, executor);
  const { batch, model } = recipe;
  await central.reach(4 * batch * model.context);
  return { rounds, recipe, recipeFile, dataset, dataPath, genesisRoot, executor, central };
}
