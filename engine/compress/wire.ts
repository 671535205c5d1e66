import { SwarmlockError } from '../errors.ts';
import { createState, stateBytes, type State } from '../graph/state.ts';
import type { StateLayout } from '../graph/types.ts';
import { publishedLayout } from '../programs.ts';
import type { Recipe } from '../recipe.ts';
import { MOST_MAGNITUDE } from './magnitudes.ts';
import { BitReader, BitWriter } from './range-coder.ts';
import { codeChunks, type Chunks } from './symbols.ts';

/** First byte of an encoded payload: what follows is as `codeChunks` describes it. */
const FORMAT = 1;

function invalid(message: string, cause?: unknown): SwarmlockError {
  return new SwarmlockError(`payload: ${message}`, {
    code: 'PAYLOAD_INVALID',
    argument: 'payload',
    hint: 'Do not use it: it is none that this recipe can produce.',
    cause,
  });
}

/** Bytes that no encoded payload exceeds. Who fetches one need not read on. */
export function largestPayload(recipe: Recipe): number {
  return stateBytes(publishedLayout(recipe)) + 64;
}

/**
 * The published part of a payload as it travels: without compression its tensors, else entropy-coded without loss
 * (`codeChunks`). One payload has one encoding. @throws PAYLOAD_INVALID for what no payload program gives
 */
export function encodePayload(recipe: Recipe, payload: State): Uint8Array<ArrayBuffer> {
  if (recipe.compression.name === 'none') return Uint8Array.from(bounded(payload).bytes);
  const writer = new BitWriter();
  requireCoded(() => codeChunks(writer, chunksOf(recipe, payload), false));
  const coded = writer.finish();
  const bytes = new Uint8Array(1 + coded.length);
  bytes[0] = FORMAT;
  bytes.set(coded, 1);
  return bytes;
}

/**
 * The published part of a payload from its encoding. Takes no more memory than the payload, whatever the bytes say.
 * @throws PAYLOAD_INVALID unless they are exactly what `encodePayload` gives for some payload
 */
export function decodePayload(recipe: Recipe, bytes: Uint8Array): State {
  if (bytes.length > largestPayload(recipe)) throw invalid(`${bytes.length} bytes are too many`);
  const layout = publishedLayout(recipe);
  if (recipe.compression.name === 'none') return decodeTensors(layout, bytes);
  if (bytes[0] !== FORMAT) throw invalid(`format ${bytes[0] ?? 'missing'} is not ${FORMAT}`);
  const payload = createState(layout);
  requireCoded(() => codeChunks(new BitReader(bytes.subarray(1)), chunksOf(recipe, payload), true));
  // Whatever was cut off, appended or written in another way shows here.
  if (!Buffer.from(encodePayload(recipe, payload)).equals(bytes)) throw invalid('it is not written as it has to be');
  return payload;
}

function decodeTensors(layout: StateLayout, bytes: Uint8Array): State {
  const expected = stateBytes(layout);
  if (bytes.length !== expected) throw invalid(`${bytes.length} bytes are not the ${expected} of its tensors`);
  return bounded(createState(layout, bytes));
}

/** A payload of plain tensors with no element that could make an aggregate overflow. */
function bounded(payload: State): State {
  for (const [name, data] of payload.tensors)
    if (!data.every((x) => Math.abs(x) <= MOST_MAGNITUDE)) throw invalid(`an element of ${name} is beyond 2^40 or NaN`);
  return payload;
}

function chunksOf({ compression }: Recipe, { tensors }: State): Chunks {
  if (compression.name !== 'sparseloco') throw invalid(`${compression.name} has no chunks`);
  const { chunk, k } = compression;
  return { chunk, k, positions: tensors.get('positions')!, values: tensors.get('values')! };
}

function requireCoded(code: () => void): void {
  try {
    code();
  } catch (cause) {
    if (cause instanceof RangeError) throw invalid(cause.message, cause);
    throw cause;
  }
}
