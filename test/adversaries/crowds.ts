import { expect } from 'chai';
import { isAddressEqual, type Address } from 'viem';

import { readClaim } from '../../sdk/claims.ts';
import { moverIn, secretOf } from '../../sdk/game.ts';
import { readOpenedGames } from '../../sdk/game-events.ts';
import { announce, openGame, play } from '../../sdk/game-moves.ts';
import { firstDemandOf } from '../../workers/lib/game/demand.ts';
import { sendAll, type Sending } from '../helpers/adversaries/batch.ts';
import { claimRound, feeFor, openingOf, type Claimed } from '../helpers/adversaries/claims.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { gasSince, openBooks, record } from '../helpers/adversaries/ledger.ts';
import {
  honestPlayer,
  look,
  matchOf,
  nextCall,
  playTo,
  scriptedPlayer,
  type Match,
} from '../helpers/adversaries/match.ts';
import { type MinerRound } from '../helpers/adversaries/round.ts';
import { aimAt, silentFrom } from '../helpers/adversaries/shams.ts';
import { honestRound, seat, worldForTests } from '../helpers/adversaries/stage.ts';
import { CHALLENGE_BOND, type World } from '../helpers/adversaries/world.ts';
import type { Strategy } from '../../workers/lib/game/decide.ts';

const dispute = { subject: 'segment', segment: 0 } as const;

/** How spammers play: each gives up at another point, or lets the referee say that it is wrong. */
const habits: readonly Partial<Strategy['challenger']>[] = [
  silentFrom('chooseNodes', { node: 0 }),
  silentFrom('chooseChunks', { node: 300 }),
  silentFrom('prove', { node: 500 }),
  aimAt({ node: 100 }),
  aimAt({ node: 800 }),
  aimAt({ node: 1023 }),
];

describe('many challengers of one claim', function () {
  this.timeout(240_000);
  const stage = worldForTests();

  it('a hundred spam challenges cost an honest claimant nothing, and earn it half of their bonds', async () => {
    const world = stage();
    const honest = await honestRound(world);
    const claim = await claimRound(world, honest);
    const spammers: Address[] = [];
    for (let i = 0; i < 100; i += 1) spammers.push(await world.newcomer(`spammer ${i}`));
    const close = await openBooks(world, { claimant: honest.participant, first: spammers[0]! });
    const from = world.spent.length;
    const matches = await openAll(world, honest, claim, spammers);
    expect((await readClaim(world.client, world.deployment, claim.id)).openChallenges).to.equal(100);

    while (await sweep(world, matches));
    await world.pass(200);
    await timeOutAll(world, matches);

    for (const match of matches) {
      const { end, turns } = await look(world, match);
      expect(end?.claimVoided).to.equal(false);
      expect(turns.at(-1)!.moves).to.be.lessThan(15);
    }
    const { claimant, first } = await close();
    const gas = gasSince(world, from);
    record({
      scenario: 'a hundred spam challenges',
      winner: 'claimant',
      reason: 'all',
      moves: 0,
      gas,
      claimant,
      challenger: first,
    });
    expect(claimant.stake).to.equal(50n * CHALLENGE_BOND);
    expect(claimant.native >= 0n, 'every answer is paid').to.equal(true);
    expect(first.stake).to.equal(-CHALLENGE_BOND);
    expect((await readClaim(world.client, world.deployment, claim.id)).status).to.equal('standing');
  });

  it('an answer once given is given in another game by a stranger, who is paid for it', async () => {
    const world = stage();
    const honest = await honestRound(world);
    const claim = await claimRound(world, honest);
    const [one, two, stranger] = world.others as [Address, Address, Address];
    const casting = {
      claimed: honest,
      claim,
      dispute,
      challengerKnows: knowledgeOf(honest),
      challenger: aimAt({ node: 500 }),
    };
    const first = await seat(world, { ...casting, by: one });
    const second = await seat(world, { ...casting, by: two });
    await playTo(world, first, 'prove');
    const close = await openBooks(world, { stranger });
    for (const stage of ['nodes', 'tensor', 'leaf'] as const) {
      await playTo(world, second, stage);
      // What the first game has shown is all that the stranger needs.
      const call = (await nextCall(world, second, 'claimant'))!;
      await world.send(stranger, call);
      expect(isAddressEqual((await look(world, second)).turns.at(-1)!.mover, stranger)).to.equal(true);
    }
    const { stranger: purse } = await close();
    expect(purse.native > 0n).to.equal(true);
  });
});

/** Announces and opens all, in as few blocks as hold that. */
async function openAll(
  world: World,
  honest: MinerRound,
  claim: Claimed,
  by: readonly Address[],
): Promise<readonly Match[]> {
  const { client, deployment, programs } = world;
  const knowledge = knowledgeOf(honest);
  const opening = openingOf(world, knowledge, claim, dispute);
  const value = await feeFor(world, by[0]!, firstDemandOf(opening));
  const fromBlock = await client.getBlockNumber();
  await sendAll(
    world,
    by.map((from) => ({ from, call: announce(deployment, secretOf(from, claim.word, opening)) })),
  );
  const call = openGame(deployment, opening, claim.target, programs, value);
  await sendAll(
    world,
    by.map((from) => ({ from, call })),
  );
  const blocks = { fromBlock, toBlock: await client.getBlockNumber() };
  const games = await readOpenedGames(client, deployment, { claimant: honest.participant }, blocks);
  const claimant = honestPlayer(honest.participant, knowledge);
  return games.map((game, i) => {
    return matchOf(
      game,
      claimant,
      scriptedPlayer(game.challenger, knowledge, { challenger: habits[i % habits.length]! }),
    );
  });
}

/** One move in every game; false when nobody moves any more. */
async function sweep(world: World, matches: readonly Match[]): Promise<boolean> {
  const sendings: Sending[] = [];
  for (const match of matches) {
    const { end, turns } = await look(world, match);
    const side = moverIn(turns.at(-1)!.position.stage)!;
    const call = end === undefined ? await nextCall(world, match, side) : undefined;
    if (call !== undefined) sendings.push({ from: match.sides[side].address, call });
  }
  const receipts = await sendAll(world, sendings);
  expect(receipts.every(({ status }) => status === 'success')).to.equal(true);
  return sendings.length > 0;
}

async function timeOutAll(world: World, matches: readonly Match[]): Promise<void> {
  const sendings: Sending[] = [];
  for (const match of matches) {
    const { end, turns } = await look(world, match);
    const { position } = turns.at(-1)!;
    const call = play(world.deployment, match.opened, position, { type: 'timeOut' });
    if (end === undefined) sendings.push({ from: match.sides.claimant.address, call });
  }
  await sendAll(world, sendings);
}
