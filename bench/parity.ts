import { Option } from 'commander';
import { loadBatch } from '../engine/data/batch.ts';
import type { Dataset } from '../engine/data/dataset.ts';
import { heldOutBatches } from '../engine/data/evaluation.ts';
import { initialParameters } from '../engine/nn/initial.ts';
import { chooseKernel } from '../engine/onnx/self_test.ts';
import type { Recipe } from '../engine/recipe.ts';
import { createTrainer, evaluateLoss, startState } from '../engine/training.ts';
import { createFp32Evaluation, createFp32Trainer, fp32State } from './baseline/training.ts';
import { hexOf, log, numberOption } from './lib/bench.ts';
import { dataOption, datasetAt, measuredRecipe } from './lib/recipes.ts';

export const description = 'held-out loss of the exact program against plain fp32, same batches, several seeds';

export const options = [
  dataOption(),
  numberOption('--steps <n>', 'training steps', 2_000),
  numberOption('--seeds <n>', 'number of seeds', 3),
  numberOption('--learning-rate <x>', 'peak learning rate', 2e-3),
  numberOption('--threads <n>', 'threads of one invocation; by default as many as there are cores'),
  new Option('--slices <json>', 'slice counts other than the default recipe').default('{}'),
];

type Options = { steps: number; seeds: number; slices: string; learningRate: number; threads?: number };

const PARTICIPANT = `0x${'11'.repeat(20)}` as const;
const EVALUATION_ROWS = 64;

/** Four layers of width 128, context 64, batch 12: the size for which nanoGPT publishes 1.88 after 2,000 steps. */
export async function run(given: Record<string, unknown>) {
  const { steps, seeds, slices, learningRate, threads = 0 } = given as Options;
  const model = { depth: 4, width: 128, heads: 4, context: 64 };
  const dataset = await datasetAt(given['data'], model.context);
  const runs: { seed: number; fp32Loss: number; exactLoss: number }[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const optimizer = { learningRate, warmupSteps: 100, steps };
    const recipe = measuredRecipe(
      model,
      { batch: 12, optimizer, slices: JSON.parse(slices), seed: hexOf(seed) },
      dataset,
    );
    const losses = await train(recipe, dataset, { steps, seed: hexOf(seed), threads });
    runs.push({ seed, ...losses });
    log(`seed ${seed}: held-out loss fp32 ${losses.fp32Loss.toFixed(4)}, exact ${losses.exactLoss.toFixed(4)}`);
  }
  const mean = (pick: (run: (typeof runs)[0]) => number) =>
    runs.reduce((sum, item) => sum + pick(item), 0) / runs.length;
  const fp32Loss = mean((item) => item.fp32Loss);
  const exactLoss = mean((item) => item.exactLoss);
  return { seeds: runs, steps, fp32Loss, exactLoss, gapPercent: (100 * (exactLoss - fp32Loss)) / fp32Loss };
}

/** Trains both programs from the same parameters on the same batches, step by step. */
async function train(
  recipe: Recipe,
  dataset: Dataset,
  { steps, seed, threads }: { steps: number; seed: `0x${string}`; threads: number },
) {
  const executor = { kernel: await chooseKernel(), threads };
  const trainer = await createTrainer(recipe, executor);
  const fp32 = await createFp32Trainer(recipe, threads);
  const parameters = initialParameters(recipe);
  let state = startState(recipe, parameters);
  let [plain, next] = [fp32State(recipe, parameters.tensors), fp32State(recipe)];
  for (let step = 0; step < steps; step++) {
    const batch = loadBatch(dataset, {
      seed,
      participant: PARTICIPANT,
      step,
      rows: recipe.batch,
      context: recipe.model.context,
    });
    state = await trainer.step(state, batch);
    const loss = await fp32.step(plain, next, batch, step);
    [plain, next] = [next, plain];
    if ((step + 1) % 250 === 0) {
      log(
        `step ${step + 1}: training loss fp32 ${loss.toFixed(4)}, exact ${state.tensors.get('loss')![0]!.toFixed(4)}`,
      );
    }
  }
  await trainer.close();
  const batches = [...heldOutBatches(dataset, { rows: EVALUATION_ROWS, context: recipe.model.context })];
  const evaluate = await createFp32Evaluation(recipe, EVALUATION_ROWS);
  let fp32Sum = 0;
  for (const batch of batches) fp32Sum += await evaluate(plain, batch);
  const exactLoss = await evaluateLoss(recipe, state, batches, EVALUATION_ROWS, executor);
  return { fp32Loss: fp32Sum / batches.length, exactLoss };
}
