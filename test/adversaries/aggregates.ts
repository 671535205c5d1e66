import { expect } from 'chai';

import type { Hash } from '../../engine/commit/hash.ts';
import { aggregateKnowledge, aggregateOf, audited, claimNext } from '../helpers/adversaries/aggregates.ts';
import { openDispute } from '../helpers/adversaries/claims.ts';
import { forge, outputRoot, type Execution } from '../helpers/adversaries/execution.ts';
import { gasSince, openBooks } from '../helpers/adversaries/ledger.ts';
import { honestPlayer, matchOf, nextTurn, playOut, playTo, scriptedPlayer } from '../helpers/adversaries/match.ts';
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
import { play, type Source } from '../../sdk/game-moves.ts';
import { refused } from '../helpers/adversaries/refusals.ts';
import type { Strategy } from '../../workers/lib/game/decide.ts';

describe('the claim of the next global state', function () {
  this.timeout(60_000);
  const stage = worldForTests();
  let rounds: readonly MinerRound[];

  beforeEach(async () => {
    rounds = [await honestRound(stage(), 1), await honestRound(stage(), 2)];
    await audited(stage(), rounds);
  });

  const playClaim = async (
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

  /** The first node that reads the payloads. */
  const meanOf = ({ program }: Execution) => program.nodes.findIndex((node) => node?.op === 'fused');

  it('loses by one element that is not the mean of the payloads', async () => {
    const own = aggregateOf(stage(), rounds);
    const wrong = forge(own, meanOf(own), (data) => (data[5] = data[5]! + 1));
    expectConviction(await playClaim('a wrong sum of pseudo-gradients', wrong, outputRoot(wrong)), 'element');
  });

  it('loses when it was computed for another number of members', async () => {
    const alone = aggregateOf(stage(), rounds.slice(0, 1));
    const result = await playClaim('an aggregate that leaves out a member', alone, outputRoot(alone));
    expect(result.refusals).to.deep.equal(['NotUnderRoot']);
    expectConviction(result, 'clock');
  });

  it('is judged by the payloads of the accepted members alone, each in its place', async () => {
    const world = stage();
    const [claimant, by] = world.others as [Hash, Hash];
    const own = aggregateOf(world, rounds);
    const wrong = forge(own, meanOf(own), (data) => (data[5] = data[5]! + 1));
    const claim = await claimNext(world, claimant, rounds, outputRoot(wrong));
    const honest = aggregateKnowledge(rounds, own);
    const opened = await openDispute(world, by, honest, claim, { subject: 'aggregate' });
    const match = matchOf(opened, honestPlayer(claimant, aggregateKnowledge(rounds, wrong)), honestPlayer(by, honest));
    await playTo(world, match, 'prove');
    const { position, move } = (await nextTurn(world, match, 'challenger'))!;
    if (move.type !== 'prove') throw new TypeError(`${move.type} is not the last move`);
    const [first, second] = move.sources as readonly [Source, Source];
    const forged = { ...first, commitment: { ...first.commitment, payloadRoot: second.commitment.payloadRoot } };
    const cases: readonly [string, readonly Source[]][] = [
      ['WrongSources', []],
      ['WrongSources', [first]],
      ['WrongSources', [first, second, second]],
      ['WrongSource', [second, first]],
      ['WrongSource', [first, first]],
      ['NotTheClaim', [forged, second]],
      ['UnknownSeat', [{ ...first, seat: 2 ** 32 - 1 }, second]],
    ];
    for (const [rule, sources] of cases) {
      const call = play(world.deployment, opened, position, { ...move, sources });
      await refused(rule, world.attempt(by, call));
    }
    expect((await playOut(world, match)).end).to.deep.equal({ claimVoided: true, reason: 'element' });
  });

  it('stands against a challenger that names a right element', async () => {
    const honest = aggregateOf(stage(), rounds);
    const result = await playClaim(
      'sham: a right element of an aggregate',
      honest,
      outputRoot(honest),
      aimAt({ node: 3, element: 7 }),
    );
    expectUpheld(result, 'element');
  });
});
