import { readFile } from 'node:fs/promises';
import type { Address, Hex } from 'viem';
import { z } from 'zod';

import type { VerdictPart } from '../../sdk/verdicts.ts';
import { storageError, writeFileAtomic } from '../lib/atomic-file.ts';
import type { Log } from '../lib/log.ts';
import type { Seal } from './verdicts.ts';

const hash = z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hex>;
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/) as unknown as z.ZodType<Address>;
const work = z.string().regex(/^\d+$/).transform(BigInt);
const roots = { before: hash, trace: hash, leaves: hash };
const verdict = z.strictObject({ validator: address, work, segment: z.int().nonnegative(), ...roots });
const content = z.strictObject({ beacon: hash, salt: hash, verdicts: z.array(verdict).min(1) });

/**
 * The seal of the latest round, in one file that is on disk before the transaction is sent: a validator that was killed in
 * between seals the same again, and reveals what it has sealed. A round is known by its beacon, on whichever chain.
 */
export type SealFile = {
  save(beacon: Hex, seal: Seal): Promise<void>;
  /** The seal of the round of this beacon; undefined when there is none, or it is damaged, which is reported. */
  load(beacon: Hex): Promise<Seal | undefined>;
};

/** One for each reason to seal. */
export type SealFiles = { readonly [Part in VerdictPart]: SealFile };

export function sealFile(path: string, log: Log): SealFile {
  let last: { readonly beacon: Hex; readonly seal: Seal } | undefined;
  return {
    async save(beacon, seal) {
      const text = JSON.stringify({ beacon, ...seal }, (_key, value: unknown) =>
        typeof value === 'bigint' ? String(value) : value,
      );
      await writeFileAtomic(path, Buffer.from(text));
      last = { beacon, seal };
    },
    async load(beacon) {
      last ??= await read(path, log);
      return last?.beacon === beacon ? last.seal : undefined;
    },
  };
}

async function read(path: string, log: Log): Promise<{ readonly beacon: Hex; readonly seal: Seal } | undefined> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw storageError(error, path);
  }
  try {
    const { beacon, ...seal } = content.parse(JSON.parse(text));
    return { beacon, seal };
  } catch (cause) {
    log.warn({ code: 'CHECKPOINT_CORRUPT', path, err: cause }, 'the seal on disk is damaged');
    return undefined;
  }
}
