import { createHash } from 'node:crypto';

import type { Dataset } from '../../engine/data/dataset.ts';
import { byteTokenizer } from '../../engine/data/tokenizer.ts';
import type { State } from '../../engine/graph/state.ts';
import type { ExecutorOptions } from '../../engine/onnx/executor.ts';
import type { Recipe } from '../../engine/recipe.ts';
import { generate } from '../../engine/training.ts';

const TEMPERATURE = 0.6;

export type Sample = { readonly prompt: string; readonly sample: string };

/** Lets a model continue the start of the held-out text; the same seed gives the same words. */
export async function sampleText(
  recipe: Recipe,
  parameters: State,
  dataset: Dataset,
  { seed, length, executor }: { seed: number; length: number; executor: ExecutorOptions },
): Promise<Sample> {
  const prompt = Array.from(dataset.heldOut.subarray(0, recipe.model.context));
  const options = { ...executor, length, temperature: TEMPERATURE, random: randomOf(seed) };
  const tokens = await generate(recipe, parameters, prompt, options);
  return { prompt: byteTokenizer.decode(prompt), sample: byteTokenizer.decode(tokens) };
}

/** Uniform numbers in [0, 1), by hashing a counter. */
function randomOf(seed: number): () => number {
  let count = 0;
  return () => createHash('sha256').update(`swarmlock/sample ${seed} ${count++}`).digest().readUInt32BE(0) / 2 ** 32;
}
