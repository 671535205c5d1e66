import { expect } from 'chai';
import { readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { SwarmlockError } from '../../../engine/errors.ts';
import type { Trainer } from '../../../engine/training.ts';
import { folderBlobs } from '../../../workers/lib/folder-blobs.ts';
import { globalStates } from '../../../workers/lib/global-states.ts';
import { roundFiles, type RoundFiles, type Work } from '../../../workers/miner/round-files.ts';
import { train, type Finished, type TrainingOptions } from '../../../workers/miner/training.ts';
import { failsWith } from '../../helpers/errors.ts';
import { freshFolder } from '../../helpers/folders.ts';
import { recordingLog } from '../../helpers/logs.ts';
import { ownerOf, rootOf } from '../../helpers/runs.ts';
import { bookOf, tinyModelForTests, unhurried, wholeRound } from '../../helpers/tiny-model.ts';

describe('a miner in training', function () {
  // It trains: on a busy machine that takes longer than a test should.
  this.timeout(20_000);
  const tiny = tinyModelForTests();
  const folder = freshFolder();
  const { log, lines } = recordingLog();
  const { signal } = new AbortController();
  beforeEach(() => void (lines.length = 0));

  const work = (round: number, lineage: number[] = []): Work => {
    return { round, seed: rootOf(round), owner: ownerOf(1), parent: tiny().genesis.root, lineage };
  };
  const open = (name: string, changes: Partial<TrainingOptions> = {}): TrainingOptions => {
    const { model, genesis } = tiny();
    const blobs = folderBlobs(join(folder(), 'blobs'), log);
    const options = { model, blobs, log, book: bookOf(new Map()), genesisRoot: genesis.root };
    return {
      ...tiny(),
      blobs,
      log,
      states: globalStates({ ...options, isSettled: async () => true }),
      files: roundFiles(join(folder(), name), log),
      workOf: async (round, lineage) => work(round, [...lineage]),
      ...unhurried(),
      oldestOpen: () => 1,
      ...changes,
    };
  };
  const pathOf = (name: string, round: number, point: number, file: string): string =>
    join(folder(), name, String(round), String(point), '1', file);
  /** A trainer that counts its steps, and fails before the one with this number. */
  const failing = (at: number, error: Error): Trainer & { taken: number } => ({
    taken: 0,
    async step(state, batch) {
      if (this.taken === at) throw error;
      this.taken += 1;
      return tiny().trainer.step(state, batch);
    },
    close: async () => undefined,
  });
  const rootsOf = (finished: Finished | undefined) => finished && [finished.facts, finished.payloadRoot];

  it('goes on from the last segment that it saved, to the same roots', async () => {
    const whole = await train(open('whole'), work(1), wholeRound, signal);
    const killed = failing(3, new Error('killed'));
    await train(open('killed', { trainer: killed }), work(1), wholeRound, signal).catch(() => undefined);
    const restarted = failing(4, new Error('too many steps'));
    const finished = await train(open('killed', { trainer: restarted }), work(1), wholeRound, signal);
    expect([killed.taken, restarted.taken]).to.deep.equal([3, 2]);
    expect(rootsOf(finished)).to.deep.equal(rootsOf(whole));
    expect(lines.filter(({ event }) => event === 'train').map(({ resumedAt }) => resumedAt)).to.deep.equal([0, 0, 2]);
  });

  it('passes over a checkpoint that is truncated or unreadable, says so, and loses nothing but time', async () => {
    const whole = await train(open('damaged'), work(1), wholeRound, signal);
    truncateSync(pathOf('damaged', 1, 2, 'state.bin'), 1_000);
    writeFileSync(pathOf('damaged', 1, 1, 'facts.json'), '{"sha256":');
    const again = failing(5, new Error('too many steps'));
    expect(rootsOf(await train(open('damaged', { trainer: again }), work(1), wholeRound, signal))).to.deep.equal(
      rootsOf(whole),
    );
    expect(again.taken).to.equal(4);
    const damaged = lines.filter(({ code }) => code === 'CHECKPOINT_CORRUPT');
    expect(damaged.map(({ folder: at }) => String(at).slice(-1))).to.deep.equal(['2', '1']);
  });

  it('keeps what it has when the disk is full, and goes on when there is room', async () => {
    const options = open('full');
    const full = new SwarmlockError('full', { code: 'DISK_FULL', retryable: true });
    const files: RoundFiles = {
      ...options.files,
      save: (facts, state) =>
        facts.segmentRoots.length === 2 ? Promise.reject(full) : options.files.save(facts, state),
    };
    await failsWith('DISK_FULL', train({ ...options, files }, work(1), wholeRound, signal));
    const trainer = failing(3, new Error('too many steps'));
    expect((await train({ ...options, trainer }, work(1), wholeRound, signal))?.facts.segmentRoots).to.have.length(2);
    expect(trainer.taken).to.equal(2);
  });

  it('chains its local state along the lineage, from disk or trained again', async () => {
    const options = open('chained');
    await train(options, work(1), wholeRound, signal);
    const chained = await train(options, work(2, [1]), wholeRound, signal);
    const afresh = await train(open('afresh'), work(2, [1]), wholeRound, signal);
    expect(rootsOf(afresh)).to.deep.equal(rootsOf(chained));
    expect(lines.filter(({ msg }) => msg?.includes('local state'))).to.have.length(1);
    const zero = await train(open('zero'), work(2), wholeRound, signal);
    expect(zero?.facts.startRoot).not.to.equal(chained?.facts.startRoot);
  });

  it('takes a checkpoint only for exactly the work that it is of', async () => {
    const first = await train(open('other'), work(1), wholeRound, signal);
    const elsewhere = { ...work(1), seed: rootOf(99) };
    const other = await train(open('other'), elsewhere, wholeRound, signal);
    expect(other?.facts.startRoot).to.equal(first?.facts.startRoot);
    expect(other?.facts.segmentRoots).not.to.deep.equal(first?.facts.segmentRoots);
    expect(rootsOf(await train(open('new'), elsewhere, wholeRound, signal))).to.deep.equal(rootsOf(other));
  });

  it('stops when the run goes on without it', async () => {
    const trainer = failing(3, new Error('too many steps'));
    const seen = [{ time: 0, isOpen: true }, undefined];
    const options = open('late', { trainer, look: async () => seen.shift() });
    expect(await train(options, work(1), wholeRound, signal)).to.equal(undefined);
    expect(trainer.taken).to.equal(2);
  });

  it('stops after fewer segments when the next would end too late, and goes on from there in the next round', async () => {
    const trainer = failing(2, new Error('too many steps'));
    const seen = [0, 1_000].map((time) => ({ time, isOpen: true }));
    const slow = { least: 1, most: 2, until: 1_000 };
    const options = open('slow', { segmentsOf: async () => 1 });
    const short = await train({ ...options, trainer, look: async () => seen.shift() }, work(1), slow, signal);
    expect(short?.facts.segmentRoots).to.have.length(1);
    const whole = await train(open('quick'), work(1), wholeRound, signal);
    expect(short?.facts.segmentRoots[0]).to.equal(whole?.facts.segmentRoots[0]);
    expect(short?.payloadRoot).not.to.equal(whole?.payloadRoot);

    const next = await train(options, work(2, [1]), wholeRound, signal);
    const rebuilt = await train(open('lost', { segmentsOf: async () => 1 }), work(2, [1]), wholeRound, signal);
    expect(rootsOf(next)).to.deep.equal(rootsOf(rebuilt));
    expect(next?.facts.startRoot).not.to.equal(short?.facts.startRoot);
  });

  it('refuses to commit to values that are not finite', async () => {
    const trainer: Trainer = {
      async step(state, batch) {
        const next = await tiny().trainer.step(state, batch);
        next.tensors.get('head')![0] = NaN;
        return next;
      },
      close: async () => undefined,
    };
    await failsWith('FAULT', train(open('diverged', { trainer }), work(1), wholeRound, signal));
  });

  it('forgets earlier rounds with the states that it published, once the next has begun', async () => {
    const options = open('tidy', { oldestOpen: () => 2 });
    const first = await train(options, work(1), wholeRound, signal);
    const { startRoot, segmentRoots } = first!.facts;
    await options.blobs.put(startRoot, (await options.files.at(1, 0))!.state);
    await options.blobs.put(segmentRoots[0]!, (await options.files.at(1, 1))!.state);
    await train(options, work(2, [1]), wholeRound, signal);
    expect(readdirSync(join(folder(), 'tidy'))).to.deep.equal(['2']);
    expect(readdirSync(join(folder(), 'blobs'))).to.deep.equal([]);
  });

  it('keeps where an earlier round ended as long as its claim can be disputed', async () => {
    const options = open('disputable', { oldestOpen: () => 1 });
    const first = await train(options, work(1), wholeRound, signal);
    await train(options, work(2, [1]), wholeRound, signal);
    expect(readdirSync(join(folder(), 'disputable', '1'))).to.deep.equal(['2']);
    const { startRoot, segmentRoots } = first!.facts;
    const end = await options.files.find(1, segmentRoots[1]!);
    expect(end).to.deep.equal((await options.files.at(1, 2))!.state);
    expect([await options.files.find(1, startRoot), await options.files.find(3, startRoot)]).to.deep.equal([
      undefined,
      undefined,
    ]);
    const later = open('disputable', { oldestOpen: () => 3 });
    await train(later, work(3, [1, 2]), wholeRound, signal);
    expect(readdirSync(join(folder(), 'disputable'))).to.deep.equal(['3']);
  });
});
