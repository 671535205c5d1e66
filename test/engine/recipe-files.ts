import { expect } from 'chai';
import { createDataset } from '../../engine/data/dataset.ts';
import { learningRateAt } from '../../engine/optim/adamw.ts';
import type { Optimizer, Outer } from '../../engine/recipe.ts';
import { fittedTo, recipeNames, recipeOf } from '../../bench/lib/recipe-files.ts';

const dataset = createDataset('the quick brown fox jumps over the lazy dog, '.repeat(60), { context: 32 });
const seed = `0x${'01'.repeat(32)}` as const;

describe('the recipes that come with Swarmlock', () => {
  it('are valid, and named after their files', async () => {
    const names = await recipeNames();
    expect(names).to.include.members(['sparseloco', 'diloco', 'adamw-sync', 'muon']);
    for (const name of names) expect((await recipeOf(name)).name).to.equal(name);
  });

  it('keep the shares of their schedule in a run of another length', async () => {
    const own = await recipeOf('sparseloco');
    const { steps } = own.optimizer as Optimizer<'adamw'>;
    const outer = { name: 'sgd', learningRate: 2, lateLearningRate: 1, lateFrom: 80 } as const;
    const length = { steps: steps / 2, innerSteps: 2 * own.round.steps };
    const half = fittedTo({ ...own, outer }, { ...length, dataset, seed });
    const at = (recipe: typeof own, t: number) => learningRateAt(recipe.optimizer as Optimizer<'adamw'>, t);
    expect(at(half, steps / 4)).to.be.closeTo(at(own, steps / 2), 1e-4);
    expect((half.outer as Outer<'sgd'>).lateFrom).to.equal(outer.lateFrom / 4);
    expect(half.dataset.root).to.equal(dataset.root);
    const sync = fittedTo(await recipeOf('adamw-sync'), { steps: 200, innerSteps: 1, dataset, seed });
    expect((sync.outer as Outer<'adamw'>).steps).to.equal(200);
  });
});
