import { parseRecipe, type Recipe, type RecipeInput } from '../../engine/recipe.ts';

/** A recipe small enough for the reference evaluator. */
export const tinyRecipeInput = {
  name: 'tiny',
  model: { depth: 2, width: 32, heads: 2, context: 16, vocabulary: 256 },
  batch: 4,
  optimizer: { learningRate: 3e-3, warmupSteps: 5, steps: 100 },
  round: { steps: 4, segments: 2 },
  dataset: { root: `0x${'00'.repeat(32)}`, trainTokens: 10_000, heldOutTokens: 1_000 },
  seed: `0x${'07'.repeat(32)}`,
} satisfies RecipeInput;

export function tinyRecipe(fields: Partial<RecipeInput> = {}): Recipe {
  return parseRecipe({ ...tinyRecipeInput, ...fields });
}

/** Rows of a periodic text, from which a model can learn. */
export function periodicBatch({ batch, model }: Recipe, seed: number): Uint32Array<ArrayBuffer> {
  const text = 'the quick brown fox jumps over the lazy dog, and ';
  const length = model.context + 1;
  return Uint32Array.from({ length: batch * length }, (_, i) => {
    const start = (seed * 31 + Math.floor(i / length) * 17) % text.length;
    return text.charCodeAt((start + (i % length)) % text.length);
  });
}
