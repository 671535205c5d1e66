import { hash } from 'node:crypto';
import { canonicaliseContent, CONTENT, contentBuffer } from './canonical.ts';
import { LEAF_BYTES, type LeafGeometry } from './format.ts';

/**
 * Leaves are hashed a window at a time: their bytes are copied once, written as they are committed all together, and then
 * hashed where they lie. The prefix of a leaf overwrites the end of the one before, which has been hashed by then.
 */

/** Bytes of a tensor, or a part of them, to hash in place. */
export type Source = {
  readonly bytes: Uint8Array;
  /** Set for f32: the same bytes as words, so that -0 is read as +0. */
  readonly words: Int32Array | undefined;
  /** Where in the tensor the bytes start. */
  readonly origin: number;
  /** f32: how often each element stands in succession in the tensor that is hashed; the bytes hold it once. */
  readonly stretch?: number;
  readonly geometry: LeafGeometry;
};

/** 32 one-byte characters. */
export type Digest = string;

/** Leaves of a window: they stay in the first level of the cache. */
const WINDOW = 32;
const PREFIX = 5;
const LEAF_WORDS = LEAF_BYTES / 4;
const HALF = LEAF_WORDS / 2;

const content = new Uint8Array(contentBuffer, CONTENT, WINDOW * LEAF_BYTES);
const contentWords = new Int32Array(contentBuffer, CONTENT, WINDOW * LEAF_WORDS);
const messages = Array.from({ length: WINDOW }, (_, leaf) => {
  return new Uint8Array(contentBuffer, CONTENT - PREFIX + leaf * LEAF_BYTES, PREFIX + LEAF_BYTES);
});

/** What is in the window. */
const held = { count: 0, lastLength: LEAF_BYTES, isHalved: false };
let sawNonFinite = false;

/** Whether a NaN or an infinity has been loaded since the last call. */
export function takeNonFinite(): boolean {
  const saw = sawNonFinite;
  sawNonFinite = false;
  return saw;
}

/** Loads leaves of a source from `index` on into the window, at most `most`. Returns how many. */
export function loadLeaves(source: Source, index: number, most: number): number {
  const { rowBytes, leavesPerRow, leaves } = source.geometry;
  // Leaves follow one another without a gap in the whole tensor, or in one row that does not fill its last leaf.
  const isPacked = leavesPerRow === leaves || rowBytes % LEAF_BYTES === 0;
  const row = isPacked ? 0 : Math.floor(index / leavesPerRow);
  const end = isPacked ? (leaves / leavesPerRow) * rowBytes : rowBytes;
  const start = (index - row * leavesPerRow) * LEAF_BYTES;
  const length = Math.min(end - start, Math.min(most, WINDOW) * LEAF_BYTES);
  if (load(source, row * rowBytes + start, length)) sawNonFinite = true;
  held.count = Math.ceil(length / LEAF_BYTES);
  held.lastLength = length - (held.count - 1) * LEAF_BYTES;
  held.isHalved = (source.stretch ?? 1) % HALF === 0 && (isPacked || rowBytes % (4 * HALF) === 0);
  return held.count;
}

/** Digest of a leaf of the window. Leaves are asked for in ascending order, each once. */
export function leafDigest(leaf: number): Digest {
  const length = leaf + 1 === held.count ? held.lastLength : LEAF_BYTES;
  const key = held.isHalved && length === LEAF_BYTES ? halvesOf(leaf) : undefined;
  const known = key === undefined ? undefined : digests.get(key);
  if (known !== undefined) return known;
  const message = messages[leaf]!;
  // 0x00 and the length in 32 bits.
  message[0] = message[1] = message[2] = 0;
  message[3] = length >> 8;
  message[4] = length & 255;
  const digest = hash('sha256', length === LEAF_BYTES ? message : message.subarray(0, PREFIX + length), 'binary');
  if (key !== undefined) remember(key, digest);
  return digest;
}

/** Copies bytes [start, start + length) of a source into the window as committed. Returns whether one is not finite. */
function load({ words, bytes, origin, stretch = 1 }: Source, start: number, length: number): boolean {
  if (words === undefined) {
    content.set(bytes.subarray(start - origin, start - origin + length));
    return false;
  }
  if (stretch > 1) stretchWords(words, origin / 4, stretch, start / 4, length / 4);
  else contentWords.set(words.subarray((start - origin) / 4, (start - origin + length) / 4));
  return canonicaliseContent(length / 4);
}

/** Words [start, start + length) of a tensor that has each of the given ones `stretch` times. */
function stretchWords(words: Int32Array, origin: number, stretch: number, start: number, length: number): void {
  let from = Math.floor(start / stretch);
  let end = (from + 1) * stretch - start;
  for (let i = 0; i < length; end += stretch) {
    contentWords.fill(words[from - origin] ?? 0, i, Math.min(end, length));
    i = end;
    from += 1;
  }
}

/** Scales are few, so that leaves of nothing but one or two of them come again and again. */
const digests = new Map<number, Digest>();
const MOST_DIGESTS = 4_096;

/** What a leaf has in its two halves, if both are such that it fits a number: the upper half of each word says all. */
function halvesOf(leaf: number): number | undefined {
  const first = contentWords[leaf * LEAF_WORDS]!;
  const second = contentWords[(leaf + 1) * LEAF_WORDS - 1]!;
  return ((first | second) & 0xffff) === 0 ? (first >>> 16) * 2 ** 16 + (second >>> 16) : undefined;
}

function remember(key: number, digest: Digest): void {
  if (digests.size >= MOST_DIGESTS) digests.clear();
  digests.set(key, digest);
}
