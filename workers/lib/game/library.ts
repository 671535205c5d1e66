import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Hash } from '../../../engine/commit/hash.ts';
import { createState, stateBytes, type State } from '../../../engine/graph/state.ts';
import type { StateLayout } from '../../../engine/graph/types.ts';
import type { BlobStore } from '../blobs.ts';
import { storageError } from '../atomic-file.ts';
import { folderBlobs } from '../folder-blobs.ts';
import type { Log } from '../log.ts';
import { fetchState, type Model } from '../model.ts';

/**
 * States that a worker needs as long as claims of a round can be disputed: its own copies, because what others serve may
 * be gone when a game comes to it; and what others serve.
 */
export type Library = {
  /** The state of a root, or undefined when nobody has it. */
  get(round: number, layout: StateLayout, root: Hash): Promise<State | undefined>;
  keep(round: number, root: Hash, state: State): Promise<void>;
  /** Forgets the copies for rounds before `round`. */
  sweep(round: number): Promise<void>;
};

export type LibraryOptions = {
  /** Of this worker alone. */
  readonly folder: string;
  readonly model: Pick<Model, 'rootOf'>;
  readonly shared: BlobStore;
  readonly log: Log;
  /** States that this worker has anyway, as it stores them. */
  readonly stored?: (round: number, root: Hash) => Promise<Uint8Array | undefined>;
};

export function openLibrary({ folder, model, shared, log, stored }: LibraryOptions): Library {
  const own = (round: number) => folderBlobs(join(folder, String(round)), log);
  return {
    async get(round, layout, root) {
      const found = await stored?.(round, root);
      if (found?.length === stateBytes(layout)) return createState(layout, found);
      return (await fetchState(own(round), model, layout, root)) ?? fetchState(shared, model, layout, root);
    },
    keep: (round, root, state) => own(round).put(root, state.bytes),
    async sweep(round) {
      for (const old of await roundsIn(folder)) {
        if (old < round) await rm(join(folder, String(old)), { recursive: true, force: true });
      }
    },
  };
}

async function roundsIn(folder: string): Promise<number[]> {
  try {
    return (await readdir(folder)).filter((name) => /^\d+$/.test(name)).map(Number);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw storageError(error, folder);
  }
}
