import { mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

import { SwarmlockError } from '../../engine/errors.ts';

let written = 0;

/**
 * Writes a file whole or not at all: to a temporary file beside it, synced, then renamed over it. A process killed at
 * any point leaves the old content or the new one, and at most a temporary file that nobody reads.
 */
export async function writeFileAtomic(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${process.pid}-${written++}.tmp`;
  try {
    await writeSynced(temporary, bytes).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
      await mkdir(dirname(path), { recursive: true });
      await writeSynced(temporary, bytes);
    });
    await rename(temporary, path);
    await syncFolder(dirname(path));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw storageError(error, path);
  }
}

/** Writes a new file and waits until the disk has it. */
export async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'w');
  try {
    await file.writeFile(bytes);
    await file.sync();
  } finally {
    await file.close();
  }
}

/** Makes a rename inside `folder` durable. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

const fullDisk = ['ENOSPC', 'EDQUOT', 'EFBIG'];

/** `DISK_FULL` (retryable: it lasts until somebody makes room) or `STORAGE_FAILED`, with what to do. */
export function storageError(error: unknown, path: string): SwarmlockError {
  if (error instanceof SwarmlockError) return error;
  const reason = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
  if (fullDisk.includes(reason)) {
    return new SwarmlockError(`The disk is full: ${path} was not written, what was there before is intact`, {
      code: 'DISK_FULL',
      argument: path,
      hint: 'Free some space; the worker goes on by itself.',
      retryable: true,
      cause: error,
    });
  }
  return new SwarmlockError(`Cannot use ${path} (${reason})`, {
    code: 'STORAGE_FAILED',
    argument: path,
    hint: 'Check that the folder exists and that this user may write to it.',
    cause: error,
  });
}
