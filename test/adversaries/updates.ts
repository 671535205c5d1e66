import { expect } from 'chai';
import { aggregateProgram, payloadProgram } from '../../engine/programs.ts';
import type { RecipeInput } from '../../engine/recipe.ts';
import { aggregateKnowledge, aggregateOf, audited, claimNext } from '../helpers/adversaries/aggregates.ts';
import { oneWrongBit } from '../helpers/adversaries/bits.ts';
import { boundOf, kindsOf } from '../helpers/adversaries/bounds.ts';
import { openDispute } from '../helpers/adversaries/claims.ts';
import { outputRoot } from '../helpers/adversaries/execution.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { gasSince, openBooks } from '../helpers/adversaries/ledger.ts';
import { endsElsewhere } from '../helpers/adversaries/lies.ts';
import { matchOf, playOut, scriptedPlayer } from '../helpers/adversaries/match.ts';
import { playRound } from '../helpers/adversaries/round.ts';
import { conclude, expectConviction, honestRound, stageDispute, worldForTests } from '../helpers/adversaries/stage.ts';
import { SMALL, type World } from '../helpers/adversaries/world.ts';
import { tinyRecipe } from '../helpers/recipes.ts';

/** Updates of which a chunk keeps few elements, and whose norms are clipped to their median. */
const SPARSE: Partial<RecipeInput> = {
  ...SMALL,
  compression: { name: 'sparseloco', chunk: 4096, k: 64 },
  aggregation: { name: 'clipped-mean' },
};
const MEMBERS = 2;

const compression = payloadProgram(tinyRecipe(SPARSE));
const aggregation = aggregateProgram(tinyRecipe(SPARSE), MEMBERS);

describe('one wrong bit in what becomes of an update', function () {
  this.timeout(60_000);
  const stage = worldForTests(SPARSE);

  const expectGas = ({ spent }: World, bound: number) => {
    const { gas } = spent.findLast(({ name }) => name === 'Game.prove')!;
    expect(Number(gas)).to.be.at.most(bound);
  };

  for (const op of kindsOf(compression)) {
    it(`by ${op} as a miner compresses it is found, and convicts`, async () => {
      const world = stage();
      const honest = await honestRound(world);
      const claimed = playRound(honest, {
        step: (number) => honest.steps[number]!,
        payload: (own) => oneWrongBit(own, op, endsElsewhere),
      });
      const result = await stageDispute(world, {
        scenario: `one wrong bit of a compression in a result of \`${op}\``,
        claimed,
        challengerKnows: knowledgeOf(honest),
        dispute: { subject: 'payload' },
      });
      expectConviction(result, 'element');
      expectGas(world, boundOf(honest.payload, claimed.payload));
    });
  }

  for (const op of kindsOf(aggregation)) {
    it(`by ${op} as members are aggregated is found, and convicts`, async () => {
      const world = stage();
      const rounds = [await honestRound(world, 1), await honestRound(world, 2)];
      await audited(world, rounds);
      const [claimant, by] = world.others as [`0x${string}`, `0x${string}`];
      const honest = aggregateOf(world, rounds);
      const wrong = oneWrongBit(honest, op, endsElsewhere);
      const claim = await claimNext(world, claimant, rounds, outputRoot(wrong));
      const from = world.spent.length;
      const close = await openBooks(world, { claimant, challenger: by });
      const truth = aggregateKnowledge(rounds, honest);
      const opened = await openDispute(world, by, truth, claim, { subject: 'aggregate' });
      const lie = scriptedPlayer(claimant, aggregateKnowledge(rounds, wrong));
      const played = await playOut(world, matchOf(opened, lie, scriptedPlayer(by, truth)));
      const scenario = `one wrong bit of an aggregate in a result of \`${op}\``;
      const result = await conclude(world, scenario, played, { ...(await close()), gas: gasSince(world, from) });
      expectConviction(result, 'element');
      expectGas(world, boundOf(honest, wrong));
    });
  }
});
