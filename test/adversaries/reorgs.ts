import { expect } from 'chai';
import { type Address, type Hex } from 'viem';

import { readGame, secretOf } from '../../sdk/game.ts';
import { announce, openGame } from '../../sdk/game-moves.ts';
import type { Call } from '../../sdk/call.ts';
import { firstDemandOf } from '../../workers/lib/game/demand.ts';
import { claimRound, feeFor, openingOf } from '../helpers/adversaries/claims.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { misstateHead } from '../helpers/adversaries/lies.ts';
import { look, matchOf, move, nextCall, playOut, playTo, type Match } from '../helpers/adversaries/match.ts';
import { refused } from '../helpers/adversaries/refusals.ts';
import { deviate, type MinerRound } from '../helpers/adversaries/round.ts';
import { aimAt } from '../helpers/adversaries/shams.ts';
import { honestRound, seat, worldForTests } from '../helpers/adversaries/stage.ts';
import { type World } from '../helpers/adversaries/world.ts';

const dispute = { subject: 'segment', segment: 0 } as const;

describe('a re-org between two moves', function () {
  this.timeout(60_000);
  const stage = worldForTests();

  const begin = async (): Promise<{ world: World; honest: MinerRound; match: Match }> => {
    const world = stage();
    const honest = await honestRound(world);
    const claimed = deviate(honest, 1, misstateHead);
    const claim = await claimRound(world, claimed);
    const by = world.others[0]!;
    const match = await seat(world, { claimed, claim, by, dispute, challengerKnows: knowledgeOf(honest) });
    return { world, honest, match };
  };

  it('makes the move that names the old position worthless, and the game goes on', async () => {
    const { world, match } = await begin();
    await playTo(world, match, 'marks');
    const snapshot = await world.request('evm_snapshot');
    await move(world, match);
    const old = (await nextCall(world, match, 'challenger'))!;
    await world.request('evm_revert', [snapshot]);
    // In the other history the claimant stands by another part.
    const other = matchOf(match.opened, otherwise(match), match.sides.challenger);
    expect(await move(world, other)).to.equal(true);
    await refused('PositionMismatch', world.attempt(match.sides.challenger.address, old));
    expect((await playOut(world, other)).end).to.deep.equal({ claimVoided: true, reason: 'element' });
  });

  it('turns no announced challenge against another claim of the same miner', async () => {
    const world = stage();
    const honest = await honestRound(world);
    const by = world.others[0]!;
    const snapshot = await world.request('evm_snapshot');
    const wrong = await claimRound(world, deviate(honest, 1, misstateHead));
    const opening = openingOf(world, knowledgeOf(honest), wrong, dispute);
    const announcement = announce(world.deployment, secretOf(by, wrong.word, opening));
    await world.request('evm_revert', [snapshot]);
    const right = await claimRound(world, honest);
    await world.send(by, announcement);
    const value = await feeFor(world, by, firstDemandOf(opening));
    for (const { target } of [wrong, right]) {
      const call = openGame(world.deployment, opening, target, world.programs, value);
      await refused('NotAnnounced', world.attempt(by, call));
    }
  });

  it('takes a game back to where it was before, and no farther: it is played again to the same end', async () => {
    const { world, match } = await begin();
    await playTo(world, match, 'leaf');
    const snapshot = await world.request('evm_snapshot');
    await playOut(world, match);
    await world.request('evm_revert', [snapshot]);
    expect((await look(world, match)).end).to.equal(undefined);
    expect((await playOut(world, match)).end).to.deep.equal({ claimVoided: true, reason: 'element' });
  });
});

describe('the gas that the last move is given', function () {
  this.timeout(60_000);
  const stage = worldForTests();

  for (const [title, aim] of [
    ['convicts', undefined],
    ['upholds', aimAt({ node: 500 })],
  ] as const) {
    it(`decides nothing: with too little the move fails, with enough it ${title}`, async () => {
      const world = stage();
      const honest = await honestRound(world);
      const claimed = aim === undefined ? deviate(honest, 1, misstateHead) : honest;
      const claim = await claimRound(world, claimed);
      const by = world.others[0]!;
      const casting = { claimed, claim, by, dispute, challengerKnows: knowledgeOf(honest) };
      const match = await seat(world, { ...casting, ...(aim && { challenger: aim }) });
      await playTo(world, match, 'prove');
      const call = (await nextCall(world, match, 'challenger'))!;
      const before = await readGame(world.client, world.deployment, match.opened);
      // From what the calldata alone cost, in small steps, to less than what the check asks for.
      for (let gas = 150_000n; gas < 750_000n; gas += 25_000n) {
        await failsToMove(world, by, call, gas);
        expect(await readGame(world.client, world.deployment, match.opened)).to.deep.equal(before);
      }
      await world.send(by, call);
      expect((await look(world, match)).end).to.deep.equal({ claimVoided: aim === undefined, reason: 'element' });
    });
  }
});

/** A transaction with this much gas is mined, and changes nothing. */
async function failsToMove(world: World, from: Address, call: Call, gas: bigint): Promise<void> {
  const sent = world.send(from, call, gas).then(
    () => 'made',
    () => 'failed',
  );
  expect(await sent).to.equal('failed');
}

/** The same claimant, who now agrees with the state after two steps, and contests the next. */
function otherwise({ sides: { claimant, challenger } }: Match): Match['sides']['claimant'] {
  const root = (step: number): Hex => (step <= 2 ? challenger : claimant).knowledge.root(step);
  return { ...claimant, knowledge: { ...claimant.knowledge, root } };
}
