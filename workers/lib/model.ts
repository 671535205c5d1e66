import { readFile } from 'node:fs/promises';

import type { Hash } from '../../engine/commit/hash.ts';
import { createHasher } from '../../engine/commit/hasher.ts';
import { loadDataset, requireDatasetRoot, type Dataset } from '../../engine/data/dataset.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import { createState, stateBytes, type State } from '../../engine/graph/state.ts';
import type { StateLayout } from '../../engine/graph/types.ts';
import type { ExecutorOptions } from '../../engine/onnx/executor.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import { globalLayout, trainingLayout } from '../../engine/programs.ts';
import { parseRecipe, requireRecipeRoot, tokensPerSegment, type Recipe } from '../../engine/recipe.ts';
import type { RunParameters } from '../../sdk/run.ts';
import type { BlobStore } from './blobs.ts';
import type { ComputeConfig } from './config.ts';
import { programsOf, type BoundPrograms } from './programs.ts';

/** What a run computes, and this machine's means to compute it. */
export type Model = Omit<BoundPrograms, 'root'> & {
  readonly recipe: Recipe;
  readonly executor: ExecutorOptions;
  /** Of the global state: the parameters. */
  readonly globalLayout: StateLayout;
  readonly trainingLayout: StateLayout;
  rootOf(state: State): Promise<Hash>;
  close(): Promise<void>;
};

/**
 * Reads the recipe, holds it against the run, and picks an exact kernel for this processor.
 * @throws RECIPE_UNREADABLE, RECIPE_INVALID, RECIPE_ROOT_MISMATCH, RUN_MISMATCH, NO_EXACT_KERNEL, EXECUTOR_UNAVAILABLE
 */
export async function openModel(
  { recipe: path, provider, threads }: ComputeConfig,
  parameters: RunParameters,
): Promise<Model> {
  const recipe = parseRecipe(await readRecipe(path));
  requireRecipeRoot(recipe, parameters.recipeRoot);
  const { root, ...bound } = programsOf(recipe, parameters.maxMembers);
  requireRunOf(recipe, root, parameters);
  return modelOf(recipe, bound, { provider, threads, kernel: await chooseKernel({ provider, threads }) });
}

/** @param programs those of a run by the recipe */
export function modelOf(recipe: Recipe, programs: Omit<BoundPrograms, 'root'>, executor: ExecutorOptions): Model {
  const { threads = 0 } = executor;
  const hasher = createHasher(threads === 0 ? {} : { threads });
  return {
    recipe,
    executor,
    globalLayout: globalLayout(recipe),
    trainingLayout: trainingLayout(recipe),
    ...programs,
    rootOf: (state) => hasher.stateRoot(state),
    close: () => hasher.close(),
  };
}

/** The text of a recipe. @throws DATASET_UNREADABLE, DATASET_EMPTY, DATASET_TOO_SHORT, DATASET_ROOT_MISMATCH */
export async function openDataset(path: string, { model, dataset }: Recipe): Promise<Dataset> {
  const opened = await loadDataset(path, { context: model.context, heldOutTokens: dataset.heldOutTokens });
  requireDatasetRoot(opened, dataset.root);
  return opened;
}

/** The verified state of a root, from the blob store; undefined when it is absent or not what the root says. */
export async function fetchState(
  blobs: BlobStore,
  { rootOf }: Pick<Model, 'rootOf'>,
  layout: StateLayout,
  root: Hash,
): Promise<State | undefined> {
  const digest = (bytes: Uint8Array) => rootOf(createState(layout, bytes));
  const bytes = await blobs.get(root, { bytes: stateBytes(layout), digest });
  return bytes === undefined ? undefined : createState(layout, bytes);
}

async function readRecipe(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    throw new SwarmlockError(`Cannot read the recipe at ${path}`, {
      code: 'RECIPE_UNREADABLE',
      argument: 'recipe',
      hint: 'Give the recipe file that was published with the run.',
      cause,
    });
  }
}

/**
 * The chain counts segments, epochs and tokens by itself, and referees programs: a run that does it otherwise than its
 * recipe cannot be served.
 */
function requireRunOf(recipe: Recipe, programsRoot: Hash, parameters: RunParameters): void {
  const { segments, epoch } = recipe.round;
  requireEqual('segments', parameters.segments, segments);
  requireEqual('epochRounds', parameters.epochRounds, epoch);
  requireEqual('tokensPerSegment', Number(parameters.tokensPerSegment), tokensPerSegment(recipe));
  if (recipe.dataset.root !== parameters.datasetRoot) {
    throw mismatch('datasetRoot', parameters.datasetRoot, recipe.dataset.root);
  }
  // Whoever builds on other programs than the chain knows could be convicted of an honest round.
  if (programsRoot !== parameters.programsRoot) throw mismatch('programsRoot', parameters.programsRoot, programsRoot);
}

function requireEqual(field: string, ofRun: number, ofRecipe: number): void {
  if (ofRun !== ofRecipe) throw mismatch(field, ofRun, ofRecipe);
}

function mismatch(field: string, ofRun: unknown, ofRecipe: unknown): SwarmlockError {
  return new SwarmlockError(`the run has ${field} ${String(ofRun)}, its recipe ${String(ofRecipe)}`, {
    code: 'RUN_MISMATCH',
    argument: field,
    hint: 'The run was created with parameters that contradict its recipe; nobody can serve it.',
  });
}
