import { expect } from 'chai';
import { rmSync, truncateSync } from 'node:fs';
import { join } from 'node:path';

import { decodePublished, feedbackLayout, mostPublished } from '../../engine/compress/published.ts';
import { createState } from '../../engine/graph/state.ts';
import { trainingProgram } from '../../engine/programs.ts';
import { createTracer, type Tracer } from '../../engine/trace.ts';
import type { Commitment } from '../../sdk/round.ts';
import { folderBlobs } from '../../workers/lib/folder-blobs.ts';
import { globalStates } from '../../workers/lib/global-states.ts';
import { fetchPayload, fetchPublished } from '../../workers/lib/payloads.ts';
import { roundFiles, type Work } from '../../workers/miner/round-files.ts';
import { feedbackOf, train, type Finished, type TrainingOptions } from '../../workers/miner/training.ts';
import { audit, type Case, type Finding } from '../../workers/validator/audit.ts';
import { freshFolder } from '../helpers/folders.ts';
import { recordingLog } from '../helpers/logs.ts';
import { ownerOf, rootOf } from '../helpers/runs.ts';
import { bookOf, tinyModelForTests, unhurried, wholeRound } from '../helpers/tiny-model.ts';

describe('error feedback', function () {
  // It trains: on a busy machine that takes longer than a test should.
  this.timeout(60_000);
  const tiny = tinyModelForTests({ compression: { name: 'sparseloco', chunk: 1024, k: 16 } });
  const folder = freshFolder();
  const { log, lines } = recordingLog();
  const { signal } = new AbortController();
  let mining: TrainingOptions;
  let tracer: Tracer;

  before(async function () {
    tracer = await createTracer(trainingProgram(tiny().model.recipe), tiny().model.executor);
  });
  after(() => tracer.close());
  beforeEach(() => {
    lines.length = 0;
    mining = open('rounds');
  });

  const work = (round: number, lineage: number[] = []): Work => {
    return { round, seed: rootOf(round), owner: ownerOf(1), parent: tiny().genesis.root, lineage };
  };
  const open = (name: string): TrainingOptions => {
    const { model, genesis } = tiny();
    const blobs = folderBlobs(join(folder(), 'blobs'), log);
    const known = { model, blobs, log, book: bookOf(new Map()), genesisRoot: genesis.root };
    const states = globalStates({ ...known, isSettled: async () => true });
    const files = roundFiles(join(folder(), name), log);
    const workOf = async (round: number, lineage: readonly number[]) => work(round, [...lineage]);
    return { ...tiny(), blobs, log, states, files, workOf, ...unhurried(), oldestOpen: () => 1 };
  };
  const mine = async (of: Work): Promise<Finished> => (await train(mining, of, wholeRound, signal))!;
  const commitmentOf = ({ facts, payloadRoot, payload }: Finished): Commitment => {
    const { parent, startRoot, segmentRoots } = facts;
    return { parent, startRoot, segmentRoots, payloadRoot, payloadBytes: BigInt(payload.length) };
  };
  const publish = ({ payloadRoot, payload }: Finished) => mining.blobs.put(payloadRoot, payload);
  /** What a drawn miner serves of the round before. */
  const serveFeedback = async (lineage: readonly number[]): Promise<void> => {
    const { root, state } = (await feedbackOf(mining, lineage, signal))!;
    await mining.blobs.put(root, state.bytes);
  };
  const serveSegments = async ({ facts: { round, startRoot, segmentRoots } }: Finished): Promise<void> => {
    await mining.blobs.put(startRoot, (await mining.files.at(round, 0))!.state);
    await mining.blobs.put(segmentRoots[0]!, (await mining.files.at(round, 1))!.state);
  };
  const judge = (finished: Finished, changes: Partial<Case> = {}): Promise<Finding> => {
    const { owner, seed, parent } = finished.facts;
    const duty = { claimId: 1n, owner, segment: 0 };
    const bare = { duty, seed, parent, commitment: commitmentOf(finished), segments: [0, 1], validators: [] };
    const subject = { ...bare, before: { kind: 'unknown' } as const, ...changes };
    return audit({ ...mining, tracer }, subject, signal);
  };
  const feedbackFile = (name: string, round: number) =>
    join(folder(), name, String(round), 'feedback', '1', 'state.bin');

  it('goes on along the lineage, from disk or computed again, and is none after a start from zero', async () => {
    const first = await mine(work(1));
    const second = await mine(work(2, [1]));
    truncateSync(feedbackFile('rounds', 1), 100);
    const known = await feedbackOf(mining, [1], signal);
    expect(lines.filter(({ msg }) => msg?.includes('error feedback'))).to.have.length(1);
    expect(known!.root).to.equal(decodePublished(mining.model.recipe, first.payload).feedback);
    expect(known!.state.tensors.get('error')!.some((error) => error !== 0)).to.equal(true);

    mining = open('afresh');
    expect((await mine(work(2, [1]))).payloadRoot).to.equal(second.payloadRoot);
    expect(await feedbackOf(mining, [], signal)).to.equal(undefined);
  });

  it('is another one after every round, and makes another payload', async () => {
    await mine(work(1));
    const goingOn = await mine(work(2, [1]));
    const files = roundFiles(join(folder(), 'rounds'), log);
    const { facts } = goingOn;
    // The same round from the same local state, with the error of the first round gone.
    const forgetful = { ...mining, files: { ...files, feedback: async () => zeroFeedback() } };
    const other = await train(forgetful, work(2, [1]), wholeRound, signal);
    expect(other!.facts.segmentRoots).to.deep.equal(facts.segmentRoots);
    expect(other!.payloadRoot).not.to.equal(goingOn.payloadRoot);
  });
  const zeroFeedback = () => {
    const { recipe } = tiny().model;
    const state = createState(feedbackLayout(recipe)!);
    return { facts: { feedback: rootOf(0) }, state: state.bytes };
  };

  it('is found by its root among what a miner stores, and forgotten with its round', async () => {
    const first = await mine(work(1));
    const { root, state } = (await feedbackOf(mining, [1], signal))!;
    expect(await mining.files.find(1, root)).to.deep.equal(Buffer.from(state.bytes));
    await mining.blobs.put(root, state.bytes);
    mining = { ...mining, oldestOpen: () => 2 };
    await mine(work(2));
    expect(await mining.files.find(1, root)).to.equal(undefined);
    expect(await mining.blobs.get(root, { bytes: state.bytes.length, digest: () => root })).to.equal(undefined);
    expect(first.payload.length).to.be.lessThan(mostPublished(tiny().model.recipe) / 2);
  });

  it('is what a validator goes on from to find a payload right', async () => {
    const first = await mine(work(1));
    await serveSegments(first);
    expect((await judge(first)).outcome).to.equal('match');
    const second = await mine(work(2, [1]));
    await Promise.all([publish(first), serveSegments(second), serveFeedback([1])]);
    const committedBefore = commitmentOf(first);
    expect((await judge(second, { committedBefore })).outcome).to.equal('match');
  });

  it('is missed by a validator when the miner does not serve it', async () => {
    const first = await mine(work(1));
    const second = await mine(work(2, [1]));
    await serveSegments(second);
    const committedBefore = commitmentOf(first);
    expect((await judge(second)).outcome).to.equal('missing');
    expect((await judge(second, { committedBefore })).outcome).to.equal('missing');
    await publish(first);
    expect((await judge(second, { committedBefore })).outcome).to.equal('missing');
    await serveFeedback([1]);
    expect((await judge(second, { committedBefore })).outcome).to.equal('match');
  });

  it('that was forgotten makes a payload that a validator finds wrong', async () => {
    const first = await mine(work(1));
    const files = { ...mining.files, feedback: async () => zeroFeedback() };
    const second = (await train({ ...mining, files }, work(2, [1]), wholeRound, signal))!;
    await Promise.all([publish(first), serveSegments(second), serveFeedback([1])]);
    const finding = await judge(second, { committedBefore: commitmentOf(first) });
    expect(finding).to.include({ outcome: 'differs', why: 'payload', actual: second.payloadRoot });
  });

  describe('beside a payload', () => {
    const fetched = (claimed: Commitment) => fetchPublished(mining.blobs, tiny().model, claimed);

    it('is bound by its root: the payload is taken only if both are what was claimed', async () => {
      const first = await mine(work(1));
      const claimed = commitmentOf(first);
      expect(await fetched(claimed)).to.equal(undefined);
      await publish(first);
      expect((await fetched(claimed))!.feedback).to.equal(decodePublished(tiny().model.recipe, first.payload).feedback);
      const other = first.payload.slice();
      other[0] = other[0]! ^ 1;
      await mining.blobs.put(first.payloadRoot, other);
      expect(await fetched(claimed)).to.equal(undefined);
    });

    it('takes nothing of another size than claimed, and reads nothing larger than the run allows', async () => {
      const first = await mine(work(1));
      const claimed = commitmentOf(first);
      await publish(first);
      expect(await fetched({ ...claimed, payloadBytes: claimed.payloadBytes + 1n })).to.equal(undefined);
      const large = { ...claimed, payloadBytes: BigInt(mostPublished(tiny().model.recipe)) + 1n };
      await mining.blobs.put(first.payloadRoot, new Uint8Array(Number(large.payloadBytes)));
      lines.length = 0;
      expect(await fetched(large)).to.equal(undefined);
      expect(lines).to.deep.equal([]);
      await mining.blobs.put(first.payloadRoot, new Uint8Array(Number(large.payloadBytes) - 1));
      expect(await fetched({ ...large, payloadBytes: large.payloadBytes - 1n })).to.equal(undefined);
      expect(lines.map(({ code }) => code)).to.deep.equal(['BLOB_CORRUPT']);
    });

    it('makes it whole for those who have both', async () => {
      const first = await mine(work(1));
      await publish(first);
      const whole = () => fetchPayload(mining.blobs, tiny().model, commitmentOf(first));
      expect(await whole()).to.equal(undefined);
      await serveFeedback([1]);
      expect(await tiny().model.rootOf((await whole())!)).to.equal(first.payloadRoot);
      rmSync(join(folder(), 'blobs'), { recursive: true });
      expect(await whole()).to.equal(undefined);
    });
  });
});
