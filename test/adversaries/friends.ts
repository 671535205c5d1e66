import { expect } from 'chai';
import { type Address } from 'viem';

import { readChallenge, readClaim } from '../../sdk/claims.ts';
import { readGame } from '../../sdk/game.ts';
import { claimRound } from '../helpers/adversaries/claims.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { gasSince, openBooks, record } from '../helpers/adversaries/ledger.ts';
import { misstateHead } from '../helpers/adversaries/lies.ts';
import { move, playOut, playTo } from '../helpers/adversaries/match.ts';
import { deviate, type MinerRound } from '../helpers/adversaries/round.ts';
import { aimAt, silentFrom } from '../helpers/adversaries/shams.ts';
import { honestRound, seat, worldForTests } from '../helpers/adversaries/stage.ts';
import { BOND, CHALLENGE_BOND, type World } from '../helpers/adversaries/world.ts';
import type { Strategy } from '../../workers/lib/game/decide.ts';

const dispute = { subject: 'segment', segment: 0 } as const;
const lie = (honest: MinerRound) => deviate(honest, 1, misstateHead);

describe('friends of a cheat', function () {
  this.timeout(60_000);
  const stage = worldForTests();

  /** A false claim with a game of a friend on it, and one of an honest challenger. */
  const cast = async (friend: (world: World) => Address, habit: Partial<Strategy['challenger']>) => {
    const world = stage();
    const honest = await honestRound(world);
    const claimed = lie(honest);
    const claim = await claimRound(world, claimed);
    const by = world.others[0]!;
    const casting = { claimed, claim, dispute, challengerKnows: knowledgeOf(honest) };
    const close = await openBooks(world, { cheat: claimed.participant, friend: friend(world), honest: by });
    const sham = await seat(world, { ...casting, by: friend(world), challenger: habit });
    const fair = await seat(world, { ...casting, by });
    return { world, claim, sham, fair, close };
  };

  it('cannot block an honest challenger with a challenge of its own', async () => {
    const { world, claim, sham, fair, close } = await cast(
      ({ miners }) => miners[0],
      silentFrom('chooseNodes', { node: 0 }),
    );
    await move(world, sham);
    await playOut(world, fair);
    expect((await readClaim(world.client, world.deployment, claim.id)).status).to.equal('voided');
    await playOut(world, sham);
    const { cheat, honest } = await close();
    record({
      scenario: 'a self-challenge that blocks',
      winner: 'challenger',
      reason: 'element',
      moves: 10,
      gas: gasSince(world, 0),
      claimant: cheat,
      challenger: honest,
    });
    expect([cheat.stake, honest.stake]).to.deep.equal([-BOND, BOND / 2n]);
  });

  it('may lose to it on purpose: the claim stands again only where no honest game is on', async () => {
    const { world, claim, sham, fair, close } = await cast(({ others }) => others[1]!, aimAt({ node: 100 }));
    await playOut(world, sham);
    expect((await readClaim(world.client, world.deployment, claim.id)).status).to.equal('frozen');
    await playOut(world, fair);
    const { cheat, friend, honest } = await close();
    record({
      scenario: 'a friend that loses on purpose',
      winner: 'challenger',
      reason: 'element',
      moves: 10,
      gas: gasSince(world, 0),
      claimant: cheat,
      challenger: honest,
    });
    expect([cheat.stake, friend.stake, honest.stake]).to.deep.equal([
      CHALLENGE_BOND / 2n - BOND,
      -CHALLENGE_BOND,
      BOND / 2n,
    ]);
  });

  it('may convict it first: the honest challenger has bond and pending escrow back, half of the bond is burned', async () => {
    const { world, claim, sham, fair, close } = await cast(({ others }) => others[1]!, {});
    await playTo(world, fair, 'leaf');
    const { escrow } = await readGame(world.client, world.deployment, fair.opened);
    expect(escrow > 0n).to.equal(true);
    await playOut(world, sham);
    expect((await readClaim(world.client, world.deployment, claim.id)).status).to.equal('voided');
    await playOut(world, fair);
    const { cheat, friend, honest } = await close();
    record({
      scenario: 'a friend that convicts first',
      winner: 'friend',
      reason: 'element',
      moves: 10,
      gas: gasSince(world, 0),
      claimant: cheat,
      challenger: honest,
    });
    expect(cheat.stake + friend.stake).to.equal(-BOND / 2n);
    expect(honest.stake).to.equal(0n);
    expect(await readChallenge(world.client, world.deployment, claim.id, fair.opened.challenger)).to.equal('closed');
  });
});
