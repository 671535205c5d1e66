import { expect } from 'chai';

import { readRun } from '../../sdk/run.ts';
import { noCommitment } from '../../sdk/game-moves.ts';
import { groupRoots } from '../../workers/lib/game/groups.ts';
import type { StartNotes } from '../../workers/lib/game/facts.ts';
import { settled } from '../helpers/adversaries/aggregates.ts';
import { claimRound } from '../helpers/adversaries/claims.ts';
import { outputState } from '../helpers/adversaries/execution.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { misstateHead, nudge } from '../helpers/adversaries/lies.ts';
import { deviate, playRound, type Deviations, type MinerRound, type RoundOf } from '../helpers/adversaries/round.ts';
import {
  expectConviction,
  expectUpheld,
  honestRound,
  playDispute,
  worldForTests,
  type Result,
} from '../helpers/adversaries/stage.ts';
import { RUN, type World } from '../helpers/adversaries/world.ts';

/** Opens the start of a round, which may go on from an earlier one. */
function showing(round: MinerRound, before?: MinerRound): () => StartNotes {
  const { first, rest } = groupRoots(round.states[0]!);
  const { parameters: beforeParameters } = groupRoots((before ?? round).states.at(-1)!);
  const { commitment } = round;
  return () => ({ commitment, first, rest, before: before?.commitment ?? noCommitment, beforeParameters });
}

describe('a challenge of the state in which a round starts', function () {
  this.timeout(60_000);
  const stage = worldForTests();

  const challenge = async (scenario: string, claimed: MinerRound, before?: MinerRound): Promise<Result> => {
    const world = stage();
    const claim = await claimRound(world, claimed, before === undefined ? 1 : 2);
    return playDispute(world, {
      ...{ scenario, claimed, claim, by: world.others[1]!, dispute: { subject: 'start' } },
      claimantKnows: knowledgeOf(claimed, showing(claimed, before)),
      challengerKnows: knowledgeOf(claimed),
    });
  };
  const expectNothingToShow = (result: Result, rule: string): void => {
    expect(result.refusals).to.deep.equal([rule]);
    expectConviction(result, 'clock');
  };

  it('fails against a first round that starts from zero', async () => {
    const honest = await honestRound(stage());
    expectUpheld(await challenge('sham: the start of a first round', honest), 'start');
  });

  it('convicts a first round that starts from moments', async () => {
    const claimed = playRound(await honestRound(stage()), { start: (own) => nudge(own, 'first.head') });
    expectNothingToShow(await challenge('moments out of nothing', claimed), 'WrongLocalState');
  });

  it('convicts a round that starts from other parameters than the parent', async () => {
    const claimed = playRound(await honestRound(stage()), { start: (own) => nudge(own, 'head') });
    expectNothingToShow(await challenge('other parameters than those of the parent', claimed), 'NotTheStart');
  });

  describe('of the second of an epoch', () => {
    let before: readonly [MinerRound, MinerRound];
    let second: RoundOf;

    beforeEach(async () => {
      before = [await honestRound(stage(), 1), await honestRound(stage(), 2)];
      second = await secondRound(stage(), before);
    });
    const play = (deviations: Deviations = {}, of: RoundOf = second) => playRound(of, deviations);

    it('fails against one that goes on from the first', async () => {
      expectUpheld(await challenge('sham: the start of a second round', play(), before[0]), 'start');
    });

    it('convicts one that starts from zero', async () => {
      const { local: _, ...fresh } = second;
      const claimed = play({}, fresh);
      expectNothingToShow(await challenge('zeros where a round should go on', claimed, before[0]), 'WrongLocalState');
    });

    it("convicts one that goes on from another miner's moments", async () => {
      const claimed = play({}, { ...second, local: before[1].states.at(-1)! });
      expectNothingToShow(await challenge("another miner's moments", claimed, before[0]), 'WrongLocalState');
    });

    it('convicts a step in it by states that nobody has served, rebuilt from what is public', async () => {
      const world = stage();
      // Nothing here comes from the miner: the text, the recipe, the seeds and the chain give every state anew.
      const { local: _, ...first } = before[0];
      const rebuilt = playRound({ ...second, local: playRound(first).states.at(-1)! });
      const claimed = deviate(play(), 2, misstateHead);
      const result = await playDispute(world, {
        scenario: 'a state nobody was given, in a second round',
        ...{ claimed, claim: await claimRound(world, claimed, 2), by: world.others[1]! },
        ...{ challengerKnows: knowledgeOf(rebuilt), dispute: { subject: 'segment', segment: 0 } },
      });
      expectConviction(result, 'element');
    });
  });
});

/** The second round of the first miner, after the honest first round of both. */
async function secondRound(world: World, before: readonly [MinerRound, MinerRound]): Promise<RoundOf> {
  const parent = outputState(await settled(world, before));
  const { seed } = await readRun(world.client, world.deployment, RUN);
  const { recipe, dataset, miners } = world;
  return { recipe, dataset, seed, parent, participant: miners[0], local: before[0].states.at(-1)! };
}
