import { expect } from 'chai';
import { trainingProgram } from '../../engine/programs.ts';
import { oneWrongBit } from '../helpers/adversaries/bits.ts';
import { boundOf, kindsOf } from '../helpers/adversaries/bounds.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { endsElsewhere, lasts } from '../helpers/adversaries/lies.ts';
import { deviate } from '../helpers/adversaries/round.ts';
import { expectConviction, honestRound, stageDispute, worldForTests } from '../helpers/adversaries/stage.ts';
import { SMALL } from '../helpers/adversaries/world.ts';
import { tinyRecipe } from '../helpers/recipes.ts';

/**
 * The step that goes wrong; those after it are honest work on what it gave. What only the loss and the step counter are
 * computed with goes wrong in the last step of the segment: the next one has another loss, and rounds the counter.
 */
const stepOf = (op: string) => (op === 'add' ? 3 : 2);
const countsOf = (op: string) => (stepOf(op) === 3 ? endsElsewhere : lasts);

describe('one wrong bit', function () {
  this.timeout(60_000);
  const stage = worldForTests();

  for (const op of kindsOf(trainingProgram(tinyRecipe(SMALL)))) {
    it(`in a result of ${op} is found, and convicts`, async () => {
      const world = stage();
      const honest = await honestRound(world);
      const at = stepOf(op);
      const claimed = deviate(honest, at, (step) => oneWrongBit(step, op, countsOf(op)));
      const result = await stageDispute(world, {
        scenario: `one wrong bit in a result of \`${op}\``,
        claimed,
        challengerKnows: knowledgeOf(honest),
        dispute: { subject: 'segment', segment: 0 },
      });
      expectConviction(result, 'element');
      const { gas } = world.spent.findLast(({ name }) => name === 'Game.prove')!;
      expect(Number(gas)).to.be.at.most(boundOf(honest.steps[at]!, claimed.steps[at]!));
    });
  }
});
