import type { Hash } from '../../engine/commit/hash.ts';
import type { RecipeInput } from '../../engine/recipe.ts';
import { aggregateKnowledge, aggregateOf, audited, claimNext } from '../helpers/adversaries/aggregates.ts';
import { openDispute } from '../helpers/adversaries/claims.ts';
import { forge, outputRoot } from '../helpers/adversaries/execution.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { gasSince, openBooks } from '../helpers/adversaries/ledger.ts';
import { misstateHead } from '../helpers/adversaries/lies.ts';
import { matchOf, playOut, scriptedPlayer } from '../helpers/adversaries/match.ts';
import { deviate } from '../helpers/adversaries/round.ts';
import { aimAt } from '../helpers/adversaries/shams.ts';
import {
  conclude,
  expectConviction,
  expectUpheld,
  honestRound,
  stageDispute,
  worldForTests,
} from '../helpers/adversaries/stage.ts';
import { SMALL } from '../helpers/adversaries/world.ts';

const recipes: Record<string, Partial<RecipeInput>> = {
  'Muon under an outer AdamW': {
    optimizer: { name: 'muon', learningRate: 3e-3, steps: 100, schedule: 'run' },
    outer: { name: 'adamw', learningRate: 3e-3, steps: 10 },
  },
  'plain descent under Nesterov': { optimizer: { name: 'sgd' }, outer: { name: 'nesterov' } },
};

for (const [name, fields] of Object.entries(recipes)) {
  describe(`a run by ${name}, under the same rules`, function () {
    this.timeout(120_000);
    const stage = worldForTests({ ...SMALL, ...fields });

    it('convicts a wrong inner step', async () => {
      const honest = await honestRound(stage());
      const dispute = { subject: 'segment', segment: 0 } as const;
      const wrong = { scenario: `a wrong step by ${name}`, claimed: deviate(honest, 1, misstateHead) };
      expectConviction(
        await stageDispute(stage(), { ...wrong, challengerKnows: knowledgeOf(honest), dispute }),
        'element',
      );
    });

    it('upholds an honest round whatever is contested', async () => {
      const honest = await honestRound(stage());
      const sham = { scenario: `sham: a step by ${name}`, challenger: aimAt({ node: 100 }) };
      const dispute = { subject: 'segment', segment: 0 } as const;
      const challengerKnows = knowledgeOf(honest);
      expectUpheld(await stageDispute(stage(), { ...sham, claimed: honest, challengerKnows, dispute }), 'element');
    });

    it('convicts a wrong moment of the outer step', async () => {
      const world = stage();
      const rounds = [await honestRound(world, 1), await honestRound(world, 2)];
      await audited(world, rounds);
      const right = aggregateOf(world, rounds);
      const moment = right.program.output.groups[0]!.findIndex((slot) =>
        /^outer\.(first|momentum)\.head$/.test(slot.name),
      );
      const wrong = forge(right, right.program.outputStart + moment, (data) => (data[5] = data[5]! + 1));
      const [claimant, by] = world.others as [Hash, Hash];
      const claim = await claimNext(world, claimant, rounds, outputRoot(wrong));
      const from = world.spent.length;
      const close = await openBooks(world, { claimant, challenger: by });
      const opened = await openDispute(world, by, aggregateKnowledge(rounds, right), claim, { subject: 'aggregate' });
      const players = [aggregateKnowledge(rounds, wrong), aggregateKnowledge(rounds, right)] as const;
      const match = matchOf(opened, scriptedPlayer(claimant, players[0]), scriptedPlayer(by, players[1]));
      const played = await playOut(world, match);
      const scenario = `a wrong moment of the outer step by ${name}`;
      expectConviction(
        await conclude(world, scenario, played, { ...(await close()), gas: gasSince(world, from) }),
        'element',
      );
    });
  });
}
