import { expect } from 'chai';
import { parseEventLogs, type Address } from 'viem';

import { claimsAbi, gameAbi, stakeManagerAbi } from '../../sdk/abi/index.ts';
import { readClaim } from '../../sdk/claims.ts';
import { readGame, readOwed } from '../../sdk/game.ts';
import { abandon, play } from '../../sdk/game-moves.ts';
import { claimRound } from '../helpers/adversaries/claims.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { openBooks } from '../helpers/adversaries/ledger.ts';
import { misstateHead } from '../helpers/adversaries/lies.ts';
import { honestPlayer, look } from '../helpers/adversaries/match.ts';
import { answer, challenge, diceOf, doAnything, type Melee, type Prey } from '../helpers/adversaries/melee.ts';
import { deviate, type MinerRound } from '../helpers/adversaries/round.ts';
import { honestRound, MOST_MOVES, worldForTests } from '../helpers/adversaries/stage.ts';
import { stakeOf, vaultOf, type World } from '../helpers/adversaries/world.ts';

/** More of both with e.g. SWARMLOCK_MELEES=50 SWARMLOCK_MELEE_STEPS=400. */
const MELEES = Number(process.env['SWARMLOCK_MELEES'] ?? 3);
const STEPS = Number(process.env['SWARMLOCK_MELEE_STEPS'] ?? 120);

describe('anything that anybody does', function () {
  this.timeout(60_000 + MELEES * STEPS * 1_000);
  const stage = worldForTests();

  for (let seed = 1; seed <= MELEES; seed += 1) {
    it(`conserves bonds and coin, and leaves the honest whole (seed ${seed})`, async () => {
      const world = stage();
      const { melee, right, wrong, watcher } = await begin(world, seed);
      const honest = [right.claimant.address, watcher];
      const close = await openBooks(world, { miner: honest[0]!, watcher });
      for (let step = 0; step < STEPS; step += 1) {
        if (step === STEPS / 2) await challenge(melee, watcher, wrong);
        await doAnything(melee);
        await answer(melee, honest);
        await expectOrder(melee, right);
      }
      await finish(melee, honest);
      await expectOrder(melee, right);
      await expectVerdicts(melee);

      const { miner, watcher: purse } = await close();
      expect((await readClaim(world.client, world.deployment, wrong.claim.id)).status).to.equal('voided');
      expect((await readClaim(world.client, world.deployment, right.claim.id)).status).to.equal('standing');
      expect(miner.stake >= 0n && miner.native >= 0n, 'the honest miner is whole').to.equal(true);
      expect(purse.stake >= 0n, 'the honest challenger is whole').to.equal(true);
      expect(melee.tries.made).to.be.greaterThan(20);
      expect(melee.tries.refused).to.be.greaterThan(20);
    });
  }
});

/** An honest claim, a false one, and a crowd. */
async function begin(world: World, seed: number) {
  const prey = async (honest: MinerRound, claimed: MinerRound): Promise<Prey> => ({
    claim: await claimRound(world, claimed),
    claimant: honestPlayer(claimed.participant, knowledgeOf(claimed)),
    truth: knowledgeOf(honest),
  });
  const [own, other] = [await honestRound(world, 1), await honestRound(world, 2)];
  const right = await prey(own, own);
  const wrong = await prey(other, deviate(other, 1, misstateHead));
  const [watcher, ...crowd] = world.others as [Address, ...Address[]];
  const tries = { made: 0, refused: 0 };
  const melee: Melee = { world, dice: diceOf(seed), preys: [right, wrong], crowd, matches: [], tries };
  return { melee, right, wrong, watcher };
}

/** What holds after whatever was done. */
async function expectOrder({ world, matches }: Melee, right: Prey): Promise<void> {
  const { client, deployment, miners, others } = world;
  let [stakes, escrows, owed] = [0n, 0n, 0n];
  for (const account of [...miners, ...others]) {
    stakes += await stakeOf(world, account);
    owed += await readOwed(client, deployment, account);
  }
  const burned = await client.readContract({ address: deployment.stake, abi: stakeManagerAbi, functionName: 'burned' });
  expect(await vaultOf(world), 'bonds are conserved').to.equal(stakes + burned);

  const open = new Map<bigint, number>();
  for (const { opened } of matches) {
    const { position, escrow } = await readGame(client, deployment, opened);
    escrows += escrow;
    if (position !== undefined) open.set(opened.id, (open.get(opened.id) ?? 0) + 1);
  }
  expect(await client.getBalance({ address: deployment.game }), 'coin is conserved').to.equal(escrows + owed);

  for (const [id, count] of open) {
    const { status, openChallenges } = await readClaim(client, deployment, id);
    expect(openChallenges).to.equal(count);
    expect(status, 'no claim is final while a game on it is open').to.be.oneOf(['frozen', 'voided']);
  }
  const { status } = await readClaim(client, deployment, right.claim.id);
  expect(status, 'no honest claim is voided').to.not.equal('voided');
}

/** The honest play on; everybody else has fallen silent. */
async function finish(melee: Melee, honest: readonly Address[]): Promise<void> {
  const { world, matches } = melee;
  for (let turn = 0; turn < MOST_MOVES; turn += 1) await answer(melee, honest);
  await world.pass(1_000);
  for (const match of matches) {
    const { end, turns } = await look(world, match);
    if (end !== undefined) continue;
    const { status } = await readClaim(world.client, world.deployment, match.opened.id);
    const { position } = turns.at(-1)!;
    const timeOut = play(world.deployment, match.opened, position, { type: 'timeOut' });
    await world.send(melee.crowd[0]!, status === 'voided' ? abandon(world.deployment, match.opened) : timeOut);
  }
}

/** Every game is over, by its cap and once; every verdict is of one game. */
async function expectVerdicts({ world, matches }: Melee): Promise<void> {
  const { client, deployment } = world;
  const logs = await client.getLogs({ address: [deployment.game, deployment.claims], fromBlock: 0n });
  const ends = parseEventLogs({ abi: gameAbi, logs, eventName: 'GameEnded' });
  const verdicts = parseEventLogs({ abi: claimsAbi, logs, eventName: ['Voided', 'Upheld'] });
  const names = ends.map(({ args: { id, challenger } }) => `${id} ${challenger}`);
  expect(new Set(names).size).to.equal(names.length);
  expect(names.length).to.equal(matches.length);
  const given = verdicts.map(({ args }) => `${args.id} ${'winner' in args ? args.winner : args.loser}`);
  expect(new Set(given).size).to.equal(given.length);
  expect(given.every((name) => names.includes(name))).to.equal(true);
  for (const match of matches) {
    const { turns } = await look(world, match);
    expect(turns.at(-1)?.moves ?? 0).to.be.lessThan(MOST_MOVES);
  }
}
