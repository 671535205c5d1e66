import { readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';

import { SwarmlockError } from '../../engine/errors.ts';
import type { Hash } from 'viem';
import { storageError, writeFileAtomic } from './atomic-file.ts';
import type { BlobStore, Expected } from './blobs.ts';
import type { Log } from './log.ts';

/** The blob store in a folder, which may be shared by several processes: one file for each root, named by it. */
export function folderBlobs(folder: string, log: Log): BlobStore {
  return {
    put: (root, bytes) => writeFileAtomic(fileOf(folder, root), bytes),
    get: (root, expected) => readVerified(fileOf(folder, root), root, expected, log),
    remove: (root) => rm(fileOf(folder, root), { force: true }),
  };
}

async function readVerified(path: string, root: Hash, expected: Expected, log: Log): Promise<Uint8Array | undefined> {
  try {
    const { size } = await stat(path);
    // Before reading, so that a huge file from a stranger costs nothing.
    if (size !== expected.bytes) return reportCorrupt(log, root, { bytes: size, expected: expected.bytes });
    const bytes = await readFile(path);
    const actual = await expected.digest(bytes);
    if (actual !== root) return reportCorrupt(log, root, { actual });
    return bytes;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    if (error instanceof Error && 'syscall' in error) throw storageError(error, path);
    throw error;
  }
}

function reportCorrupt(log: Log, root: Hash, found: object): undefined {
  log.warn({ code: 'BLOB_CORRUPT', root, ...found }, 'a blob does not match its root and is treated as absent');
}

/** A root becomes a file name, so nothing but a root may pass. */
function fileOf(folder: string, root: Hash): string {
  if (/^0x[0-9a-f]{64}$/.test(root)) return join(folder, `${root.slice(2)}.blob`);
  throw new SwarmlockError(`Not a commitment root: ${String(root)}`, {
    code: 'ROOT_INVALID',
    argument: 'root',
    hint: 'A root is 0x followed by 64 lower-case hexadecimal digits.',
  });
}
