import { bytesFromHash, hashFromBytes, type Hash } from '../commit/hash.ts';
import { layoutTree } from '../commit/layout.ts';
import { emptyRoot, hashNode } from '../commit/tree.ts';
import { SwarmlockError } from '../errors.ts';
import { createState, stateBytes, type State } from '../graph/state.ts';
import type { StateLayout } from '../graph/types.ts';
import { payloadLayout, publishedLayout } from '../programs.ts';
import type { Recipe } from '../recipe.ts';
import { copyTensors } from '../training.ts';
import { decodePayload, encodePayload, largestPayload } from './wire.ts';

/**
 * What a member publishes: the part of its payload that aggregates read, and what shows that it is part of it. A payload
 * with error feedback has the root node(published, feedback).
 */
export type Published = {
  /** Of `publishedLayout`. */
  readonly payload: State;
  /** Root of the error feedback as a state of its own; undefined without error feedback. */
  readonly feedback: Hash | undefined;
};

const HASH_BYTES = 32;

/** The error feedback of a payload, as a state of its own; undefined without error feedback. */
export function feedbackLayout(recipe: Recipe): StateLayout | undefined {
  const groups = payloadLayout(recipe).groups.slice(1);
  return groups.length === 0 ? undefined : { groups };
}

/** The two parts of a payload as states of their own. */
export function partsOfPayload(
  recipe: Recipe,
  payload: State,
): { readonly published: State; readonly feedback: State | undefined } {
  const layout = feedbackLayout(recipe);
  return { published: part(payload, publishedLayout(recipe)), feedback: layout && part(payload, layout) };
}

/** A payload from its parts. */
export function wholePayload(recipe: Recipe, { payload }: Published, feedback: State): State {
  const whole = createState(payloadLayout(recipe));
  copyTensors(payload, whole);
  copyTensors(feedback, whole);
  return whole;
}

/** What leads from the root of the published part, as a state of its own, to the root of the payload. */
export function abovePublished(recipe: Recipe, { feedback }: Published): readonly Hash[] {
  if (feedback === undefined) return [];
  const depths = (layout: StateLayout) => layoutTree(layout).depth;
  const { groupDepth } = layoutTree(payloadLayout(recipe));
  const padding = (from: number) => Array.from({ length: groupDepth - from }, (_, i) => emptyRoot(from + i));
  const beside = padding(depths(feedbackLayout(recipe)!)).reduce(hashNode, feedback);
  return [...padding(depths(publishedLayout(recipe))), beside];
}

/** The root of a payload, from that of its published part as a state of its own. */
export function payloadRootOf(recipe: Recipe, published: Published, root: Hash): Hash {
  return abovePublished(recipe, published).reduce(hashNode, root);
}

/** Bytes that nothing published exceeds: what a run binds as `payloadBytes`. */
export function mostPublished(recipe: Recipe): number {
  if (recipe.compression.name === 'none') return stateBytes(publishedLayout(recipe));
  return HASH_BYTES + largestPayload(recipe);
}

/**
 * The payload as `encodePayload` writes it, after the root of the error feedback if there is any.
 * @throws PAYLOAD_INVALID for what no payload program gives
 */
export function encodePublished(recipe: Recipe, { payload, feedback }: Published): Uint8Array<ArrayBuffer> {
  const encoded = encodePayload(recipe, payload);
  if (feedback === undefined) return encoded;
  const bytes = new Uint8Array(HASH_BYTES + encoded.length);
  bytes.set(bytesFromHash(feedback));
  bytes.set(encoded, HASH_BYTES);
  return bytes;
}

/** @throws PAYLOAD_INVALID unless the bytes are what `encodePublished` gives for some payload */
export function decodePublished(recipe: Recipe, bytes: Uint8Array): Published {
  if (feedbackLayout(recipe) === undefined) return { payload: decodePayload(recipe, bytes), feedback: undefined };
  if (bytes.length < HASH_BYTES) {
    throw new SwarmlockError(`payload: ${bytes.length} bytes do not hold a root`, {
      code: 'PAYLOAD_INVALID',
      argument: 'payload',
      hint: 'Do not use it: it is none that this recipe can produce.',
    });
  }
  const feedback = hashFromBytes(bytes.subarray(0, HASH_BYTES));
  return { payload: decodePayload(recipe, bytes.subarray(HASH_BYTES)), feedback };
}

function part(payload: State, layout: StateLayout): State {
  const state = createState(layout);
  copyTensors(payload, state);
  return state;
}
