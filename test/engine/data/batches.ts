import { expect } from 'chai';
import fc from 'fast-check';
import { batchPositions, loadBatch } from '../../../engine/data/batch.ts';
import { createDataset } from '../../../engine/data/dataset.ts';
import { heldOutBatches, heldOutWindows } from '../../../engine/data/evaluation.ts';
import type { Hash } from '../../../engine/commit/hash.ts';
import { failsWith } from '../../helpers/errors.ts';
import { fixture } from '../../helpers/fixtures.ts';

type Vector = {
  seed: Hash;
  participant: Hash;
  step: number;
  rows: number;
  trainTokens: number;
  context: number;
  positions: number[];
};

const seed: Hash = `0x${'5a'.repeat(32)}`;
const participant = `0x${'0b'.repeat(20)}` as const;
const bytes = Uint8Array.from({ length: 2000 }, (_, i) => (i * 7 + (i >> 8)) % 256);

describe('batches', () => {
  it('start where another program says', () => {
    for (const { positions, ...vector } of fixture<Vector[]>('batch-positions')) {
      const { step, rows, trainTokens, context } = vector;
      expect(batchPositions(vector.seed, vector.participant, step, rows, trainTokens, context)).to.deep.equal(
        positions,
      );
    }
  });

  it('start within the training tokens, at places that depend on member, step and row', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 500 }),
        fc.integer({ min: 1, max: 5000 }),
        fc.nat(),
        (context, extra, step) => {
          const positions = batchPositions(seed, participant, step, 4, context + extra, context);
          expect(positions.every((position) => position >= 0 && position < extra)).to.equal(true);
        },
      ),
    );
    const at = (member: `0x${string}`, step: number) => batchPositions(seed, member, step, 8, 1e9, 64);
    const all = [...at(participant, 0), ...at(participant, 1), ...at(`0x${'0c'.repeat(20)}`, 0)];
    expect(new Set(all).size).to.equal(all.length);
  });

  it('take an address in any case', () => {
    const upper = `0x${'0B'.repeat(20)}` as const;
    expect(batchPositions(seed, upper, 1, 2, 100, 8)).to.deep.equal(batchPositions(seed, participant, 1, 2, 100, 8));
  });

  it('hold rows of the training tokens, each one token longer than the context', () => {
    const dataset = createDataset(bytes, { context: 16 });
    const batch = loadBatch(dataset, { seed, participant, step: 3, rows: 5, context: 16 });
    const positions = batchPositions(seed, participant, 3, 5, 1800, 16);
    expect([...batch]).to.deep.equal(positions.flatMap((position) => [...bytes.subarray(position, position + 17)]));
  });

  it('reach the last training token, and no further, when there is only one place', () => {
    const dataset = createDataset(bytes.subarray(0, 17), { context: 16, heldOutShare: 0 });
    const batch = loadBatch(dataset, { seed, participant, step: 0, rows: 2, context: 16 });
    expect([...batch]).to.deep.equal([...bytes.subarray(0, 17), ...bytes.subarray(0, 17)]);
  });

  it('refuse what is not an address, a seed, a step or a context that fits', async () => {
    await failsWith('PARTICIPANT_INVALID', () => batchPositions(seed, '0x1234', 0, 1, 100, 8));
    await failsWith('HASH_INVALID', () => batchPositions('0x12', participant, 0, 1, 100, 8));
    for (const step of [-1, 0.5, 2 ** 32]) {
      await failsWith('BATCH_INVALID', () => batchPositions(seed, participant, step, 1, 100, 8));
    }
    await failsWith('BATCH_INVALID', () => batchPositions(seed, participant, 0, 1, 8, 8));
    await failsWith('BATCH_INVALID', () => batchPositions(seed, participant, 0, 1, 8, 0));
  });
});

describe('held-out windows', () => {
  const dataset = createDataset(bytes, { context: 16 });

  const window = (start: number, context: number) => [...bytes.subarray(1800 + start, 1800 + start + context + 1)];

  it('lie side by side from the start of the held-out tokens', () => {
    expect(heldOutWindows(dataset, 16)).to.equal(12);
    const batches = [...heldOutBatches(dataset, { rows: 5, context: 16 })];
    const starts = Array.from({ length: 10 }, (_, i) => 16 * i);
    expect(batches.map((batch) => batch.length)).to.deep.equal([85, 85]);
    expect(batches.flatMap((batch) => [...batch])).to.deep.equal(starts.flatMap((start) => window(start, 16)));
  });

  it('are the first ones under a limit, and repeat when they do not fill one batch', () => {
    expect([...heldOutBatches(dataset, { rows: 4, context: 16, limit: 2 })]).to.have.length(2);
    expect(heldOutWindows(dataset, 64)).to.equal(3);
    const batches = [...heldOutBatches(dataset, { rows: 4, context: 64 })];
    expect(batches.map((batch) => [...batch])).to.deep.equal([[0, 64, 128, 0].flatMap((start) => window(start, 64))]);
  });

  it('must exist', async () => {
    const none = createDataset(bytes, { context: 16, heldOutShare: 0 });
    expect(heldOutWindows(none, 16)).to.equal(0);
    await failsWith('HELD_OUT_EMPTY', () => heldOutBatches(none, { rows: 1, context: 16 }).next());
  });
});
