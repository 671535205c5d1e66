import { createHash } from 'node:crypto';
import { bytesFromHash, type Hash } from '../commit/hash.ts';
import { SwarmlockError } from '../errors.ts';
import type { Dataset } from './dataset.ts';
import type { TokenArray } from './tokenizer.ts';

/**
 * What `load_batch` reads: row-major [rows, context + 1] tokens. The first `context` tokens of a row are inputs, the last
 * `context` ones targets.
 */
export type Batch = Uint32Array<ArrayBuffer>;

export type BatchOf = {
  /** Seed of the round. */
  seed: Hash;
  /** Owner address of the member. */
  participant: `0x${string}`;
  /** Inner step within the round, from 0. */
  step: number;
  rows: number;
  /** Inputs of one row. */
  context: number;
};

/**
 * Where each row of a batch starts: the first 8 bytes of SHA-256("swarmlock/batch" || seed || participant || u32 step ||
 * u32 row), big-endian, modulo trainTokens - context. Twin: contracts/data/BatchPosition.sol.
 * @throws PARTICIPANT_INVALID, BATCH_INVALID, HASH_INVALID
 */
export function batchPositions(
  seed: Hash,
  participant: `0x${string}`,
  step: number,
  rows: number,
  trainTokens: number,
  context: number,
): readonly number[] {
  requireU32('step', step);
  requireU32('rows', rows);
  if (!(trainTokens > context && context > 0)) throw invalid('context', `of ${context} in ${trainTokens} tokens`);
  const prefix = Buffer.concat([Buffer.from('swarmlock/batch'), bytesFromHash(seed), addressBytes(participant)]);
  const span = BigInt(trainTokens - context);
  const counters = Buffer.alloc(8);
  counters.writeUInt32BE(step, 0);
  return Array.from({ length: rows }, (_, row) => {
    counters.writeUInt32BE(row, 4);
    const digest = createHash('sha256').update(prefix).update(counters).digest();
    return Number(digest.readBigUInt64BE(0) % span);
  });
}

/** The batch of a member for one inner step, from the training tokens. @throws as `batchPositions` */
export function loadBatch(dataset: Dataset, { seed, participant, step, rows, context }: BatchOf): Batch {
  const positions = batchPositions(seed, participant, step, rows, dataset.train.length, context);
  return rowsAt(dataset.train, positions, context);
}

/** The `context` + 1 tokens from each position. */
export function rowsAt(tokens: TokenArray, positions: readonly number[], context: number): Batch {
  const batch = new Uint32Array(positions.length * (context + 1));
  positions.forEach((position, row) => {
    batch.set(tokens.subarray(position, position + context + 1), row * (context + 1));
  });
  return batch;
}

function addressBytes(address: string): Uint8Array {
  if (/^0x[0-9a-fA-F]{40}$/.test(address)) return Buffer.from(address.slice(2), 'hex');
  throw new SwarmlockError(`Not an address: ${address}`, {
    code: 'PARTICIPANT_INVALID',
    argument: 'participant',
    hint: 'Give 0x and 40 hexadecimal digits.',
  });
}

function requireU32(argument: string, value: number): void {
  if (!Number.isInteger(value) || value < 0 || value >= 2 ** 32) throw invalid(argument, String(value));
}

function invalid(argument: string, value: string): SwarmlockError {
  return new SwarmlockError(`No batch has a ${argument} ${value}`, { code: 'BATCH_INVALID', argument });
}
