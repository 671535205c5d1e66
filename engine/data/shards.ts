import { joinSubtrees, subtreeRoot } from '../commit/fast.ts';
import { contiguous, LEAF_BYTES, treeDepth } from '../commit/format.ts';
import { bytesFromHash, hashFromBytes, type Hash } from '../commit/hash.ts';
import { requireIndex } from '../commit/tree.ts';
import type { TokenArray } from './tokenizer.ts';

/** Depth of a shard's tree: 1,024 leaves. */
const SHARD_DEPTH = 10;

/** Bytes of a full shard: 1 MiB. Every shard but the last is full. */
export const SHARD_BYTES = LEAF_BYTES * 2 ** SHARD_DEPTH;

/** One part of a dataset that is stored and fetched on its own. */
export type Shard = { readonly bytes: Uint8Array; readonly root: Hash };

/** The bytes of tokens as they are hashed and stored: 1, 2 or 4 bytes a token, little-endian. */
export function bytesOfTokens(tokens: TokenArray): Uint8Array {
  return new Uint8Array(tokens.buffer, tokens.byteOffset, tokens.byteLength);
}

/** Root of one shard: the tree over its leaves, padded to 1,024. */
export function shardRoot(bytes: Uint8Array): Hash {
  const geometry = contiguous(bytes.length);
  const source = { bytes, words: undefined, origin: 0, geometry };
  return hashFromBytes(subtreeRoot(source, 0, geometry.leaves, SHARD_DEPTH));
}

/** Tokens cut into shards of 1 MiB, in order. */
export function shardsOf(tokens: TokenArray): readonly Shard[] {
  const bytes = bytesOfTokens(tokens);
  return Array.from({ length: Math.ceil(bytes.length / SHARD_BYTES) }, (_, i) => {
    const part = bytes.subarray(i * SHARD_BYTES, (i + 1) * SHARD_BYTES);
    return { bytes: part, root: shardRoot(part) };
  });
}

/**
 * Root of the tree over shard roots. A shard is a subtree, so this is also the root of the tree over all leaves of
 * 1,024 bytes (padded to at least one shard), and an opening of a token needs nothing but that tree.
 */
export function tokensRoot(shards: readonly Shard[]): Hash {
  const roots = shards.map(({ root }) => bytesFromHash(root));
  return hashFromBytes(joinSubtrees(roots, SHARD_DEPTH, SHARD_DEPTH + treeDepth(roots.length)));
}

/** The leaf that holds token `index`, and its path to the root of the tokens. @throws INDEX_OUT_OF_RANGE */
export function proveToken(tokens: TokenArray, index: number): { data: Uint8Array; siblings: readonly Hash[] } {
  requireIndex(index, tokens.length);
  const bytes = bytesOfTokens(tokens);
  const leaf = Math.floor((index * tokens.BYTES_PER_ELEMENT) / LEAF_BYTES);
  const source = { bytes, words: undefined, origin: 0, geometry: contiguous(bytes.length) };
  const { leaves } = source.geometry;
  const depth = SHARD_DEPTH + treeDepth(Math.ceil(leaves / 2 ** SHARD_DEPTH));
  const siblings = Array.from({ length: depth }, (_, height) => {
    const from = (Math.floor(leaf / 2 ** height) ^ 1) * 2 ** height;
    return hashFromBytes(subtreeRoot(source, from, Math.min(2 ** height, leaves - from), height));
  });
  return { data: bytes.subarray(leaf * LEAF_BYTES, (leaf + 1) * LEAF_BYTES), siblings };
}
