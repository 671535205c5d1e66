import { expect } from 'chai';

import type { RecipeInput } from '../../engine/recipe.ts';
import { plant, type Execution } from '../helpers/adversaries/execution.ts';
import { knowledgeOf } from '../helpers/adversaries/knowledge.ts';
import { misstateHead, misstateLoss, pretend } from '../helpers/adversaries/lies.ts';
import { deviate, playRound } from '../helpers/adversaries/round.ts';
import { aimAt } from '../helpers/adversaries/shams.ts';
import {
  expectConviction,
  expectUpheld,
  honestRound,
  stageDispute,
  worldForTests,
  type Casting,
  type Result,
} from '../helpers/adversaries/stage.ts';
import { SMALL } from '../helpers/adversaries/world.ts';

/** Segments longer than one move can cut into steps. */
const LONG: Partial<RecipeInput> = { ...SMALL, round: { steps: 130, segments: 1 } };

/** Tensors of more leaves than one move opens, and segments of one step. */
const WIDE: Partial<RecipeInput> = {
  model: { depth: 1, width: 256, heads: 2, context: 3, vocabulary: 256, expansion: 1 },
  batch: 1,
  round: { steps: 2, segments: 2 },
};

/** A trace whose places are not a power of two. */
const TALL: Partial<RecipeInput> = {
  model: { depth: 2, width: 8, heads: 2, context: 3, vocabulary: 256, mlp: 'swiglu' },
  batch: 1,
  round: { steps: 2, segments: 1 },
};

/** A learning rate with which the second step has no result. */
const STEEP: Partial<RecipeInput> = {
  ...SMALL,
  round: { steps: 4, segments: 1 },
  optimizer: { learningRate: 1e30, steps: 100 },
};

const garbage = `0x${'9a'.repeat(32)}` as const;
const stagesOf = ({ played }: Result) => played.turns.map(({ position }) => position.stage);

describe('a game over more steps than one move can mark', function () {
  this.timeout(120_000);
  const stage = worldForTests(LONG);
  const play = async (casting: Pick<Casting, 'scenario' | 'claimed' | 'challenger'>): Promise<Result> => {
    const challengerKnows = knowledgeOf(await honestRound(stage()));
    return stageDispute(stage(), { ...casting, challengerKnows, dispute: { subject: 'segment', segment: 0 } });
  };

  for (const step of [0, 64, 129]) {
    it(`marks twice, and convicts step ${step} of 130`, async () => {
      const claimed = deviate(await honestRound(stage()), step, misstateHead);
      const result = await play({ claimed, ...(step === 64 && { scenario: 'one wrong step of 130 in a segment' }) });
      expectConviction(result, 'element');
      const isAlone = step === 129;
      expect(stagesOf(result).filter((at) => at === 'mark' || at === 'marks')).to.deep.equal(
        isAlone ? ['marks'] : ['marks', 'mark', 'marks'],
      );
      expect(result.played.turns.at(-1)!.position.first).to.equal(step);
    });
  }

  it('is won by an honest claimant, whichever of its states is contested', async () => {
    const claimed = await honestRound(stage());
    expectUpheld(
      await play({ claimed, challenger: aimAt({ node: 500 }), scenario: 'sham: a segment of 130 steps' }),
      'element',
    );
  });
});

describe('a game about a tensor of more leaves than one move opens', function () {
  this.timeout(120_000);
  const stage = worldForTests(WIDE);
  const play = async (scenario: string, lie: (honest: Execution) => Execution, challenger = {}): Promise<Result> => {
    const honest = await honestRound(stage());
    const claimed = lie === asItIs ? honest : deviate(honest, 1, lie);
    const dispute = { subject: 'segment', segment: 1 } as const;
    return stageDispute(stage(), { scenario, claimed, challengerKnows: knowledgeOf(honest), dispute, challenger });
  };

  it('opens a segment of one step with its trace, and goes down in two rounds', async () => {
    const result = await play('one element of a tensor of 256 leaves', misstateHead);
    expectConviction(result, 'element');
    expect(stagesOf(result)).to.include('chunks').and.not.to.include('marks');
    expect(stagesOf(result)[0]).to.equal('invoke');
  });

  it('is won by an honest claimant', async () => {
    const { program } = (await honestRound(stage())).steps[1]!;
    const node = program.nodes.findIndex((one) => one?.type.shape[0] === 256 && one.type.dtype === 'f32');
    const result = await play('sham: a tensor of 256 leaves', asItIs, aimAt({ node, leaf: 200, element: 7 }));
    expectUpheld(result, 'element');
  });
});

describe('a trace that ends before its tree does', function () {
  this.timeout(120_000);
  const stage = worldForTests(TALL);
  const play = async (scenario: string, lie?: (honest: Execution) => Execution, challenger = {}): Promise<Result> => {
    const honest = await honestRound(stage());
    const claimed = lie === undefined ? honest : deviate(honest, 1, lie);
    const dispute = { subject: 'segment', segment: 0 } as const;
    return stageDispute(stage(), { scenario, claimed, challengerKnows: knowledgeOf(honest), dispute, challenger });
  };

  it('convicts a wrong element of its last node', async () => {
    const { nodes } = (await honestRound(stage())).steps[0]!.program;
    expect(Math.log2(nodes.length) % 1).to.not.equal(0);
    expectConviction(await play('a wrong loss of a trace of 1,664 places', misstateLoss), 'element');
  });

  it('holds nothing after its last place', async () => {
    // An honest challenger takes the wrong loss, which comes first. This one names what is planted as what it is.
    const { nodes } = (await honestRound(stage())).steps[0]!.program;
    const lie = (own: Execution) => plant(misstateLoss(own), nodes.length + 5, garbage);
    const result = await play('something after the last place of a trace', lie, aimAt({ node: nodes.length + 5 }));
    expectConviction(result, 'padding');
  });

  for (const beyond of [0, 100, 383]) {
    it(`is not wrong ${beyond} places after the last, where it is empty`, async () => {
      const { nodes } = (await honestRound(stage())).steps[0]!.program;
      const result = await play(
        `sham: ${beyond} places after a trace`,
        undefined,
        aimAt({ node: nodes.length + beyond }),
      );
      expectUpheld(result, 'padding');
    });
  }
});

describe('a step that has no result', function () {
  this.timeout(120_000);
  const stage = worldForTests(STEEP);

  it('convicts whoever claims one', async () => {
    const world = stage();
    const honest = await honestRound(world);
    expect(honest.steps.findIndex(({ faultAt }) => faultAt !== undefined)).to.equal(1);
    // Zeros are as good as anything from there on.
    const claimed = playRound(honest, { step: (_, own) => pretend(own) });
    const result = await stageDispute(world, {
      scenario: 'a result where the rules have none',
      ...{ claimed, challengerKnows: knowledgeOf(honest), dispute: { subject: 'segment', segment: 0 } },
    });
    expectConviction(result, 'fault');
  });
});

const asItIs = (honest: Execution): Execution => honest;
