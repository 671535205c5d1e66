import { expect } from 'chai';
import { join } from 'node:path';
import type { Address } from 'viem';

import { tensorRoot } from '../../../engine/commit/reference.ts';
import type { Hash } from '../../../engine/commit/hash.ts';
import { tensorTree } from '../../../engine/commit/subtrees.ts';
import { EMPTY, merkleRoot } from '../../../engine/commit/tree.ts';
import { loadBatch } from '../../../engine/data/batch.ts';
import { createState, type State } from '../../../engine/graph/state.ts';
import { leafCounts } from '../../../engine/leaf-places.ts';
import { trainingProgram } from '../../../engine/programs.ts';
import { evaluate } from '../../../engine/reference.ts';
import { createTracer, type Tracer } from '../../../engine/trace.ts';
import type { Trainer } from '../../../engine/training.ts';
import { drawnLeaves, drawSeed, leavesRoot } from '../../../sdk/verdict-leaves.ts';
import { folderBlobs } from '../../../workers/lib/folder-blobs.ts';
import { globalStates } from '../../../workers/lib/global-states.ts';
import { roundFiles, type Work } from '../../../workers/miner/round-files.ts';
import { train, type Finished, type TrainingOptions } from '../../../workers/miner/training.ts';
import type { Accusation } from '../../../workers/lib/game/accusation.ts';
import { audit, wrongOf, type AuditOptions, type Case, type Finding } from '../../../workers/validator/audit.ts';
import { freshFolder } from '../../helpers/folders.ts';
import { silentLog as log } from '../../helpers/logs.ts';
import { ownerOf, rootOf } from '../../helpers/runs.ts';
import { bookOf, tinyModelForTests, unhurried, wholeRound } from '../../helpers/tiny-model.ts';

describe('an audit', function () {
  // It trains: on a busy machine that takes longer than a test should.
  this.timeout(20_000);
  const tiny = tinyModelForTests();
  const folder = freshFolder();
  const { signal } = new AbortController();
  let mining: TrainingOptions;
  let tracer: Tracer;

  before(async function () {
    this.timeout(30_000);
    tracer = await createTracer(trainingProgram(tiny().model.recipe), tiny().model.executor);
  });

  after(() => tracer.close());

  beforeEach(() => {
    const { model, genesis } = tiny();
    const blobs = folderBlobs(join(folder(), 'blobs'), log);
    const book = bookOf(new Map());
    const states = globalStates({ model, blobs, log, book, genesisRoot: genesis.root, isSettled: async () => true });
    const files = roundFiles(join(folder(), 'rounds'), log);
    const workOf = async (round: number) => work(round);
    mining = { ...tiny(), blobs, log, states, files, workOf, ...unhurried(), oldestOpen: () => 1 };
  });

  const work = (round: number, lineage: number[] = []): Work => {
    return { round, seed: rootOf(round), owner: ownerOf(1), parent: tiny().genesis.root, lineage };
  };
  /** Trains with a change at one step, and serves both segments. */
  const mine = async (of = work(1), poison?: { step: number; change(state: State): void }): Promise<Finished> => {
    let step = 0;
    const trainer: Trainer = {
      async step(state, batch) {
        const next = await tiny().trainer.step(state, batch);
        if (step++ === poison?.step) poison.change(next);
        return next;
      },
      close: async () => undefined,
    };
    const finished = (await train({ ...mining, trainer }, of, wholeRound, signal))!;
    const { startRoot, segmentRoots, round } = finished.facts;
    await mining.blobs.put(startRoot, (await mining.files.at(round, 0))!.state);
    await mining.blobs.put(segmentRoots[0]!, (await mining.files.at(round, 1))!.state);
    return finished;
  };
  const caseOf = ({ facts, payloadRoot, payload }: Finished, changes: Partial<Case> = {}): Case => ({
    duty: { claimId: 5n, owner: facts.owner, segment: 0 },
    seed: facts.seed,
    parent: facts.parent,
    commitment: { ...facts, payloadRoot, payloadBytes: BigInt(payload.length) },
    segments: [0, 1],
    before: { kind: 'zero' },
    validators: [ownerOf(8), ownerOf(9)],
    ...changes,
  });
  const judge = (subject: Case): Promise<Finding> =>
    audit({ ...mining, tracer } satisfies AuditOptions, subject, signal);

  it('finds an honest round right, and the next one that chains on it', async () => {
    const first = await judge(caseOf(await mine()));
    expect(first.outcome).to.equal('match');
    const chained = await mine(work(2, [1]));
    const before = { kind: 'root', root: first.localRoot! } as const;
    expect((await judge(caseOf(chained, { before }))).outcome).to.equal('match');
    expect((await judge(caseOf(chained, { before: { kind: 'unknown' } }))).outcome).to.equal('match');
  });

  for (const segment of [0, 1]) {
    it(`traces the last step of the drawn segment ${segment}, as the reference evaluates it`, async () => {
      const { model, dataset, trainer } = tiny();
      const finished = await mine();
      const duty = { claimId: 5n, owner: ownerOf(1), segment };
      const { found } = await judge(caseOf(finished, { duty }));

      const { batch: rows, model: shape } = model.recipe;
      const of = { seed: finished.facts.seed, participant: duty.owner, rows, context: shape.context };
      const [first, last] = [0, 1].map((step) => loadBatch(dataset, { ...of, step: 2 * segment + step }));
      const start = createState(model.trainingLayout, (await mining.files.at(1, segment))!.state);
      const before = await trainer.step(start, first!);
      const values = evaluate(trainingProgram(model.recipe), [before], last);
      const trace = merkleRoot(values.map((value) => (value === null ? EMPTY : tensorRoot(value))));
      const leaves = [8, 9].map((seat): [Address, Hash] => {
        const drawn = drawnLeaves(drawSeed(ownerOf(seat), 5n), leafCounts(trainingProgram(model.recipe)));
        const hashes = drawn.map(({ node, leaf }) => {
          const value = values[node];
          return value ? tensorTree(value)[0]![leaf]! : EMPTY;
        });
        return [ownerOf(seat), leavesRoot(hashes)];
      });
      expect(found).to.deep.equal({ segment, before: await model.rootOf(before), trace, leaves: new Map(leaves) });
    });
  }

  it('gives no trace of a drawn segment that it finds wrong', async () => {
    const change = (state: State) => void (state.tensors.get('second.head')![5]! += 2 ** -20);
    const finding = await judge(caseOf(await mine(work(1), { step: 1, change })));
    expect(finding).not.to.have.property('found');
  });

  it('finds a fault on the way, though the segment ends right', async () => {
    const faulty: Pick<Tracer, 'program' | 'trace'> = {
      program: tracer.program,
      trace: async (inputs, batch) => ({ ...(await tracer.trace(inputs, batch)), faultAt: 3 }),
    };
    const hidden = await audit({ ...mining, tracer: faulty }, caseOf(await mine()), signal);
    expect(hidden).to.include({ outcome: 'differs', why: 'fault', segment: 0 }).and.not.have.property('found');
  });

  for (const [step, segment] of [
    [0, 0],
    [1, 0],
    [3, 1],
  ] as const) {
    it(`finds one number changed at step ${step} in segment ${segment}`, async () => {
      const change = (state: State) => void (state.tensors.get('second.head')![5]! += 2 ** -20);
      const finding = await judge(caseOf(await mine(work(1), { step, change })));
      expect(finding).to.include({ outcome: 'differs', why: 'segment root', segment });
    });
  }

  it('finds a payload that is not what was trained, also by its size alone', async () => {
    const finished = await mine();
    const wrong = caseOf({ ...finished, payloadRoot: rootOf(5) });
    expect(await judge(wrong)).to.include({ outcome: 'differs', why: 'payload', actual: rootOf(5) });
    const { commitment } = caseOf(finished);
    const bloated = caseOf(finished, { commitment: { ...commitment, payloadBytes: commitment.payloadBytes + 1n } });
    expect(await judge(bloated)).to.include({ outcome: 'differs', why: 'payload size' });
  });

  it('finds a start from local state that is not the one it should be, without the miner where it is zero', async () => {
    await mine();
    const chained = await mine(work(2, [1]));
    expect(await judge(caseOf(chained, { segments: [] }))).to.include({ outcome: 'differs', why: 'start state' });
    const before = { kind: 'root', root: rootOf(3) } as const;
    expect(await judge(caseOf(chained, { before }))).to.include({ outcome: 'differs', why: 'start state' });
  });

  it('finds a start from another global state', async () => {
    const state = createState(tiny().model.globalLayout, tiny().genesis.state.bytes);
    state.tensors.get('head')![0]! += 1;
    const root = await tiny().model.rootOf(state);
    mining.states.hold({ root, state });
    const elsewhere = await mine({ ...work(1), parent: root });
    const subject = caseOf(elsewhere, { parent: tiny().genesis.root, before: { kind: 'unknown' } });
    expect(await judge(subject)).to.include({ outcome: 'differs', why: 'start state', actual: root });
  });

  for (const [what, slot, value] of [
    ['not a number', 'embedding', NaN],
    ['too large to step from', 'first.embedding', 3e38],
  ] as const) {
    it(`finds a fault where a segment starts from what is ${what}`, async () => {
      const finished = await mine();
      const state = createState(tiny().model.trainingLayout, (await mining.files.at(1, 1))!.state);
      state.tensors.get(slot)!.fill(value);
      const root = await tiny().model.rootOf(state);
      await mining.blobs.put(root, state.bytes);
      const { commitment } = caseOf(finished);
      const segmentRoots = [root, commitment.segmentRoots[1]!];
      const subject = caseOf(finished, { commitment: { ...commitment, segmentRoots }, segments: [1] });
      expect(await judge(subject)).to.include({ outcome: 'differs', why: 'fault', segment: 1 });
    });
  }

  it('takes batches of another member as a difference', async () => {
    const finding = await judge(caseOf(await mine(), { duty: { claimId: 5n, owner: ownerOf(2), segment: 0 } }));
    expect(finding).to.include({ outcome: 'differs', why: 'segment root', segment: 0 });
  });

  it('finds missing what is not served', async () => {
    const finished = await mine();
    await mining.blobs.remove(finished.facts.segmentRoots[0]!);
    expect(await judge(caseOf(finished))).to.include({ outcome: 'missing', segment: 1 });
    expect((await judge(caseOf(finished, { parent: rootOf(4) }))).outcome).to.equal('missing');
  });
});

describe('what to challenge for a finding', () => {
  const wrong: readonly [NonNullable<Finding['why']>, Accusation['subject'], number][] = [
    ['start state', 'start', 0],
    ['segment root', 'segment', 2],
    ['fault', 'segment', 2],
    ['payload', 'payload', 0],
    ['payload size', 'size', 0],
  ];
  for (const [why, subject, segment] of wrong) {
    it(`is the ${subject} for a ${why} that differs`, () => {
      expect(wrongOf({ outcome: 'differs', why, segment: 2 })).to.deep.equal({ subject, segment });
    });
  }

  it('is nothing where nothing differs', () => {
    expect(wrongOf({ outcome: 'match' })).to.equal(undefined);
  });
});
