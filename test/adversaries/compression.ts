import { createState } from '../../engine/graph/state.ts';
import { payloadLayout } from '../../engine/programs.ts';
import { aggregateKnowledge, aggregateOf, audited, claimNext } from '../helpers/adversaries/aggregates.ts';
import { claimRound } from '../helpers/adversaries/claims.ts';
import { forge, outputRoot, outputState, type Execution } from '../helpers/adversaries/execution.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { nodeOf, placeOf } from '../helpers/adversaries/lies.ts';
import { beforeOf, nextRounds, SPARSE } from '../helpers/adversaries/next-rounds.ts';
import { playRound, type MinerRound, type RoundOf } from '../helpers/adversaries/round.ts';
import {
  expectConviction,
  expectUpheld,
  honestRound,
  playDispute,
  worldForTests,
  type Result,
} from '../helpers/adversaries/stage.ts';

describe('a miner that compresses otherwise', function () {
  this.timeout(120_000);
  const stage = worldForTests(SPARSE);

  const challenge = async (
    scenario: string,
    claimed: MinerRound,
    seen: MinerRound,
    round: number = 1,
  ): Promise<Result> => {
    const world = stage();
    return playDispute(world, {
      ...{ scenario, claimed, claim: await claimRound(world, claimed, round), by: world.others[1]! },
      ...{ challengerKnows: knowledgeOf(seen), dispute: { subject: 'payload' } },
    });
  };
  const lie = async (scenario: string, payload: (honest: Execution) => Execution): Promise<void> => {
    const honest = await honestRound(stage());
    expectConviction(await challenge(scenario, playRound(honest, { payload }), honest), 'element');
  };

  it('loses with another choice than the largest', async () => {
    await lie('another element than one of the largest', (honest) =>
      forge(honest, nodeOf(honest, 'topk_chunk'), (mask) => {
        const [kept, dropped] = [mask.indexOf(1), mask.indexOf(0)];
        mask[kept] = 0;
        mask[dropped] = 1;
      }),
    );
  });

  it('loses with a wrong two-bit value', async () => {
    await lie('a two-bit value with the other sign', (honest) =>
      forge(honest, placeOf(honest, 'values'), (values) => {
        const at = values.findIndex((value) => value !== 0);
        values[at] = -values[at]!;
      }),
    );
  });

  it('loses with less error than it owes', async () => {
    await lie('an error that is forgotten', (honest) =>
      forge(honest, placeOf(honest, 'error'), (errors) => {
        errors[errors.findIndex((error) => error !== 0)] = 0;
      }),
    );
  });

  it('wins with what it has to compute, whatever is said of it', async () => {
    const honest = await honestRound(stage());
    const payload = (own: Execution) =>
      forge(own, placeOf(own, 'error'), (errors) => {
        errors[3] = errors[3]! + 1;
      });
    expectUpheld(await challenge('sham: another error', honest, playRound(honest, { payload })), 'element');
  });

  it('has its payload opened under the error feedback beside it, where an aggregate read it wrongly', async () => {
    const world = stage();
    const rounds = [await honestRound(world, 1), await honestRound(world, 2)];
    await audited(world, rounds);
    const honest = aggregateOf(world, rounds);
    const wrong = forge(honest, nodeOf(honest, 'scatter_chunk'), (data) => {
      data[5] = data[5]! + 1;
    });
    const by = world.others[0]!;
    const claim = await claimNext(world, by, rounds, outputRoot(wrong));
    const claimed = { ...rounds[0]!, participant: by };
    const result = await playDispute(world, {
      ...{ scenario: 'an update that no payload has', claimed, claim, by: world.others[1]! },
      claimantKnows: aggregateKnowledge(rounds, wrong),
      ...{ challengerKnows: aggregateKnowledge(rounds, honest), dispute: { subject: 'aggregate' } },
    });
    expectConviction(result, 'element');
  });

  describe('in the second round of an epoch', () => {
    let firsts: readonly [MinerRound, MinerRound];
    let second: RoundOf;

    beforeEach(async () => {
      firsts = [await honestRound(stage(), 1), await honestRound(stage(), 2)];
      [second] = await nextRounds(stage(), firsts, true);
    });
    const zeros = () => createState(payloadLayout(stage().recipe));

    it('loses without the error that the first has left', async () => {
      const { source } = second.before!;
      const claimed = playRound({ ...second, before: { payload: zeros(), source } });
      expectConviction(await challenge('an error left behind', claimed, playRound(second), 2), 'element');
    });

    it("loses with another miner's error", async () => {
      const { source } = second.before!;
      const payload = outputState(firsts[1].payload);
      const claimed = playRound({ ...second, before: { payload, source } });
      expectConviction(await challenge("another miner's error", claimed, playRound(second), 2), 'element');
    });

    it('wins with the error that the first has left', async () => {
      const honest = playRound(second);
      const { source } = second.before!;
      const other = playRound({ ...second, before: { payload: zeros(), source } });
      const result = await challenge('sham: no error in a second round', honest, other, 2);
      // It cannot open what it says that there was before.
      expectUpheld(result, 'clock');
    });
  });

  describe('in the first round of the next epoch', () => {
    let third: RoundOf;
    let goingOn: RoundOf;

    beforeEach(async () => {
      const world = stage();
      const firsts = [await honestRound(world, 1), await honestRound(world, 2)];
      const seconds = (await nextRounds(world, firsts, true)).map((round) => playRound(round));
      [third] = await nextRounds(world, seconds, false, 2);
      goingOn = { ...third, before: beforeOf(seconds[0]!, 1) };
    });

    it('wins without any error', async () => {
      const result = await challenge(
        'sham: an error over the end of an epoch',
        playRound(third),
        playRound(goingOn),
        3,
      );
      expectUpheld(result, 'clock');
    });

    it('loses with the error of the epoch before', async () => {
      const { before: _, ...claimed } = playRound(goingOn);
      const result = await challenge('an error over the end of an epoch', claimed, playRound(third), 3);
      expectConviction(result, 'element');
    });
  });
});
