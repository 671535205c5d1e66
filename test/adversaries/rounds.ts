import { expect } from 'chai';
import type { Hex } from 'viem';

import { trainingProgram } from '../../engine/programs.ts';
import { forge, type Execution } from '../helpers/adversaries/execution.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { forbidden, encodeAs, forgeWhereItCounts, misstateHead, misstateLoss } from '../helpers/adversaries/lies.ts';
import { batchOf, deviate, playRound, type Deviations, type MinerRound } from '../helpers/adversaries/round.ts';
import {
  expectConviction,
  honestRound,
  stageDispute,
  worldForTests,
  type Casting,
  type Result,
} from '../helpers/adversaries/stage.ts';
import { SMALL, type World } from '../helpers/adversaries/world.ts';
import { tinyRecipe } from '../helpers/recipes.ts';

/** The last of its segment. */
const STEP = 7;
const nobodyKnowsWhat: Hex = `0x${'5e'.repeat(32)}`;
const inItsSegment = { subject: 'segment', segment: 1 } as const;

type Play = Omit<Casting, 'claimed' | 'challengerKnows' | 'dispute'> & Partial<Casting>;

/** A round with one step that went another way, as a miner claims it and an honest challenger sees it. */
async function play(world: World, step: (honest: Execution) => Execution, play: Play = {}): Promise<Result> {
  const honest = await honestRound(world);
  return dispute(world, deviate(honest, STEP, step), { ...play, challengerKnows: knowledgeOf(honest) });
}

async function dispute(world: World, claimed: MinerRound, play: Play & Pick<Casting, 'challengerKnows'>) {
  return stageDispute(world, { dispute: inItsSegment, claimed, ...play });
}

describe('a miner that computes something else', function () {
  this.timeout(60_000);
  const stage = worldForTests();

  const claimWith = async (deviations: Deviations, casting: Play = {}): Promise<Result> => {
    const honest = await honestRound(stage());
    const challengerKnows = knowledgeOf(honest);
    return dispute(stage(), playRound(honest, deviations), {
      dispute: { subject: 'segment' },
      ...casting,
      challengerKnows,
    });
  };

  it('loses with the tokens of another step', async () => {
    const honest = await honestRound(stage());
    const batch = (step: number, own: Uint32Array) => (step === 1 ? batchOf(honest, 2) : own);
    expectConviction(await claimWith({ batch }, { scenario: 'the batch of another step' }), 'element');
  });

  it("loses with another miner's tokens", async () => {
    const honest = await honestRound(stage());
    const participant = stage().miners[1];
    const batch = (step: number) => batchOf({ ...honest, participant }, step);
    expectConviction(await claimWith({ batch }, { scenario: "another miner's batches" }), 'element');
  });

  it('loses with another learning rate, which it calls the program of the run', async () => {
    const { training } = otherProgram();
    const { nodes, constants, ...rest } = (await honestRound(stage())).steps[0]!.program;
    const disguise = (_: number, own: Execution): Execution => ({ ...own, program: { nodes, constants, ...rest } });
    const scenario = 'another learning rate, under the header of the right program';
    expectConviction(await claimWith({ program: training, step: disguise }, { scenario }), 'element');
  });

  it('cannot show a trace of another program, and loses by the clock', async () => {
    const { training } = otherProgram();
    const result = await claimWith({ program: training }, { scenario: 'a trace of another program' });
    expect(result.refusals).to.deep.equal(['NotUnderRoot']);
    expectConviction(result, 'clock');
  });

  it('loses with the scale of a quantiser doubled', async () => {
    const twice = (honest: Execution) =>
      forgeWhereItCounts(honest, 'pow2ceil', (data) => data.forEach((x, i) => (data[i] = 2 * x)));
    expectConviction(await play(stage(), twice, { scenario: 'a scale that is twice what it should be' }), 'element');
  });

  it('loses when a quantiser uses another scale than it was given', async () => {
    const halve = (honest: Execution) =>
      forgeWhereItCounts(honest, 'quantize', (data) => data.forEach((x, i) => (data[i] = Math.round(x / 2))));
    expectConviction(await play(stage(), halve, { scenario: 'a quantiser with another scale' }), 'element');
  });

  it('loses with a pseudo-gradient that is not that of its round', async () => {
    const payload = (honest: Execution) =>
      forge(honest, honest.program.outputStart, (data) => (data[3] = data[3]! * 2 + 1));
    const casting = { scenario: 'a wrong pseudo-gradient', dispute: { subject: 'payload' } } as const;
    expectConviction(await claimWith({ payload }, casting), 'element');
  });

  it('loses at once with a payload larger than any can be', async () => {
    const commitment: Deviations['commitment'] = (honest) => ({ ...honest, payloadBytes: honest.payloadBytes + 1n });
    const casting = { scenario: 'a payload larger than any', dispute: { subject: 'size' } } as const;
    expectConviction(await claimWith({ commitment }, casting), 'size');
  });

  it('loses with a state from nowhere, which an honest trace cannot defend', async () => {
    const commitment: Deviations['commitment'] = (honest) => ({
      ...honest,
      segmentRoots: [honest.segmentRoots[0]!, nobodyKnowsWhat],
    });
    const casting = { scenario: 'a random state, defended by an honest trace', dispute: inItsSegment };
    const result = await claimWith({ commitment }, casting);
    expect(result.refusals).to.deep.equal(['NotUnderRoot']);
    expectConviction(result, 'clock');
  });

  it('loses with a state inside its segment that is not what its trace gives', async () => {
    const honest = await honestRound(stage());
    const claimed = deviate(honest, 5, misstateHead);
    const roots = claimed.roots.with(6, nobodyKnowsWhat);
    const casting = {
      scenario: 'a state that is not the output of the trace',
      claimantKnows: knowledgeOf({ ...claimed, roots }),
    };
    const result = await dispute(stage(), claimed, { ...casting, challengerKnows: knowledgeOf(honest) });
    expect(result.refusals).to.deep.equal(['NotUnderRoot']);
    expectConviction(result, 'clock');
  });
});

describe('a miner that commits to what nobody may', function () {
  this.timeout(60_000);
  const stage = worldForTests();

  for (const [name, { dtype, bytes }] of Object.entries(forbidden)) {
    it(`loses with ${name}, whatever it was computed from`, async () => {
      const lie = (honest: Execution) => {
        const node = honest.program.nodes.findLastIndex(
          (one, at) => one?.type.dtype === dtype && at < honest.program.outputStart,
        );
        return encodeAs(misstateLoss(honest), node, 0, bytes);
      };
      expectConviction(await play(stage(), lie, { scenario: `${name} in a leaf` }), 'encoding');
    });
  }
});

/** Training at twice the learning rate: another table among the constants, and nothing else. */
function otherProgram() {
  const recipe = tinyRecipe({ ...SMALL, optimizer: { learningRate: 6e-3, warmupSteps: 5, steps: 100 } });
  return { training: trainingProgram(recipe) };
}
