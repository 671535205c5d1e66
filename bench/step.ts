import { stateRoot } from '../engine/commit/reference.ts';
import { initialParameters } from '../engine/nn/initial.ts';
import { chooseKernel } from '../engine/onnx/self_test.ts';
import { createTrainer, startState } from '../engine/training.ts';
import { createFp32Trainer, fp32State } from './baseline/training.ts';
import { log, median, numberOption } from './lib/bench.ts';
import { peakMemoryOf } from './lib/memory.ts';
import { stepRecipe, syntheticBatch } from './lib/recipes.ts';

export const description = 'a whole exact training step against the whole plain fp32 step, interleaved';

export const options = [
  numberOption('--runs <n>', 'timed steps of each program at each width', 15),
  numberOption('--threads <n>', 'threads of one invocation; by default as many as there are cores'),
];

const WIDTHS = [256, 512, 768];
const WARMUP = 3;

/** `ratio` is the median over pairs of steps; `rssRatio` that of the peak memory of one process for each program. */
export async function run(given: Record<string, unknown>) {
  const { runs, threads = 0 } = given as { runs: number; threads?: number };
  const cases = [];
  for (const d of WIDTHS) {
    const measured = {
      d,
      ...(await measure(d, runs, threads)),
      rssRatio: peakMemoryOf('step', 'exact', String(d), '4') / peakMemoryOf('step', 'fp32', String(d), '4'),
    };
    log(
      `width ${d}: exact ${measured.exactMs.toFixed(1)} ms, fp32 ${measured.fp32Ms.toFixed(1)} ms, ratio ${measured.ratio.toFixed(3)}, memory ${measured.rssRatio.toFixed(2)}`,
    );
    cases.push(measured);
  }
  return { ...cases.at(-1)!, cases };
}

async function measure(d: number, runs: number, threads: number) {
  const recipe = stepRecipe(d);
  const exact = await createTrainer(recipe, { kernel: await chooseKernel(), threads });
  const fp32 = await createFp32Trainer(recipe, threads);
  const parameters = initialParameters(recipe);
  let state = startState(recipe, parameters);
  let [plain, next] = [fp32State(recipe, parameters.tensors), fp32State(recipe)];
  const times: { exact: number; fp32: number }[] = [];
  for (let step = 0; step < runs + WARMUP; step++) {
    const batch = syntheticBatch(recipe, step);
    const start = performance.now();
    state = await exact.step(state, batch);
    const middle = performance.now();
    await fp32.step(plain, next, batch, step);
    times.push({ exact: middle - start, fp32: performance.now() - middle });
    [plain, next] = [next, plain];
  }
  await exact.close();
  const counted = times.slice(WARMUP);
  return {
    exactMs: median(counted.map((time) => time.exact)),
    fp32Ms: median(counted.map((time) => time.fp32)),
    ratio: median(counted.map((time) => time.exact / time.fp32)),
    stateRoot: stateRoot(state),
  };
}
