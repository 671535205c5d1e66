import { SwarmlockError } from '../errors.ts';
import { domain, LEAF_BYTES, treeDepth } from './format.ts';
import { bytesFromHash, hashFromBytes, sha256, type Hash } from './hash.ts';

/** The leaf that pads every tree to a power of two. */
export const EMPTY: Hash = hashFromBytes(sha256(Uint8Array.of(domain.empty)));

/** Hash of one leaf of at most 1,024 bytes. @throws LEAF_TOO_LONG */
export function hashLeaf(data: Uint8Array): Hash {
  if (data.length > LEAF_BYTES) {
    throw new SwarmlockError(`A leaf holds at most ${LEAF_BYTES} bytes, not ${data.length}`, {
      code: 'LEAF_TOO_LONG',
      argument: 'data',
    });
  }
  const prefix = Buffer.alloc(5);
  prefix[0] = domain.leaf;
  prefix.writeUInt32BE(data.length, 1);
  return hashFromBytes(sha256(prefix, data));
}

export function hashNode(left: Hash, right: Hash): Hash {
  return hashFromBytes(sha256(Uint8Array.of(domain.node), bytesFromHash(left), bytesFromHash(right)));
}

/** Root of a tree of 2^level EMPTY leaves. */
export function emptyRoot(level: number): Hash {
  let root = EMPTY;
  for (let i = 0; i < level; i += 1) root = hashNode(root, root);
  return root;
}

/**
 * The levels of the tree over `leaves` padded with EMPTY to 2^depth: level 0 has the leaves, the last one the root.
 */
export function treeLevels(leaves: readonly Hash[], depth = treeDepth(leaves.length)): readonly (readonly Hash[])[] {
  if (leaves.length > 2 ** depth) {
    throw new SwarmlockError(`${leaves.length} leaves do not fit a tree of depth ${depth}`, {
      code: 'TREE_TOO_SHALLOW',
      argument: 'depth',
    });
  }
  const padding = Array.from({ length: 2 ** depth - leaves.length }, () => EMPTY);
  let level: readonly Hash[] = [...leaves, ...padding];
  const levels = [level];
  while (level.length > 1) {
    const below = level;
    level = Array.from({ length: below.length / 2 }, (_, i) => hashNode(at(below, 2 * i), at(below, 2 * i + 1)));
    levels.push(level);
  }
  return levels;
}

/** Root of the tree over `leaves` padded with EMPTY to 2^depth, by default to the next power of two. EMPTY for none. */
export function merkleRoot(leaves: readonly Hash[], depth = treeDepth(leaves.length)): Hash {
  return at(treeLevels(leaves, depth).at(-1) ?? [], 0);
}

/** Siblings of leaf `index` from the bottom up. @throws INDEX_OUT_OF_RANGE */
export function merkleProof(leaves: readonly Hash[], index: number, depth = treeDepth(leaves.length)): readonly Hash[] {
  requireIndex(index, leaves.length);
  return treeLevels(leaves, depth)
    .slice(0, -1)
    .map((level, height) => at(level, Math.floor(index / 2 ** height) ^ 1));
}

/** The root that a leaf, its index and its siblings lead to. @throws HASH_INVALID */
export function rootFromProof(leaf: Hash, index: number, siblings: readonly Hash[]): Hash {
  return siblings.reduce((node, sibling, height) => {
    const isRight = Math.floor(index / 2 ** height) % 2 === 1;
    return isRight ? hashNode(sibling, node) : hashNode(node, sibling);
  }, leaf);
}

/** Whether `leaf` is number `index` of the `leaves` leaves of the tree under `root`. Never throws. */
export function verifyProof(root: Hash, leaves: number, leaf: Hash, index: number, siblings: readonly Hash[]): boolean {
  if (!isIndex(index, leaves) || siblings.length !== treeDepth(leaves)) return false;
  try {
    return rootFromProof(leaf, index, siblings) === root;
  } catch {
    return false;
  }
}

export function isIndex(index: number, length: number): boolean {
  return Number.isInteger(index) && index >= 0 && index < length;
}

export function requireIndex(index: number, length: number): void {
  if (isIndex(index, length)) return;
  throw new SwarmlockError(`Index ${index} is not one of ${length}`, { code: 'INDEX_OUT_OF_RANGE', argument: 'index' });
}

function at(level: readonly Hash[], index: number): Hash {
  return level[index] ?? EMPTY;
}
