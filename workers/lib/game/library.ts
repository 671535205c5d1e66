import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

import type { Hash } from '../../../engine/commit/hash.ts';
import { encodePublished, partsOfPayload, type Published } from '../../../engine/compress/published.ts';
import { createState, stateBytes, type State } from '../../../engine/graph/state.ts';
import type { StateLayout } from '../../../engine/graph/types.ts';
import type { BlobStore } from '../blobs.ts';
import { storageError } from '../atomic-file.ts';
import { folderBlobs } from '../folder-blobs.ts';
import type { Log } from '../log.ts';
import { fetchState, type Model } from '../model.ts';
import { fetchPublished, publishedOf, withFeedback, type ClaimedPayload } from '../payloads.ts';

/**
 * States that a worker needs as long as claims of a round can be disputed: its own copies, because what others serve may
 * be gone when a game comes to it; and what others serve.
 */
export type Library = {
  /** The state of a root, or undefined when nobody has it. */
  get(round: number, layout: StateLayout, root: Hash): Promise<State | undefined>;
  keep(round: number, root: Hash, state: State): Promise<void>;
  /** What a member has published of a payload; undefined when nobody has it. */
  published(round: number, claimed: ClaimedPayload): Promise<Published | undefined>;
  keepPublished(round: number, root: Hash, published: Published): Promise<void>;
  /** A whole payload, error feedback included; undefined when nobody has all of it. */
  payload(round: number, claimed: ClaimedPayload): Promise<State | undefined>;
  keepPayload(round: number, root: Hash, payload: State): Promise<void>;
  /** Forgets the copies for rounds before `round`. */
  sweep(round: number): Promise<void>;
};

export type LibraryOptions = {
  /** Of this worker alone. */
  readonly folder: string;
  readonly model: Pick<Model, 'recipe' | 'rootOf' | 'programs'>;
  readonly shared: BlobStore;
  readonly log: Log;
  /** States that this worker has anyway, as it stores them. */
  readonly stored?: (round: number, root: Hash) => Promise<Uint8Array | undefined>;
};

export function openLibrary({ folder, model, shared, log, stored }: LibraryOptions): Library {
  const own = (round: number) => folderBlobs(join(folder, String(round)), log);
  const library: Library = {
    async get(round, layout, root) {
      const found = await stored?.(round, root);
      if (found?.length === stateBytes(layout)) return createState(layout, found);
      return (await fetchState(own(round), model, layout, root)) ?? fetchState(shared, model, layout, root);
    },
    keep: (round, root, state) => own(round).put(root, state.bytes),
    published: async (round, claimed) =>
      (await fetchPublished(own(round), model, claimed)) ?? fetchPublished(shared, model, claimed),
    keepPublished: (round, root, published) => own(round).put(root, encodePublished(model.recipe, published)),
    async payload(round, claimed) {
      const published = await library.published(round, claimed);
      return published && withFeedback(model, published, (layout, root) => library.get(round, layout, root));
    },
    async keepPayload(round, root, payload) {
      const { feedback } = partsOfPayload(model.recipe, payload);
      const published = await publishedOf(model, payload);
      await library.keepPublished(round, root, published);
      if (feedback !== undefined) await library.keep(round, published.feedback!, feedback);
    },
    async sweep(round) {
      for (const old of await roundsIn(folder)) {
        if (old < round) await rm(join(folder, String(old)), { recursive: true, force: true });
      }
    },
  };
  return library;
}

async function roundsIn(folder: string): Promise<number[]> {
  try {
    return (await readdir(folder)).filter((name) => /^\d+$/.test(name)).map(Number);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw storageError(error, folder);
  }
}
