import { createDataset } from '../../../engine/data/dataset.ts';
import { expect } from 'chai';

import { openArena, type Arena } from '../../../cli/dispute/arena.ts';
import { dearNodes, measureGames } from '../../../cli/dispute/measure.ts';
import { readGames } from '../../../cli/dispute/narrator.ts';
import type { Dataset } from '../../../engine/data/dataset.ts';
import { tinyRecipe } from '../../helpers/recipes.ts';

const context = 4;
const text = 'A text that is long enough to be cut into batches, and no longer. '.repeat(40);
const recipe = ({ root, train, heldOut }: Dataset) =>
  tinyRecipe({
    model: { depth: 1, width: 8, heads: 2, context, vocabulary: 256 },
    batch: 1,
    round: { steps: 4, segments: 2, epoch: 2 },
    dataset: { root, trainTokens: train.length, heldOutTokens: heldOut.length },
  });

const open = () => openArena({ text, context, recipe });

describe('a dispute in one process', function () {
  this.timeout(120_000);
  let arena: Arena;
  before(async () => (arena = await open()));
  after(() => arena.close());

  it('is about the same batches each time', async () => {
    const again = await open();
    expect(again.seed).to.equal(arena.seed);
    expect(again.recipe.dataset.root).to.equal(createDataset(text, { context }).root);
    await again.close();
  });

  it('convicts each lie, and counts the gas of both sides', async () => {
    const games = await measureGames(arena, dearNodes, () => undefined);
    expect(games.map(({ operator }) => operator)).to.include.members(['matmul_nt', 'div', 'load_batch']);
    for (const { moves, gasTotal, gasFinal, answererGas, challengerGas } of games) {
      expect(moves).to.be.within(8, 15);
      expect(answererGas + challengerGas).to.equal(gasTotal);
      expect(gasFinal).to.be.within(150_000, 600_000).and.below(challengerGas);
    }
    // What the games did to the chain is undone.
    expect(await readGames(arena.chain.client, arena.chain.deployment, 1n)).to.deep.equal([]);
  });
});
