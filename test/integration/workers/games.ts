import { expect } from 'chai';
import { join } from 'node:path';
import type { Address } from 'viem';

import type { Hash } from '../../../engine/commit/hash.ts';
import { EMPTY } from '../../../engine/commit/tree.ts';
import { createState } from '../../../engine/graph/state.ts';
import { aggregateProgram } from '../../../engine/programs.ts';
import { claimIdOf, readClaim, type Claim } from '../../../sdk/claims.ts';
import { readGameClock, type Subject } from '../../../sdk/game.ts';
import { claimAggregate, readRound } from '../../../sdk/round.ts';
import type { PlayerParts } from '../../../workers/lib/game/open-player.ts';
import { unshowable } from '../../../workers/lib/game/settled.ts';
import type { Model } from '../../../workers/lib/model.ts';
import { claimRound } from '../../helpers/adversaries/claims.ts';
import { execute, forge, outputRoot, outputState, type Execution } from '../../helpers/adversaries/execution.ts';
import { knowledgeOf } from '../../helpers/adversaries/knowledge.ts';
import { openBooks } from '../../helpers/adversaries/ledger.ts';
import { deviate, playRound, type MinerRound } from '../../helpers/adversaries/round.ts';
import { honestRound, worldForTests } from '../../helpers/adversaries/stage.ts';
import { witnessOf } from '../../helpers/adversaries/witness.ts';
import { CHALLENGE_BOND, BOND, RUN, attestAll, tickAll } from '../../helpers/adversaries/world.ts';
import { modelOf, openDesk, playOn, type Desk } from '../../helpers/desks.ts';
import { freshFolder } from '../../helpers/folders.ts';

/** Changes a number of the first embedding that the step looks up: enough to be seen in what follows. */
const withWrongNumber = (own: Execution): Execution => {
  const node = own.program.nodes.findIndex((one) => one?.op === 'gather');
  return forge(own, node, (data) => void (data[3]! += 0.5));
};

const { signal } = new AbortController();

describe('players of the game', function () {
  this.timeout(120_000);
  const world = worldForTests();
  const folder = freshFolder();
  let model: Model;
  let honest: MinerRound;
  let watching: Address;

  before(async () => {
    model = await modelOf(world());
    honest = await honestRound(world());
    watching = world().others[0]!;
  });
  after(() => model.close());

  const desk = (owner: Address, parts: PlayerParts = {}): Promise<Desk> =>
    openDesk(world(), { owner, folder: join(folder(), owner), model, parts });
  const standingBy = (round: MinerRound): PlayerParts => ({ witness: (own) => witnessOf(own, knowledgeOf(round)) });
  const statusOf = async (id: bigint): Promise<Claim['status']> =>
    (await readClaim(world().client, world().deployment, id)).status;
  const runOut = async () => world().pass(await readGameClock(world().client, world().deployment));
  /** What the watcher has found wrong with the honest miner's neighbour, and what becomes of it. */
  const dispute = async (claimed: MinerRound, accused?: { subject: Subject; segment: number }) => {
    const { id } = await claimRound(world(), claimed);
    const close = await openBooks(world(), { claimant: claimed.participant, challenger: watching });
    const watcher = await desk(watching);
    if (accused === undefined) await watcher.inspect(id);
    else watcher.player.accuse({ claimId: id, ...accused });
    const miner = await desk(claimed.participant, standingBy(claimed));
    const done = await playOn({ watcher, miner });
    return { id, done, watcher, miner, close };
  };

  it('convict a miner whose one inner number is wrong, though nobody serves a state', async () => {
    const { id, done, close } = await dispute(deviate(honest, 5, withWrongNumber));
    expect(await statusOf(id)).to.equal('voided');
    expect(done.at(-1)).to.equal('watcher prove');
    const { claimant, challenger } = await close();
    expect([claimant.stake, challenger.stake]).to.deep.equal([-BOND, BOND / 2n]);
  });

  it('leave an honest miner whole, and richer, whatever is said of it', async () => {
    const { id } = await claimRound(world(), honest);
    const close = await openBooks(world(), { claimant: honest.participant, challenger: watching });
    const sham = await desk(watching, standingBy(deviate(honest, 6, withWrongNumber)));
    sham.player.accuse({ claimId: id, subject: 'segment', segment: 1 });
    const miner = await desk(honest.participant);
    const done = await playOn({ sham, miner });
    expect(done.at(-1)).to.equal('sham prove');
    expect(await statusOf(id)).to.equal('standing');
    const { claimant, challenger } = await close();
    expect([claimant.stake, challenger.stake]).to.deep.equal([CHALLENGE_BOND / 2n, -CHALLENGE_BOND]);
    expect(claimant.native >= 0n).to.equal(true);
  });

  it('go on where they were when they were killed, on either side and after any move', async () => {
    const claimed = deviate(honest, 2, withWrongNumber);
    const { id } = await claimRound(world(), claimed);
    const inspecting = await desk(watching);
    await inspecting.inspect(id);
    for (let done: readonly string[] = []; !done.includes('open');) done = await inspecting.pass();
    for (let lives = 0; (await statusOf(id)) === 'frozen'; lives += 1) {
      expect(lives).to.be.lessThan(40);
      await playOn1(await desk(watching));
      await playOn1(await desk(claimed.participant, standingBy(claimed)));
    }
    expect(await statusOf(id)).to.equal('voided');
  });
  /** Lives for one move. */
  const playOn1 = async (mortal: Desk): Promise<void> => {
    for (let done: readonly string[] = ['prepare']; done.length > 0 && done.every((type) => type === 'prepare');) {
      done = await mortal.pass();
    }
  };

  it('play several games at once', async () => {
    const other = await honestRound(world(), 2);
    const rounds = [deviate(honest, 1, withWrongNumber), deviate(other, 7, withWrongNumber)];
    const watcher = await desk(watching);
    const ids: bigint[] = [];
    for (const round of rounds) ids.push((await claimRound(world(), round)).id);
    for (const id of ids) await watcher.inspect(id);
    const [first, second] = await Promise.all(rounds.map((one) => desk(one.participant, standingBy(one))));
    await playOn({ watcher, first: first!, second: second! });
    expect(await Promise.all(ids.map(statusOf))).to.deep.equal(['voided', 'voided']);
  });

  it('open a game again that a re-org has taken back, and play on from where the chain stands', async () => {
    const claimed = deviate(honest, 5, withWrongNumber);
    const { id } = await claimRound(world(), claimed);
    const watcher = await desk(watching);
    await watcher.inspect(id);
    const unopened = await world().request('evm_snapshot');
    await playOn({ watcher });
    expect(await statusOf(id)).to.equal('frozen');
    await world().request('evm_revert', [unopened]);
    expect(await statusOf(id)).to.equal('standing');
    const miner = await desk(claimed.participant, standingBy(claimed));
    expect(await playOn({ watcher })).to.include('watcher open');
    const unanswered = await world().request('evm_snapshot');
    while (!(await miner.pass()).includes('answerMarks'));
    await playOn1(watcher);
    await world().request('evm_revert', [unanswered]);
    expect((await playOn({ watcher, miner })).at(-1)).to.equal('watcher prove');
    expect(await statusOf(id)).to.equal('voided');
  });

  it('convict who goes on from what is not a number', async () => {
    const broken = createState(model.trainingLayout, honest.states[4]!.bytes);
    broken.tensors.get('embedding')!.fill(NaN);
    const segmentRoots = [await model.rootOf(broken), honest.roots[8]!];
    const claimed = { ...honest, commitment: { ...honest.commitment, segmentRoots } };
    const { id } = await claimRound(world(), claimed);
    const watcher = await desk(watching);
    await watcher.library.keep(1, segmentRoots[0]!, broken);
    watcher.player.accuse({ claimId: id, subject: 'segment', segment: 1 });
    const miner = await desk(honest.participant, standingBy(claimed));
    const done = await playOn({ watcher, miner });
    expect(done.at(-1)).to.equal('watcher prove');
    expect(await statusOf(id)).to.equal('voided');
  });

  it('convict who withholds its answers, once its clock has run out', async () => {
    const claimed = deviate(honest, 5, withWrongNumber);
    const { id } = await claimRound(world(), claimed);
    const watcher = await desk(watching);
    await watcher.inspect(id);
    await playOn({ watcher });
    expect(await statusOf(id)).to.equal('frozen');
    await runOut();
    expect(await playOn({ watcher })).to.deep.equal(['watcher timeOut', 'watcher withdraw']);
    expect(await statusOf(id)).to.equal('voided');
  });

  it('convict a miner that starts from a local state of its own, which it cannot show to be another', async () => {
    const start = (state: MinerRound['states'][number]) => {
      const own = createState(state.layout, state.bytes);
      own.tensors.get('first.head')!.fill(0.5);
      return own;
    };
    const { id, watcher } = await dispute(playRound(honest, { start }));
    await runOut();
    await playOn({ watcher });
    expect(await statusOf(id)).to.equal('voided');
  });

  it('show the start of an honest round, which ends a sham dispute of it', async () => {
    const { id } = await claimRound(world(), honest);
    const blind: PlayerParts = { witness: (own) => ({ ...own, start: () => Promise.reject(unshowable(EMPTY)) }) };
    const sham = await desk(watching, blind);
    sham.player.accuse({ claimId: id, subject: 'start', segment: 0 });
    const done = await playOn({ sham, miner: await desk(honest.participant) });
    expect(done.at(-1)).to.equal('miner answerStart');
    expect(await statusOf(id)).to.equal('standing');
  });

  it('do not challenge what comes out right when they look again', async () => {
    const { id } = await claimRound(world(), honest);
    const watcher = await desk(watching);
    for (const subject of ['start', 'size', 'segment', 'payload'] as const) {
      watcher.player.accuse({ claimId: id, subject, segment: 1 });
      expect(await playOn({ watcher })).to.deep.equal([]);
    }
    expect(await statusOf(id)).to.equal('standing');
  });

  it('retrace two rounds at a time without mixing them up', async () => {
    const { id } = await claimRound(world(), honest);
    const { witnessing, disputedOf } = await desk(watching);
    const disputed = (await disputedOf(id))!;
    if (disputed.kind !== 'work') return expect.fail("not a miner's claim");
    const walk = async (first: number): Promise<Hash> => {
      return model.rootOf(await witnessing.replay.advance(disputed.work, honest.states[first]!, first, 8, signal));
    };
    expect(await Promise.all([0, 3, 5].map(walk))).to.deep.equal([8, 8, 8].map((step) => honest.roots[step]));
  });

  it('convict a payload larger than any can be at once', async () => {
    const commitment = (own: MinerRound['commitment']) => ({ ...own, payloadBytes: own.payloadBytes + 1n });
    const { id, done } = await dispute(playRound(honest, { step: (at) => honest.steps[at]!, commitment }));
    expect(done.slice(0, 2)).to.deep.equal(['watcher announce', 'watcher open']);
    expect(await statusOf(id)).to.equal('voided');
  });

  it('convict a payload that is not what was trained', async () => {
    const payload = (own: Execution) => forge(own, own.program.outputStart, (data) => void (data[0]! += 0.25));
    const { id, done } = await dispute(playRound(honest, { step: (at) => honest.steps[at]!, payload }));
    expect(done.at(-1)).to.equal('watcher prove');
    expect(await statusOf(id)).to.equal('voided');
  });

  describe('on an aggregate', () => {
    let aggregator: Address;
    const aggregateId = claimIdOf({ kind: 'aggregate', runId: RUN, round: 1, number: 1 });

    beforeEach(async () => {
      aggregator = world().others[1]!;
      for (const seat of [1, 2] as const) await claimRound(world(), await honestRound(world(), seat));
      await tickAll(world());
      await attestAll(world());
      // Nobody validates here: the audit ends with its window.
      await world().pass(1_000);
    });

    /** Claims the outer step over both miners, as it is or as somebody says that it is. */
    const claimNext = async (deviation: (honest: Execution) => Execution = (own) => own): Promise<Execution> => {
      const { recipe, genesis, client, deployment } = world();
      const rounds = [await honestRound(world(), 1), await honestRound(world(), 2)];
      const inputs = [genesis, ...rounds.map(({ payload }) => outputState(payload))];
      const claimed = deviation(execute(aggregateProgram(recipe, 2), inputs));
      const { committed } = await readRound(client, deployment, RUN, 1);
      await world().send(aggregator, claimAggregate(deployment, RUN, 1, committed, outputRoot(claimed)));
      return claimed;
    };
    const standingByIt = async (execution: Execution): Promise<PlayerParts> => {
      const rounds = [await honestRound(world(), 1), await honestRound(world(), 2)];
      const members = rounds.map(({ commitment }, at) => ({ seat: at + 1, commitment }));
      const invocation = () => ({ execution, sources: { inputs: execution.inputs }, members });
      return { witness: (own) => witnessOf(own, { root: () => EMPTY, invocation }) };
    };

    it('convict who claims a state that is wrong in one number', async () => {
      const claimed = await claimNext((own) =>
        forge(own, own.program.nodes.length - 20, (data) => void (data[1]! += 1)),
      );
      const close = await openBooks(world(), { claimant: aggregator, challenger: watching });
      const watcher = await desk(watching);
      await watcher.inspect(aggregateId);
      const done = await playOn({ watcher, aggregator: await desk(aggregator, await standingByIt(claimed)) });
      expect(done.at(-1)).to.equal('watcher prove');
      expect(await statusOf(aggregateId)).to.equal('voided');
      expect((await close()).challenger.stake).to.equal(BOND / 2n);
    });

    it('leave an honest one standing', async () => {
      const claimed = await claimNext();
      const watcher = await desk(watching);
      await watcher.inspect(aggregateId);
      expect(await playOn({ watcher })).to.deep.equal([]);
      const wrong = forge(claimed, claimed.program.nodes.length - 20, (data) => void (data[1]! += 1));
      const sham = await desk(world().others[2]!, await standingByIt(wrong));
      sham.player.accuse({ claimId: aggregateId, subject: 'aggregate', segment: 0 });
      const done = await playOn({ sham, aggregator: await desk(aggregator) });
      expect(done.at(-1)).to.equal('sham prove');
      expect(await statusOf(aggregateId)).to.equal('standing');
    });
  });
});
