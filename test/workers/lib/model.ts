import { expect } from 'chai';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { recipeRoot, tokensPerSegment, type Recipe } from '../../../engine/recipe.ts';
import type { RunParameters } from '../../../sdk/run.ts';
import { openDataset, openModel } from '../../../workers/lib/model.ts';
import { programsOf } from '../../../workers/lib/programs.ts';
import { failsWith } from '../../helpers/errors.ts';
import { freshFolder } from '../../helpers/folders.ts';
import { tinyRecipe } from '../../helpers/recipes.ts';
import { parameters, rootOf } from '../../helpers/runs.ts';

const recipe = tinyRecipe();

const bound = programsOf(recipe, parameters.maxMembers);

describe('the model of a run', () => {
  const folder = freshFolder();
  const written = (content: string): string => {
    const path = join(folder(), 'file');
    writeFileSync(path, content);
    return path;
  };
  const runOf = (changes: Partial<RunParameters> = {}): RunParameters => ({
    ...parameters,
    recipeRoot: recipeRoot(recipe),
    programsRoot: bound.root,
    datasetRoot: recipe.dataset.root as `0x${string}`,
    segments: recipe.round.segments,
    epochRounds: recipe.round.epoch,
    tokensPerSegment: BigInt(tokensPerSegment(recipe)),
    ...changes,
  });
  const open = (content: string, run = runOf()) =>
    openModel({ recipe: written(content), provider: 'cpu', threads: 1, reserve: 0n }, run);
  const json = (of: Recipe): string => JSON.stringify(of);

  it('is opened with a kernel that is exact here', async () => {
    const model = await open(json(recipe));
    expect(model.recipe).to.deep.equal(recipe);
    expect(model.executor).to.include({ provider: 'cpu', threads: 1 });
    expect([model.programs, model.aggregates]).to.deep.equal([bound.programs, bound.aggregates]);
    await model.close();
  }).timeout(20_000);

  it('is refused when the recipe cannot be read, does not parse, or is another one', async () => {
    const absent = { recipe: join(folder(), 'absent'), provider: 'cpu', threads: 1, reserve: 0n } as const;
    await failsWith('RECIPE_UNREADABLE', openModel(absent, runOf()));
    await failsWith('RECIPE_INVALID', open('{'));
    await failsWith('RECIPE_ROOT_MISMATCH', open(json({ ...recipe, batch: recipe.batch + 1 })));
  });

  for (const [field, value] of [
    ['segments', 9],
    ['epochRounds', 3],
    ['tokensPerSegment', 5n],
    ['datasetRoot', rootOf(9)],
    // Other programs than the contracts know: an honest round would be convicted.
    ['programsRoot', rootOf(9)],
  ] as const) {
    it(`is refused when the run's ${field} contradicts its recipe`, async () => {
      const error = await failsWith('RUN_MISMATCH', open(json(recipe), runOf({ [field]: value })));
      expect(error.argument).to.equal(field);
    });
  }

  it('has no text but the one that the recipe names', async () => {
    await failsWith('DATASET_TOO_SHORT', openDataset(written('short'), recipe));
    await failsWith('DATASET_ROOT_MISMATCH', openDataset(written('x'.repeat(5_000)), recipe));
  });
});
