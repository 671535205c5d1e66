import { createDecoder } from '../engine/decoding/decoder.ts';
import { initialParameters } from '../engine/nn/initial.ts';
import { chooseKernel } from '../engine/onnx/self_test.ts';
import type { Recipe } from '../engine/recipe.ts';
import { createFp32Decoder } from './baseline/decoding.ts';
import { hexOf, log, median, numberOption } from './lib/bench.ts';
import { measuredRecipe } from './lib/recipes.ts';

export const description = 'tokens decoded in a second, of one stream and of 16, against plain fp32, interleaved';

export const options = [
  numberOption('--tokens <n>', 'timed tokens of every stream', 48),
  numberOption('--threads <n>', 'threads of one invocation; by default as many as there are cores'),
];

/** The demo's model, and a larger one. */
const MODELS = [
  { depth: 4, width: 128, heads: 4, context: 64 },
  { depth: 8, width: 512, heads: 8, context: 128 },
];
const STREAMS = [1, 16];
const WARMUP = 4;

/** The headline is the larger model's; `ratioToFp32` is the lower of its two ratios. */
export async function run(given: Record<string, unknown>) {
  const { tokens, threads = 0 } = given as { tokens: number; threads?: number };
  const cases = [];
  for (const model of MODELS) {
    const recipe = measuredRecipe(model, { batch: 1 });
    const measured = [];
    for (const streams of STREAMS) measured.push(await measure(recipe, streams, tokens, threads));
    const [one, many] = measured as [Measured, Measured];
    const figures = {
      ...model,
      tokensPerSecond1: one.exact,
      tokensPerSecond16: many.exact,
      fp32TokensPerSecond1: one.fp32,
      fp32TokensPerSecond16: many.fp32,
      ratio1: one.ratio,
      ratio16: many.ratio,
      ratioToFp32: Math.min(one.ratio, many.ratio),
      streamGain: many.exact / one.exact,
    };
    log(
      `width ${model.width}, depth ${model.depth}: ${one.exact.toFixed(0)} tokens/s of one stream (${one.ratio.toFixed(2)} of fp32), ` +
        `${many.exact.toFixed(0)} of 16 (${many.ratio.toFixed(2)}), ${figures.streamGain.toFixed(1)} times as many`,
    );
    cases.push(figures);
  }
  return { ...cases.at(-1)!, cases };
}

/** Tokens in a second of both, and the median over steps of fp32's time over the exact one's. */
type Measured = { readonly exact: number; readonly fp32: number; readonly ratio: number };

async function measure(recipe: Recipe, streams: number, tokens: number, threads: number): Promise<Measured> {
  const parameters = initialParameters(recipe);
  const exact = await createDecoder(recipe, parameters, {
    kernel: await chooseKernel(),
    threads,
    slots: streams,
    chunk: 1,
  });
  const fp32 = await createFp32Decoder(recipe, parameters.tensors, streams, threads);
  const prompt = Array.from({ length: streams }, (_, stream) => 65 + stream);
  for (const token of prompt) exact.open([token], { temperature: 0, topP: 1, seed: hexOf(1) });
  const times: { exact: number; fp32: number }[] = [];
  let last: readonly number[] = prompt;
  for (let step = 0; step < Math.min(tokens + WARMUP, recipe.model.context); step++) {
    const start = performance.now();
    await exact.step();
    const middle = performance.now();
    last = await fp32.step(last, step);
    times.push({ exact: middle - start, fp32: performance.now() - middle });
  }
  await exact.close();
  const counted = times.slice(WARMUP);
  const rate = (of: 'exact' | 'fp32') => (1e3 * streams) / median(counted.map((time) => time[of]));
  return { exact: rate('exact'), fp32: rate('fp32'), ratio: median(counted.map((time) => time.fp32 / time.exact)) };
}
