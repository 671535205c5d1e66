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

/** The demo's model, a wider one, and two that have the width of models worth training, of fewer layers. */
const SIZES = [
  { width: 128, depth: 4 },
  { width: 256, depth: 4 },
  { width: 768, depth: 1 },
  { width: 1_024, depth: 1 },
];
const WARMUP = 2;

/**
 * `slowdown` is the median over pairs of steps; `rssRatio` that of the peak memory of one process for each kind. Loading is
 * not part of a trace. The first figures are those of the largest model.
 */
export async function run(given: Record<string, unknown>) {
  const { runs, threads = 0 } = given as { runs: number; threads?: number };
  const sizes = [];
  for (const size of SIZES) {
    const peak = (mode: string) => peakMemoryOf('trace', mode, String(size.width), String(size.depth), '4');
    const measured = { ...size, ...(await measure(size, runs, threads)), rssRatio: peak('traced') / peak('plain') };
    log(
      `width ${size.width}, depth ${size.depth}: traced ${measured.tracedMs.toFixed(0)} ms, plain ${measured.plainMs.toFixed(1)} ms, slowdown ${measured.slowdown.toFixed(2)}, memory ${measured.rssRatio.toFixed(2)}`,
    );
    sizes.push(measured);
  }
  return { ...sizes.at(-1)!, sizes };
}

async function measure({ width, depth }: (typeof SIZES)[number], runs: number, threads: number) {
  const recipe = tracedRecipe(width, depth);
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
