import { SwarmlockError } from '../../engine/errors.ts';
import type { Hash } from '../../engine/commit/hash.ts';
import type { State } from '../../engine/graph/state.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import type { BlobStore } from '../lib/blobs.ts';
import { fetchState, type Model } from '../lib/model.ts';

type WeightsModel = Pick<Model, 'recipe' | 'rootOf' | 'globalLayout'>;

/**
 * The weights of a settled state: from the blob store, or from the recipe when nothing has been settled yet. They hash to
 * the root.
 * @throws STATE_UNAVAILABLE (retryable) when nobody has them
 */
export async function loadWeights(model: WeightsModel, blobs: BlobStore, root: Hash): Promise<State> {
  const stored = await fetchState(blobs, model, model.globalLayout, root);
  if (stored !== undefined) return stored;
  const initial = initialParameters(model.recipe);
  if ((await model.rootOf(initial)) === root) return initial;
  throw new SwarmlockError(`no blob hashes to the settled state ${root}`, {
    code: 'STATE_UNAVAILABLE',
    argument: 'blobs',
    hint: 'Check that the blob store is the one that the members of the run use.',
    retryable: true,
  });
}
