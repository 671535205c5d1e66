import { createDecoder } from '../engine/decoding/decoder.ts';
import { initialParameters } from '../engine/nn/initial.ts';
import { chooseKernel } from '../engine/onnx/self_test.ts';
import type { Recipe } from '../engine/recipe.ts';
import { createFp32Decoder } from './baseline/decoding.ts';
import { hexOf, log, median, numberOption } from './lib/bench.ts';
import { measuredRecipe } from './lib/recipes.ts';

export const description = 'tokens decoded in a second, of one stream and of 16, against plain fp32, interleaved';

export const options = [
  numberOption('--tokens <n>', 'timed tokens of every stream', 100),
  numberOption('--threads <n>', 'threads of one invocation', 1),
];

/** The demo's model, and a larger one. */
const MODELS = [
  { depth: 4, width: 128, heads: 4, context: 64 },
  { depth: 8, width: 512, heads: 8, context: 128 },
];
const STREAMS = 16;
const WARMUP = 4;

/** The headline is the larger model's; `ratioToFp32` is the lower of its two ratios. */
export async function run(given: Record<string, unknown>) {
  const { tokens, threads } = given as { tokens: number; threads: number };
  const cases = [];
  for (const model of MODELS) {
    const measured = { ...model, ...(await measure(measuredRecipe(model, { batch: 1 }), tokens, threads)) };
    const { tokensPerSecond1: one, tokensPerSecond16: many, ratio1, ratio16, streamGain } = measured;
    log(
      `width ${model.width}, depth ${model.depth}: ${one.toFixed(0)} tokens/s of one stream (${ratio1.toFixed(2)} of fp32), ` +
        `${many.toFixed(0)} of 16 (${ratio16.toFixed(2)}), ${streamGain.toFixed(1)} times as many`,
    );
    cases.push(measured);
  }
  return { ...cases.at(-1)!, cases };
}

/** Decodes one token of every stream, and gives the milliseconds. The last positions of the context are followed by the first. */
type Timed = { step(): Promise<number>; close(): Promise<void> };

/** All four take turns; ratios and the gain of 16 streams are medians over turns. */
async function measure(recipe: Recipe, tokens: number, threads: number) {
  const load = async (streams: number) => ({
    exact: await timedExact(recipe, streams, threads),
    fp32: await timedFp32(recipe, streams, threads),
  });
  const [one, many] = [await load(1), await load(STREAMS)];
  const turns: Readonly<Record<'exact1' | 'fp1' | 'exact16' | 'fp16', number>>[] = [];
  for (let turn = 0; turn < tokens + WARMUP; turn++) {
    const [exact1, fp1] = [await one.exact.step(), await one.fp32.step()];
    turns.push({ exact1, fp1, exact16: await many.exact.step(), fp16: await many.fp32.step() });
  }
  for (const { exact, fp32 } of [one, many]) for (const timed of [exact, fp32]) await timed.close();
  const counted = turns.slice(WARMUP);
  const over = (value: (turn: (typeof turns)[number]) => number) => median(counted.map(value));
  const [ratio1, ratio16] = [over(({ exact1, fp1 }) => fp1 / exact1), over(({ exact16, fp16 }) => fp16 / exact16)];
  return {
    tokensPerSecond1: 1e3 / over(({ exact1 }) => exact1),
    tokensPerSecond16: (1e3 * STREAMS) / over(({ exact16 }) => exact16),
    fp32TokensPerSecond1: 1e3 / over(({ fp1 }) => fp1),
    fp32TokensPerSecond16: (1e3 * STREAMS) / over(({ fp16 }) => fp16),
    ratio1,
    ratio16,
    ratioToFp32: Math.min(ratio1, ratio16),
    streamGain: over(({ exact1, exact16 }) => (STREAMS * exact1) / exact16),
    fp32StreamGain: over(({ fp1, fp16 }) => (STREAMS * fp1) / fp16),
  };
}

const promptOf = (streams: number) => Array.from({ length: streams }, (_, stream) => 65 + stream);

async function timedExact(recipe: Recipe, streams: number, threads: number): Promise<Timed> {
  const kernel = await chooseKernel();
  const decoder = await createDecoder(recipe, initialParameters(recipe), { kernel, threads, slots: streams, chunk: 1 });
  const sampling = { temperature: 0, topP: 1, seed: hexOf(1) };
  const openAll = () => promptOf(streams).map((token) => decoder.open([token], sampling));
  let slots = openAll();
  let position = 0;
  return {
    async step() {
      if (position === recipe.model.context) {
        slots.forEach((slot) => decoder.release(slot));
        [slots, position] = [openAll(), 0];
      }
      const start = performance.now();
      await decoder.step();
      position += 1;
      return performance.now() - start;
    },
    close: () => decoder.close(),
  };
}

async function timedFp32(recipe: Recipe, streams: number, threads: number): Promise<Timed> {
  const decoder = await createFp32Decoder(recipe, initialParameters(recipe).tensors, streams, threads);
  let tokens = promptOf(streams);
  let position = 0;
  return {
    async step() {
      if (position === recipe.model.context) [tokens, position] = [promptOf(streams), 0];
      const start = performance.now();
      tokens = await decoder.step(tokens, position);
      position += 1;
      return performance.now() - start;
    },
    close: () => decoder.close(),
  };
}
