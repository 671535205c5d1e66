import type { Hash } from '../../engine/commit/hash.ts';
import { createHasher } from '../../engine/commit/hasher.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import { createState, stateBytes, type State } from '../../engine/graph/state.ts';
import { globalLayout } from '../../engine/programs.ts';
import type { Recipe } from '../../engine/recipe.ts';
import { folderBlobs } from '../../workers/lib/folder-blobs.ts';
import { createLog } from '../../workers/lib/log.ts';

/** Reads settled global states from the blob store, each checked against its root. */
export function stateReader(recipe: Recipe, blobFolder: string): (root: Hash) => Promise<State> {
  const blobs = folderBlobs(blobFolder, createLog({ name: 'demo', level: 'silent' }));
  const hasher = createHasher({ threads: 1 });
  const layout = globalLayout(recipe);
  const digest = (bytes: Uint8Array) => hasher.stateRoot(createState(layout, bytes));
  return async (root) => {
    const bytes = await blobs.get(root, { bytes: stateBytes(layout), digest });
    if (bytes !== undefined) return createState(layout, bytes);
    throw new SwarmlockError(`No worker has stored the global state ${root}`, {
      code: 'STATE_MISSING',
      argument: 'root',
      hint: `Look into ${blobFolder}.`,
    });
  };
}
