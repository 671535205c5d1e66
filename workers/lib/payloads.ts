import { zeroHash } from 'viem';

import type { Hash } from '../../engine/commit/hash.ts';
import {
  decodePublished,
  feedbackLayout,
  partsOfPayload,
  payloadRootOf,
  wholePayload,
  type Published,
} from '../../engine/compress/published.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import type { State } from '../../engine/graph/state.ts';
import type { Commitment } from '../../sdk/round.ts';
import type { BlobStore } from './blobs.ts';
import { fetchState, type Model } from './model.ts';

type PayloadModel = Pick<Model, 'recipe' | 'rootOf' | 'programs'>;
/** What binds a payload. */
export type ClaimedPayload = Pick<Commitment, 'payloadRoot' | 'payloadBytes'>;

/** What there is to publish of a payload. */
export async function publishedOf(
  { recipe, rootOf }: Omit<PayloadModel, 'programs'>,
  payload: State,
): Promise<Published> {
  const { published, feedback } = partsOfPayload(recipe, payload);
  return { payload: published, feedback: feedback && (await rootOf(feedback)) };
}

/**
 * What a member has published, verified against its claim; undefined when it is absent, or is not what was claimed. Nothing
 * is read that is larger than the run allows.
 */
export async function fetchPublished(
  blobs: BlobStore,
  { recipe, rootOf, programs }: PayloadModel,
  { payloadRoot, payloadBytes }: ClaimedPayload,
): Promise<Published | undefined> {
  if (payloadBytes > programs.payloadBytes) return undefined;
  let published: Published | undefined;
  const digest = async (bytes: Uint8Array): Promise<Hash> => {
    published = decoded(() => decodePublished(recipe, bytes));
    if (published === undefined) return zeroHash;
    return payloadRootOf(recipe, published, await rootOf(published.payload));
  };
  const bytes = await blobs.get(payloadRoot, { bytes: Number(payloadBytes), digest });
  return bytes && published;
}

/** A member's whole payload, with the error feedback that it serves when it is drawn. Undefined while a part is missing. */
export async function fetchPayload(
  blobs: BlobStore,
  model: PayloadModel,
  claimed: ClaimedPayload,
): Promise<State | undefined> {
  const published = await fetchPublished(blobs, model, claimed);
  return published && withFeedback(model, published, (layout, root) => fetchState(blobs, model, layout, root));
}

/** A whole payload from its published part; undefined while nobody has the rest. */
export async function withFeedback(
  { recipe }: Pick<Model, 'recipe'>,
  published: Published,
  find: (layout: State['layout'], root: Hash) => Promise<State | undefined>,
): Promise<State | undefined> {
  const layout = feedbackLayout(recipe);
  if (layout === undefined || published.feedback === undefined) return published.payload;
  const feedback = await find(layout, published.feedback);
  return feedback && wholePayload(recipe, published, feedback);
}

/** What nobody can have computed counts as not there. */
function decoded<T>(decode: () => T): T | undefined {
  try {
    return decode();
  } catch (error) {
    if (error instanceof SwarmlockError && error.code === 'PAYLOAD_INVALID') return undefined;
    throw error;
  }
}
