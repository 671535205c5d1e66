// The demo's cheating miner: an honest one in everything but its trainer, which changes one number at a single inner step
// of each round from its second one on, as a miner that wants to steer the model would.
import { createTrainer, type Trainer } from '../../engine/training.ts';
import { runMiner } from '../../workers/miner/main.ts';

const POISON = 1 / 16;

/** Honest in the first `steps` inner steps; from then on dishonest at the last one of every `steps`. */
function poisoned(honest: Trainer, steps: number): Trainer {
  let taken = 0;
  return {
    async step(state, batch) {
      const next = await honest.step(state, batch);
      taken += 1;
      if (taken > steps && taken % steps === 0) next.tensors.get('head')![0]! += POISON;
      return next;
    },
    close: () => honest.close(),
  };
}

await runMiner({
  createTrainer: async (recipe, options) => poisoned(await createTrainer(recipe, options), recipe.round.steps),
});
