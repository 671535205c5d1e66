import { hash } from 'node:crypto';
import { CHALLENGE_WINDOW, demoRecipe } from '../cli/demo/plan.ts';
import { createHasher } from '../engine/commit/hasher.ts';
import { createState, type State } from '../engine/graph/state.ts';
import type { StateLayout, StateSlot } from '../engine/graph/types.ts';
import { createDataset } from '../engine/data/dataset.ts';
import { initialParameters } from '../engine/nn/initial.ts';
import { chooseKernel } from '../engine/onnx/self_test.ts';
import { createTrainer, startState } from '../engine/training.ts';
import { log, median, numberOption } from './lib/bench.ts';
import { syntheticBatch } from './lib/recipes.ts';
import { segmentShare } from './lib/segment-share.ts';

export const description = 'state hashing: GB/s against plain SHA-256, and its share of a round';

export const options = [
  numberOption('--threads <n>', 'hashing threads', 2),
  numberOption('--megabytes <n>', 'size of the training state', 128),
  numberOption('--repeats <n>', 'measured runs of each kind, interleaved', 9),
];

type Options = {
  threads: number;
  megabytes: number;
  repeats: number;
};

/** Hashes one training state over and over: on all threads, on one, and its bytes as one plain message. */
export async function run(given: Record<string, unknown>): Promise<object> {
  const { threads, megabytes, repeats } = given as Options;
  const state = trainingState(megabytes * 1e6);
  const pool = createHasher({ threads });
  const single = createHasher({ threads: 1 });
  log(`${(state.bytes.length / 1e6).toFixed(1)} MB of f32 state, leaves of 1,024 bytes, ${threads} threads`);
  const rates = { pool: [] as number[], single: [] as number[], plain: [] as number[] };
  for (let i = 0; i <= repeats; i += 1) {
    const measured = {
      pool: await rate(state, () => pool.stateRoot(state)),
      single: await rate(state, () => single.stateRoot(state)),
      plain: await rate(state, async () => hash('sha256', state.bytes)),
    };
    // The first pass starts the threads and warms the code.
    if (i > 0) for (const key of ['pool', 'single', 'plain'] as const) rates[key].push(measured[key]);
  }
  await pool.close();
  const gbPerSecond = median(rates.pool);
  log(`${threads} threads ${gbPerSecond.toFixed(2)} GB/s, best ${Math.max(...rates.pool).toFixed(2)}`);
  const stateBytes = state.bytes.length;
  const shares = await measuredShare(threads, repeats);
  return {
    gbPerSecond: rounded(gbPerSecond),
    singleThreadGbPerSecond: rounded(median(rates.single)),
    plainSha256GbPerSecond: rounded(median(rates.plain)),
    segmentShare: rounded(shares.ofRound),
    trainingShare: rounded(shares.ofTraining),
    threads,
    stateBytes,
    leafBytes: 1024,
  };
}

async function rate(state: State, work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return state.bytes.length / (performance.now() - start) / 1e6;
}

/** Share of a round of the demo's recipe that goes into hashing, steps and roots measured in turn on as many threads. */
async function measuredShare(threads: number, repeats: number): Promise<{ ofRound: number; ofTraining: number }> {
  const dataset = createDataset('The text does not matter to the time that a step takes. '.repeat(200), {
    context: 64,
  });
  const recipe = demoRecipe({ seed: 1, size: 'small', rounds: 10 }, dataset);
  const trainer = await createTrainer(recipe, { kernel: await chooseKernel({ threads }), threads });
  const hasher = createHasher({ threads });
  const parameters = initialParameters(recipe);
  let state = startState(recipe, parameters);
  const times: { step: number; root: number; payload: number }[] = [];
  for (let i = 0; i < repeats + 3; i += 1) {
    const start = performance.now();
    state = await trainer.step(state, syntheticBatch(recipe, i));
    const stepped = performance.now();
    await hasher.stateRoot(state);
    const hashed = performance.now();
    await hasher.stateRoot(parameters);
    times.push({ step: stepped - start, root: hashed - stepped, payload: performance.now() - hashed });
  }
  await Promise.all([trainer.close(), hasher.close()]);
  const counted = times.slice(3);
  const middle = (key: 'step' | 'root' | 'payload') => median(counted.map((time) => time[key]));
  const { steps, segments } = recipe.round;
  const cost = { stepMs: middle('step'), rootMs: middle('root'), payloadMs: middle('payload'), steps, segments };
  const shares = {
    ofRound: segmentShare({ ...cost, waitMs: 1_000 * CHALLENGE_WINDOW }),
    ofTraining: segmentShare(cost),
  };
  const percent = (share: number) => `${(100 * share).toFixed(2)} %`;
  log(
    `round of ${steps} steps of ${cost.stepMs.toFixed(1)} ms and ${segments} segments, then ${CHALLENGE_WINDOW} s to challenge:`,
  );
  log(
    `hashing takes ${percent(shares.ofRound)} of the round, ${percent(shares.ofTraining)} of training and hashing alone`,
  );
  return shares;
}

/** Parameters, first and second moments of a decoder 512 wide, as deep as the size asks for. */
function trainingState(bytes: number): State {
  const width = 512;
  const blocks = Math.max(1, Math.round(bytes / 3 / (4 * 12 * width * width)));
  const tensors = (prefix: string): readonly StateSlot[] =>
    Array.from({ length: blocks }, (_, block): readonly StateSlot[] => [
      { name: `${prefix}${block}.norm`, dtype: 'f32', shape: [width] },
      { name: `${prefix}${block}.attention`, dtype: 'f32', shape: [4 * width, width] },
      { name: `${prefix}${block}.up`, dtype: 'f32', shape: [4 * width, width] },
      { name: `${prefix}${block}.down`, dtype: 'f32', shape: [width, 4 * width] },
    ]).flat();
  const scalars: readonly StateSlot[] = [
    { name: 'step', dtype: 'f32', shape: [1] },
    { name: 'loss', dtype: 'f32', shape: [1] },
  ];
  const layout: StateLayout = { groups: [tensors('p'), tensors('m'), tensors('v'), scalars] };
  const state = createState(layout);
  const words = new Uint32Array(state.bytes.buffer);
  // Floats in [1, 2): their bits do not matter to a hash, but zero pages would not be read from memory.
  for (let i = 0; i < words.length; i += 1) words[i] = 0x3f800000 | (Math.imul(i, 2654435761) >>> 9);
  return state;
}

function rounded(value: number): number {
  return Math.round(value * 1000) / 1000;
}
