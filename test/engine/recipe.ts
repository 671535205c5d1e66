import { expect } from 'chai';
import { initialParameters } from '../../engine/nn/initial.ts';
import { parseRecipe, recipeRoot, requireRecipeRoot, tokensPerRound } from '../../engine/recipe.ts';
import { failsWith } from '../helpers/errors.ts';
import { tinyRecipe, tinyRecipeInput } from '../helpers/recipes.ts';

const GOLDEN_ROOT = '0x08abe6f57a3fdcd5a958995befda6d5e7f51b69330280618c0e3c5617fc52ea4';

describe('a recipe', () => {
  it('hashes to one root whatever the order of its fields and whether defaults are written out', () => {
    const recipe = tinyRecipe();
    const reversed = Object.fromEntries(Object.entries(tinyRecipeInput).toReversed());
    expect(recipeRoot(parseRecipe(JSON.stringify(reversed)))).to.equal(recipeRoot(recipe));
    expect(recipeRoot(parseRecipe(JSON.stringify(recipe)))).to.equal(recipeRoot(recipe));
    expect(recipeRoot(tinyRecipe({ batch: 5 }))).not.to.equal(recipeRoot(recipe));
  });

  it('keeps its root: a change of the format would orphan every run', () => {
    expect(recipeRoot(tinyRecipe())).to.equal(GOLDEN_ROOT);
  });

  it('names the field that is wrong', async () => {
    const cases: [object | string, string][] = [
      ['{"name":', 'the document'],
      [{ ...tinyRecipeInput, batch: 0 }, 'batch'],
      [{ ...tinyRecipeInput, colour: 'red' }, 'the document'],
      [{ ...tinyRecipeInput, model: { ...tinyRecipeInput.model, heads: 3 } }, 'model.heads'],
      [{ ...tinyRecipeInput, model: { ...tinyRecipeInput.model, vocabulary: 300 } }, 'model.vocabulary'],
      [{ ...tinyRecipeInput, round: { steps: 5, segments: 2 } }, 'round.segments'],
      [{ ...tinyRecipeInput, round: { steps: 4, segments: 2, outerLearningRate: 1 } }, 'round'],
      [{ ...tinyRecipeInput, round: { steps: 4, segments: 2, epoch: 65 } }, 'round.epoch'],
      [{ ...tinyRecipeInput, outer: { lateLearningRate: 0.4 } }, 'outer.lateFrom'],
      [{ ...tinyRecipeInput, outer: { name: 'lbfgs' } }, 'outer.name'],
      [{ ...tinyRecipeInput, aggregation: { name: 'trimmed-mean', trim: 0.5 } }, 'aggregation.trim'],
      [{ ...tinyRecipeInput, slices: { weights: 3 } }, 'slices.weights'],
      [{ ...tinyRecipeInput, dataset: { ...tinyRecipeInput.dataset, trainTokens: 16 } }, 'dataset.trainTokens'],
      [{ ...tinyRecipeInput, compression: { name: 'sparseloco', chunk: 1536 } }, 'compression.chunk'],
      [{ ...tinyRecipeInput, compression: { name: 'sparseloco', chunk: 16, k: 17 } }, 'compression.k'],
      [{ ...tinyRecipeInput, compression: { name: 'sparseloco', chunk: 2048, k: 513 } }, 'compression.k'],
    ];
    for (const [source, argument] of cases) {
      const error = await failsWith('RECIPE_INVALID', () => parseRecipe(source as string));
      expect(error.argument).to.equal(argument);
    }
  });

  it('keeps local state for up to 64 rounds', () => {
    const round = { steps: 4, segments: 2, epoch: 64 };
    expect(parseRecipe({ ...tinyRecipeInput, round }).round).to.deep.equal(round);
  });

  it('is refused when it is not the one that the run was created with', async () => {
    const recipe = tinyRecipe();
    requireRecipeRoot(recipe, recipeRoot(recipe));
    await failsWith('RECIPE_ROOT_MISMATCH', () => requireRecipeRoot(recipe, recipeRoot(tinyRecipe({ batch: 5 }))));
  });

  it('counts the tokens of a round', () => {
    expect(tokensPerRound(tinyRecipe())).to.equal(4 * 4 * 16);
  });

  it('gives initial parameters that follow from its seed alone, with the deviations of the model', () => {
    const [a, b] = [initialParameters(tinyRecipe()), initialParameters(tinyRecipe())];
    expect(Buffer.from(a.bytes).equals(b.bytes)).to.equal(true);
    const other = initialParameters(tinyRecipe({ seed: `0x${'08'.repeat(32)}` }));
    expect(Buffer.from(a.bytes).equals(other.bytes)).to.equal(false);
    const values = a.tensors.get('embedding')!;
    const deviation = Math.sqrt(Array.from(values).reduce((sum, x) => sum + x * x, 0) / values.length);
    expect(deviation).to.be.closeTo(0.1, 0.003);
  });
});
