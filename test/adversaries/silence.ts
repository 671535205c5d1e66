import { expect } from 'chai';

import { moverIn, readGame } from '../../sdk/game.ts';
import { play } from '../../sdk/game-moves.ts';
import { claimRound } from '../helpers/adversaries/claims.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { misstateHead } from '../helpers/adversaries/lies.ts';
import { look, nextCall, playTo } from '../helpers/adversaries/match.ts';
import { deviate, type MinerRound } from '../helpers/adversaries/round.ts';
import { silentFrom } from '../helpers/adversaries/shams.ts';
import {
  expectConviction,
  expectUpheld,
  honestRound,
  seat,
  stageDispute,
  worldForTests,
} from '../helpers/adversaries/stage.ts';
import { refused } from '../helpers/adversaries/refusals.ts';

const dispute = { subject: 'segment', segment: 0 } as const;
const lie = (honest: MinerRound) => deviate(honest, 1, misstateHead);

describe('silence', function () {
  this.timeout(60_000);
  const stage = worldForTests();

  for (const from of ['marks', 'nodes', 'tensor', 'leaf'] as const) {
    it(`of a claimant that has lied loses its bond when it begins with ${from}`, async () => {
      const honest = await honestRound(stage());
      const result = await stageDispute(stage(), {
        scenario: `a cheat withholds its answer at \`${from}\``,
        ...{ claimed: lie(honest), challengerKnows: knowledgeOf(honest), dispute },
        claimant: { [from]: () => undefined },
      });
      expectConviction(result, 'clock');
    });
  }

  for (const from of ['chooseNodes', 'chooseChunks', 'prove'] as const) {
    it(`of a challenger of what is right loses its bond when it begins with ${from}`, async () => {
      const honest = await honestRound(stage());
      const result = await stageDispute(stage(), {
        scenario: `a sham challenger stops at \`${from}\``,
        ...{ claimed: honest, challengerKnows: knowledgeOf(honest), dispute },
        challenger: silentFrom(from, { node: 40 }),
      });
      expectUpheld(result, 'clock');
    });
  }

  for (const at of ['marks', 'chooseNodes', 'nodes', 'tensor', 'chooseChunks', 'leaf', 'prove'] as const) {
    it(`is what a move is that comes when the clock has run out, at ${at}, and not a second before`, async () => {
      const world = stage();
      const honest = await honestRound(world);
      const claimed = lie(honest);
      const claim = await claimRound(world, claimed);
      const by = world.others[0]!;
      const match = await seat(world, { claimed, claim, by, dispute, challengerKnows: knowledgeOf(honest) });
      const side = await playTo(world, match, at);
      const call = (await nextCall(world, match, side))!;
      const { movedAt, claimantLeft, challengerLeft } = await readGame(world.client, world.deployment, match.opened);
      const out = movedAt + (side === 'claimant' ? claimantLeft : challengerLeft);
      const { position } = (await look(world, match)).turns.at(-1)!;
      const timeOut = play(world.deployment, match.opened, position, { type: 'timeOut' });
      const { address } = match.sides[moverIn(at)!];

      const { timestamp } = await world.client.getBlock();
      await world.pass(out - 2 - Number(timestamp));
      await refused('TimeLeft', world.attempt(by, timeOut));
      await world.attempt(address, call);
      await world.request('evm_mine');
      await refused('OutOfTime', world.attempt(address, call));
      await world.send(by, timeOut);
      const { end } = await look(world, match);
      expect(end).to.deep.equal({ claimVoided: side === 'claimant', reason: 'clock' });
    });
  }
});
