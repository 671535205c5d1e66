import { access, appendFile, mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Hex } from 'viem';
import { z } from 'zod';

import { checked, type SignedVoucher } from '../../sdk/vouchers.ts';
import { storageError, writeFileAtomic } from '../lib/atomic-file.ts';
import type { Log } from '../lib/log.ts';

/** The latest voucher of a session, and what of it was given: all of it, unless the gateway was stopped in peace. */
export type Kept = { readonly voucher: SignedVoucher; readonly promised: number };

/** Vouchers on disk: each session has a file, of which the last line counts. */
export type VoucherFiles = {
  /** Resolves when this voucher, or a later one of its session, is on disk. */
  save(kept: Kept): Promise<void>;
  /** What was kept; damaged files are reported and left. */
  load(): Promise<readonly Kept[]>;
  /** What was kept of a session; undefined when nothing was, or it is damaged, which is reported. */
  find(session: bigint): Promise<Kept | undefined>;
  /** A session is on disk, and nobody needs it now. */
  release(session: bigint): void;
  /** Forgets a session that is over. */
  remove(session: bigint): Promise<void>;
};

const content = z.strictObject({
  session: z.string().regex(/^\d{1,20}$/),
  drawn: z.int().nonnegative(),
  signature: z.string().regex(/^0x[0-9a-f]{128}$/) as unknown as z.ZodType<Hex>,
  promised: z.int().nonnegative(),
});

/** A file is written anew when it has so many lines. */
const MOST_LINES = 256;

export function voucherFiles(folder: string, log: Log): VoucherFiles {
  const pathOf = (session: bigint) => join(folder, `${session}.json`);
  const latest = new Map<bigint, Kept>();
  const writing = new Map<bigint, Promise<void>>();
  /** Of each file that this process has written whole: to any other nothing is appended. */
  const lines = new Map<bigint, number>();
  const write = async ({ voucher: { session, drawn, signature }, promised }: Kept) => {
    const line = `${JSON.stringify({ session: String(session), drawn, signature, promised })}\n`;
    const count = lines.get(session) ?? MOST_LINES;
    // What an append leaves that fails is no line.
    lines.delete(session);
    if (count < MOST_LINES) await append(pathOf(session), line);
    else await writeFileAtomic(pathOf(session), Buffer.from(line));
    lines.set(session, (count % MOST_LINES) + 1);
  };
  /** Vouchers that come while one is written are written as one. */
  const writeLatest = async (session: bigint): Promise<void> => {
    await writing.get(session)?.catch(() => undefined);
    const before = writing.get(session);
    if (before !== undefined) return before;
    const job = write(latest.get(session)!).finally(() => writing.delete(session));
    writing.set(session, job);
    return job;
  };
  return {
    save(kept) {
      const { session, drawn } = kept.voucher;
      if ((latest.get(session)?.voucher.drawn ?? -1) <= drawn) latest.set(session, kept);
      return writeLatest(session);
    },
    async load() {
      await mkdir(folder, { recursive: true });
      const names = (await readdir(folder)).filter((name) => name.endsWith('.json'));
      const kept = await Promise.all(names.map((name) => read(join(folder, name), log)));
      return kept.filter((one) => one !== undefined);
    },
    async find(session) {
      const path = pathOf(session);
      const isThere = await access(path).then(
        () => true,
        () => false,
      );
      return isThere ? read(path, log) : undefined;
    },
    release(session) {
      latest.delete(session);
      lines.delete(session);
    },
    async remove(session) {
      await writing.get(session)?.catch(() => undefined);
      latest.delete(session);
      lines.delete(session);
      await rm(pathOf(session), { force: true });
    },
  };
}

/** Takes a third of the time of a file that is written whole. */
async function append(path: string, line: string): Promise<void> {
  try {
    await appendFile(path, line, { flush: true });
  } catch (error) {
    throw storageError(error, path);
  }
}

/** What a process that was killed has left behind the last line was never taken for a voucher. */
async function read(path: string, log: Log): Promise<Kept | undefined> {
  try {
    const { session, drawn, signature, promised } = content.parse(JSON.parse(lastLine(await readFile(path, 'utf8'))));
    return { voucher: checked({ session: BigInt(session), drawn, signature }), promised };
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) throw storageError(error, path);
    log.warn({ code: 'VOUCHER_CORRUPT', path, err: error }, 'a voucher on disk is damaged');
    return undefined;
  }
}

function lastLine(text: string): string {
  const end = text.lastIndexOf('\n');
  return text.slice(text.lastIndexOf('\n', end - 1) + 1, Math.max(0, end));
}
