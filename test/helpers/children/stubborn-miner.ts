// A miner that changes one number at the last inner step of each round, serves nothing, and stands by it in a game.
import { createTrainer, type Trainer } from '../../../engine/training.ts';
import { lieAboutSlot, lyingWitness, type Edit } from '../../../cli/dispute/lies.ts';
import { runMiner } from '../../../workers/miner/main.ts';

const SLOT = 'head';
const edit: Edit = (data) => void (data[0]! += 1 / 16);

/** Inner steps of a round. */
let steps = 0;

function poisoned(honest: Trainer): Trainer {
  let taken = 0;
  return {
    async step(state, batch) {
      const next = await honest.step(state, batch);
      taken += 1;
      if (taken % steps === 0) edit(next.tensors.get(SLOT)!);
      return next;
    },
    close: () => honest.close(),
  };
}

await runMiner({
  createTrainer: async (recipe, options) => {
    ({ steps } = recipe.round);
    return poisoned(await createTrainer(recipe, options));
  },
  witness: (honest) => lyingWitness(honest, steps - 1, (program) => lieAboutSlot(program, SLOT, edit)),
});
