import { Option } from 'commander';
import { loadDataset, type Dataset } from '../../engine/data/dataset.ts';
import { parseRecipe, type Recipe, type RecipeInput } from '../../engine/recipe.ts';

/** A million characters of plays by Shakespeare, as language models are often tried on: in the public domain. */
const TEXT = 'bench/data/tinyshakespeare.txt';

/** `--data PATH`; by default a text that stays as it is, so that losses can be compared. */
export function dataOption(): Option {
  return new Option('--data <path>', 'text to train on: a file, a folder or a glob').default(TEXT);
}

const zero = `0x${'00'.repeat(32)}`;

/** A recipe over byte tokens whose only purpose is to be measured. */
export function measuredRecipe(
  model: Pick<Recipe['model'], 'depth' | 'width' | 'heads' | 'context'>,
  fields: Partial<RecipeInput> & { batch: number },
  dataset?: Dataset,
): Recipe {
  return parseRecipe({
    name: 'bench',
    model: { ...model, vocabulary: 256 },
    optimizer: { learningRate: 1e-3, warmupSteps: 50, steps: 1_000 },
    round: { steps: 20, segments: 2 },
    dataset: {
      root: dataset?.root ?? zero,
      trainTokens: dataset?.train.length ?? 2 ** 20,
      heldOutTokens: dataset?.heldOut.length ?? 0,
    },
    seed: zero,
    ...fields,
  });
}

export async function datasetAt(path: unknown, context: number): Promise<Dataset> {
  return loadDataset(String(path), { context });
}

/** The step that is timed: 4 layers, context 128, batch 16, heads of 64. */
export function stepRecipe(width: number): Recipe {
  return measuredRecipe({ depth: 4, width, heads: width / 64, context: 128 }, { batch: 16 });
}

/** The step that is traced: as many tokens as the demo's, of a model of any width and depth. */
export function tracedRecipe(width: number, depth: number): Recipe {
  return measuredRecipe({ depth, width, heads: Math.max(4, width / 64), context: 64 }, { batch: 16 });
}

/** Tokens from a fixed linear congruential generator: every machine measures, and hashes, the same. */
export function syntheticBatch({ batch, model }: Recipe, step: number): Uint32Array<ArrayBuffer> {
  let word = step + 1;
  return Uint32Array.from({ length: batch * (model.context + 1) }, () => {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
    return word >>> 24;
  });
}
