import { initialParameters } from '../engine/nn/initial.ts';
import { chooseKernel } from '../engine/onnx/self_test.ts';
import { trainingProgram } from '../engine/programs.ts';
import { createTracer } from '../engine/trace.ts';
import { createTrainer, startState } from '../engine/training.ts';
import { log, median, numberOption } from './lib/bench.ts';
import { peakMemoryOf } from './lib/memory.ts';
import { syntheticBatch, tracedRecipe } from './lib/recipes.ts';

export const description = 'a traced step, every value hashed, against a plain one, interleaved';

export const options = [
  numberOption('--runs <n>', 'timed steps of each kind at each width', 7),
  numberOption('--threads <n>', 'threads of one invocation and of hashing; by default as many as there are cores'),
];

const WIDTHS = [128, 256];
const WARMUP = 2;

/** `slowdown` is the median over pairs of steps; `rssRatio` that of the peak memory of one process for each kind. */
export async function run(given: Record<string, unknown>) {
  const { runs, threads = 0 } = given as { runs: number; threads?: number };
  const cases = [];
  for (const d of WIDTHS) {
    const peak = (mode: string) => peakMemoryOf('trace', mode, String(d), '4');
    const measured = { d, ...(await measure(d, runs, threads)), rssRatio: peak('traced') / peak('plain') };
    log(
      `width ${d}: traced ${measured.tracedMs.toFixed(0)} ms, plain ${measured.plainMs.toFixed(1)} ms, slowdown ${measured.slowdown.toFixed(2)}, memory ${measured.rssRatio.toFixed(2)}`,
    );
    cases.push(measured);
  }
  return { ...cases.at(-1)!, cases };
}

async function measure(d: number, runs: number, threads: number) {
  const recipe = tracedRecipe(d);
  const executor = { kernel: await chooseKernel(), threads };
  const trainer = await createTrainer(recipe, executor);
  const loading = performance.now();
  const tracer = await createTracer(trainingProgram(recipe), executor);
  const loadMs = performance.now() - loading;
  let state = startState(recipe, initialParameters(recipe));
  const times: { plain: number; traced: number }[] = [];
  let root = '';
  for (let step = 0; step < runs + WARMUP; step++) {
    const batch = syntheticBatch(recipe, step);
    const start = performance.now();
    ({ root } = await tracer.trace([state], batch));
    const middle = performance.now();
    state = await trainer.step(state, batch);
    times.push({ traced: middle - start, plain: performance.now() - middle });
  }
  await Promise.all([tracer.close(), trainer.close()]);
  const counted = times.slice(WARMUP);
  return {
    loadMs,
    tracedMs: median(counted.map((time) => time.traced)),
    plainMs: median(counted.map((time) => time.plain)),
    slowdown: median(counted.map((time) => time.traced / time.plain)),
    traceRoot: root,
  };
}
