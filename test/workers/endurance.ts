import { expect } from 'chai';

import { createAuditor, type Auditor } from '../../bench/lib/endurance/auditor.ts';
import { createCrowd, type Member, type Plot } from '../../bench/lib/endurance/crowd.ts';
import { playRun } from '../../bench/lib/endurance/play.ts';
import {
  isAvailable,
  lineageOf,
  openTools,
  workOn,
  type OpenRound,
  type Tools,
} from '../../bench/lib/endurance/work.ts';
import { cheatKinds } from '../../bench/lib/churn/cheats.ts';
import { createDataset, type Dataset } from '../../engine/data/dataset.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import type { ExecutorOptions } from '../../engine/onnx/executor.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import type { Recipe } from '../../engine/recipe.ts';
import { createTrainer, startState, type Trainer } from '../../engine/training.ts';
import { tinyRecipe } from '../helpers/recipes.ts';
import { ownerOf, rootOf } from '../helpers/runs.ts';

const plot: Plot = { rounds: 200, seed: 1, honest: 7, cheats: 3, kinds: cheatKinds, probation: 2 };

describe('the crowd of a long run', () => {
  /** All rounds; a cheat is found in the second round in which it cheats. */
  const meetings = (of: Plot): (readonly Member[])[] => {
    const crowd = createCrowd(of);
    return Array.from({ length: of.rounds }, (_, i) => {
      const members = crowd.meet();
      for (const member of members) if (member.cheats && i + 1 > member.cheats.first) crowd.expel(member);
      return members;
    });
  };

  it('is the same for the same seed, and another one for another', () => {
    expect(meetings(plot)).to.deep.equal(meetings(plot));
    expect(meetings(plot)).to.not.deep.equal(meetings({ ...plot, seed: 2 }));
  });

  it('has more honest members than cheats in every round, and changes all the time', () => {
    const rounds = meetings(plot);
    for (const members of rounds) {
      const cheats = members.filter(({ cheats: one }) => one !== undefined).length;
      expect(members.length).to.be.within(2 * cheats + 1, 10);
    }
    const seats = new Set(rounds.flat().map(({ seat }) => seat));
    expect(seats.size).to.be.greaterThan(30);
    expect(new Set(rounds.map((members) => members.length)).size).to.be.greaterThan(3);
  });

  it('has cheats of every kind, each honest for its probation and gone when it is expelled', () => {
    const rounds = meetings(plot);
    const cheats = [...new Set(rounds.flat())].filter((member) => member.cheats !== undefined);
    expect(new Set(cheats.map(({ cheats: one }) => one!.kind))).to.deep.equal(new Set(cheatKinds));
    for (const member of cheats) {
      expect(member.cheats!.first - member.since).to.equal(plot.probation);
      const there = rounds.filter((members) => members.includes(member)).length;
      expect(there).to.equal(plot.probation + 2);
    }
  });

  it('counts who comes, leaves and drops out', () => {
    const crowd = createCrowd({ ...plot, cheats: 0 });
    const rounds = Array.from({ length: 800 }, () => crowd.meet());
    const seats = new Set(rounds.flat().map(({ seat }) => seat));
    expect(crowd.joined).to.equal(seats.size);
    expect(crowd.joined - crowd.left).to.be.within(0, 7);
    expect(crowd.left).to.be.greaterThan(30);
    expect(crowd.dropped).to.be.greaterThan(20);
  });
});

describe('a long run in one process', function () {
  // It trains: on a busy machine that takes longer than a test should.
  this.timeout(120_000);
  let recipe: Recipe;
  let dataset: Dataset;
  let executor: ExecutorOptions;
  let tools: Tools;
  let trainer: Trainer;
  let auditor: Auditor;

  before(async () => {
    dataset = createDataset('the quick brown fox jumps over the lazy dog, '.repeat(60), { context: 16 });
    const { root, train, heldOut } = dataset;
    recipe = tinyRecipe({
      model: { depth: 1, width: 16, heads: 2, context: 16, vocabulary: 256 },
      dataset: { root, trainTokens: train.length, heldOutTokens: heldOut.length },
      compression: { name: 'sparseloco', chunk: 512, k: 8 },
    });
    executor = { kernel: await chooseKernel({ threads: 1 }), threads: 1 };
    tools = await openTools(recipe, dataset, 4, executor);
    trainer = await createTrainer(recipe, executor);
    auditor = await createAuditor(tools, { auditRate: 1, probation: 1 });
  });
  after(() => Promise.all([tools.close(), trainer.close(), auditor.close()]));

  const member: Member = { seat: 1, owner: ownerOf(1), since: 1 };
  const open = async (number: number): Promise<OpenRound> => {
    const global = initialParameters(recipe);
    return { number, seed: rootOf(number), global, parent: await tools.model.rootOf(global) };
  };

  it('goes on from the work of the round before that stands, and from zero else', async () => {
    const [first, second, next] = [await open(1), await open(2), await open(1 + recipe.round.epoch)];
    const work = await workOn(tools, trainer, first, member.owner, undefined);
    expect(work.commitment.startRoot).to.equal(await tools.model.rootOf(startState(recipe, first.global)));
    expect(lineageOf(second, { work, stands: true }, recipe)).to.equal(work);
    expect(lineageOf(second, { work, stands: false }, recipe)).to.equal(undefined);
    expect(lineageOf(second, undefined, recipe)).to.equal(undefined);
    expect(lineageOf(next, { work, stands: true }, recipe)).to.equal(undefined);
  });

  it('finds honest work right, and a start from local state that had to be forgotten wrong', async () => {
    const [first, second] = [await open(1), await open(2)];
    const work = await workOn(tools, trainer, first, member.owner, undefined);
    expect(await auditor.look(first, member, work, undefined)).to.include({ outcome: 'match' });
    const later = await workOn(tools, trainer, second, member.owner, { work, stands: true });
    expect(await auditor.look(second, member, later, { work, stands: true })).to.include({ outcome: 'match' });
    const forgotten = await auditor.look(second, member, later, { work, stands: false });
    expect(forgotten).to.include({ outcome: 'differs', why: 'start state' });
    // Of a newcomer there is no error feedback that it could have gone on from.
    expect(await auditor.look(second, member, later, undefined)).to.include({ outcome: 'missing' });
  });

  it('does not miss what nobody serves', async () => {
    const round = await open(1);
    const cheating = { deceit: { withholds: true }, now: true, others: [] } as const;
    const work = await workOn(tools, trainer, round, member.owner, undefined, cheating);
    expect(isAvailable(work)).to.equal(false);
    expect(await auditor.look(round, member, work, undefined)).to.include({ outcome: 'missing' });
  });

  it('convicts every kind of cheat, and nobody who is honest', async () => {
    const small: Plot = { rounds: 18, seed: 1, honest: 5, cheats: 4, kinds: cheatKinds, probation: 1 };
    const played = await playRun({ recipe, dataset, plot: small, auditRate: 1, executor });
    expect(played.honestConvicted).to.equal(0);
    expect(new Set(played.cheats.map(({ kind }) => kind))).to.deep.equal(new Set(cheatKinds));
    for (const { kind, rounds, accepted, convictedIn, why } of played.cheats) {
      expect({ kind, rounds, accepted }).to.deep.equal({ kind, rounds: 1, accepted: 0 });
      expect(convictedIn).to.be.within(1, small.rounds);
      const expected = { 'wrong-compression': 'payload', withholding: 'not served', copied: 'start state' };
      expect(why, kind).to.be.oneOf(['segment root', expected[kind as keyof typeof expected]]);
    }
    expect(played.audits).to.equal(played.members.reduce((a, b) => a + b, 0));
  });
});
