import { expect } from 'chai';

import type { Hash } from '../../engine/commit/hash.ts';
import { aggregateKnowledge, aggregateOf, audited, claimNext } from '../helpers/adversaries/aggregates.ts';
import { openDispute } from '../helpers/adversaries/claims.ts';
import { forge, outputRoot, type Execution } from '../helpers/adversaries/execution.ts';
import { gasSince, openBooks } from '../helpers/adversaries/ledger.ts';
import { matchOf, playOut, scriptedPlayer } from '../helpers/adversaries/match.ts';
import type { MinerRound } from '../helpers/adversaries/round.ts';
import { aimAt } from '../helpers/adversaries/shams.ts';
import {
  conclude,
  expectConviction,
  expectUpheld,
  honestRound,
  worldForTests,
  type Result,
} from '../helpers/adversaries/stage.ts';
import type { Strategy } from '../../workers/lib/game/decide.ts';

describe('the claim of the next global state', function () {
  this.timeout(60_000);
  const stage = worldForTests();
  let rounds: readonly MinerRound[];

  beforeEach(async () => {
    rounds = [await honestRound(stage(), 1), await honestRound(stage(), 2)];
    await audited(stage(), rounds);
  });

  const play = async (
    scenario: string,
    own: Execution,
    nextRoot: Hash,
    challenger: Partial<Strategy['challenger']> = {},
  ): Promise<Result & { refusals: readonly string[] }> => {
    const world = stage();
    const [claimant, by] = world.others as [Hash, Hash];
    const claim = await claimNext(world, claimant, rounds, nextRoot);
    const honest = aggregateKnowledge(rounds, aggregateOf(world, rounds));
    const from = world.spent.length;
    const close = await openBooks(world, { claimant, challenger: by });
    const opened = await openDispute(world, by, honest, claim, { subject: 'aggregate' });
    const players = [
      scriptedPlayer(claimant, aggregateKnowledge(rounds, own)),
      scriptedPlayer(by, honest, { challenger }),
    ] as const;
    const match = matchOf(opened, ...players);
    const played = await playOut(world, match);
    const result = await conclude(world, scenario, played, { ...(await close()), gas: gasSince(world, from) });
    return { ...result, refusals: match.refusals };
  };

  it('loses by one element that is not the mean of the payloads', async () => {
    const wrong = forge(aggregateOf(stage(), rounds), 0, (data) => (data[5] = data[5]! + 1));
    expectConviction(await play('a wrong sum of pseudo-gradients', wrong, outputRoot(wrong)), 'element');
  });

  it('loses when it was computed for another number of members', async () => {
    const alone = aggregateOf(stage(), rounds.slice(0, 1));
    const result = await play('an aggregate that leaves out a member', alone, outputRoot(alone));
    expect(result.refusals).to.deep.equal(['NotUnderRoot']);
    expectConviction(result, 'clock');
  });

  it('stands against a challenger that names a right element', async () => {
    const honest = aggregateOf(stage(), rounds);
    const result = await play(
      'sham: a right element of an aggregate',
      honest,
      outputRoot(honest),
      aimAt({ node: 3, element: 7 }),
    );
    expectUpheld(result, 'element');
  });
});
