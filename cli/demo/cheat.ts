// The demo's cheating miner: an honest one in everything but its trainer, which changes one number at a single inner step
// of each round from its second one on, as a miner that wants to steer the model would. Disputed, it stands by what it did:
// it shows a trace of that step in which the number is what it wants it to be.
import { createTrainer, type Trainer } from '../../engine/training.ts';
import type { Witness } from '../../workers/lib/game/witness.ts';
import { runMiner } from '../../workers/miner/main.ts';
import { lieAboutSlot, lyingWitness, type Edit } from '../dispute/lies.ts';

const SLOT = 'head';
const poison: Edit = (data) => void (data[0]! += 1 / 16);

/** Inner steps of a round; the last one is the one that is poisoned. */
let steps = 0;

/** Honest in the first `steps` inner steps; from then on dishonest at the last one of every `steps`. */
function poisoned(honest: Trainer): Trainer {
  let taken = 0;
  return {
    async step(state, batch) {
      const next = await honest.step(state, batch);
      taken += 1;
      if (taken > steps && taken % steps === 0) poison(next.tensors.get(SLOT)!);
      return next;
    },
    close: () => honest.close(),
  };
}

function stubborn(honest: Witness): Witness {
  return lyingWitness(honest, steps - 1, (program) => lieAboutSlot(program, SLOT, poison));
}

await runMiner({
  createTrainer: async (recipe, options) => {
    ({ steps } = recipe.round);
    return poisoned(await createTrainer(recipe, options));
  },
  witness: stubborn,
});
