// Stands by a receipt that says the token after the one that the model gives, to the end of every game.
import { lieAboutSlot, lyingTestimony } from '../../../cli/dispute/lies.ts';
import { runChallenger } from '../../../workers/challenger/main.ts';

await runChallenger({
  witness: (honest) => ({
    ...honest,
    async testify(position, first, signal) {
      const truth = await honest.testify(position, first, signal);
      if (position.subject !== 'token') return truth;
      const { program } = truth.notes;
      return lyingTestimony(
        truth,
        lieAboutSlot(program, 'token', (token) => void (token[0] = (token[0]! + 1) % 256)),
      );
    },
  }),
});
