import { hash } from 'node:crypto';
import type { Tensor, TensorType } from '../graph/types.ts';
import { contiguous, domain, leafGeometry, requireTensor, tensorHeader, treeDepth } from './format.ts';
import { bytesFromHash, HASH_BYTES, type Hash } from './hash.ts';
import { leafDigest, loadLeaves, type Digest, type Source } from './leaves.ts';
import { emptyRoot } from './tree.ts';

export { takeNonFinite, type Source } from './leaves.ts';

/**
 * Tree hashing without allocation. Messages are written into prepared buffers; digests come out of OpenSSL as strings
 * of 32 one-byte characters, which Node makes in two thirds of the time of a Buffer. One digest is written once: to its
 * place in the message of its parent.
 */

const MAX_DEPTH = 32;

const nodeMessages = Array.from({ length: MAX_DEPTH }, () => {
  const message = new Uint8Array(1 + 2 * HASH_BYTES);
  message[0] = domain.node;
  return message;
});
/** The digest that was last written as left child at each level. */
const lefts: Digest[] = [];
const emptyDigests = Array.from({ length: MAX_DEPTH }, (_, level) => digestOf(bytesFromHash(emptyRoot(level))));

/** Views a tensor's elements where they are. @throws TENSOR_INVALID */
export function tensorSource(tensor: Tensor): Source {
  requireTensor(tensor);
  const { buffer, byteOffset, byteLength } = tensor.data;
  const words = tensor.dtype === 'f32' ? new Int32Array(buffer, byteOffset, byteLength / 4) : undefined;
  return { bytes: new Uint8Array(buffer, byteOffset, byteLength), words, origin: 0, geometry: leafGeometry(tensor) };
}

/** Root of the leaves [from, from + count) of a source, padded with EMPTY to 2^depth; `count` may be 0. */
export function subtreeRoot(source: Source, from: number, count: number, depth: number): Uint8Array {
  if (count <= 0) return bytesOf(emptyDigests[depth] ?? '');
  let digest: Digest = '';
  let loaded = { first: 0, count: 0 };
  for (let i = 0; i < count; i += 1) {
    if (i === loaded.first + loaded.count) loaded = { first: i, count: loadLeaves(source, from + i, count - i) };
    digest = leafDigest(i - loaded.first);
    let level = 0;
    for (let carry = i; carry % 2 === 1; carry = (carry - 1) / 2) {
      digest = lefts[level] === digest ? twinDigest(level, digest) : nodeDigest(level, undefined, digest);
      level += 1;
    }
    if (level < depth) {
      writeDigest(nodeMessage(level), 1, digest);
      lefts[level] = digest;
    }
  }
  return bytesOf(pad(digest, count, depth));
}

/** Hash of one leaf of at most 1,024 bytes. */
export function fastLeafRoot(bytes: Uint8Array): Uint8Array {
  return subtreeRoot({ bytes, words: undefined, origin: 0, geometry: contiguous(bytes.length) }, 0, 1, 0);
}

/** Root of the whole tree of a source. */
export function sourceRoot(source: Source): Uint8Array {
  return subtreeRoot(source, 0, source.geometry.leaves, treeDepth(source.geometry.leaves));
}

/** Tensor root from the root of the tensor's tree. */
export function rootOfTensor(type: TensorType, tree: Uint8Array): Hash {
  const header = tensorHeader(type);
  const message = new Uint8Array(header.length + HASH_BYTES);
  message.set(header);
  message.set(tree, header.length);
  return `0x${hash('sha256', message, 'hex')}`;
}

/** Commitment to a tensor's type, shape and elements, on the calling thread. */
export function fastTensorRoot(tensor: Tensor): Hash {
  return rootOfTensor(tensor, sourceRoot(tensorSource(tensor)));
}

/** Root of the node over two roots. */
export function joinRoots(left: Uint8Array, right: Uint8Array): Uint8Array {
  const message = nodeMessage(0);
  message.set(left, 1);
  message.set(right, 1 + HASH_BYTES);
  return bytesOf(hash('sha256', message, 'binary'));
}

/** Root of a row of subtree roots of depth `height`, padded with empty subtrees to 2^depth leaves in all. */
export function joinSubtrees(roots: readonly Uint8Array[], height: number, depth: number): Uint8Array {
  let row = roots;
  for (let level = height; level < depth; level += 1) {
    const below = row;
    const empty = bytesOf(emptyDigests[level] ?? '');
    row = Array.from({ length: Math.ceil(below.length / 2) }, (_, i) =>
      joinRoots(below[2 * i] ?? empty, below[2 * i + 1] ?? empty),
    );
  }
  return row[0] ?? bytesOf(emptyDigests[depth] ?? '');
}

/** Closes the unfinished right edge of a tree after `count` leaves. `digest` is the last node that was completed. */
function pad(digest: Digest, count: number, depth: number): Digest {
  let carried: Digest | undefined;
  for (let level = 0; level < depth; level += 1) {
    const hasLeft = Math.floor(count / 2 ** level) % 2 === 1;
    if (hasLeft) carried = nodeDigest(level, undefined, carried ?? emptyDigest(level));
    else if (carried !== undefined) carried = nodeDigest(level, carried, emptyDigest(level));
  }
  return carried ?? digest;
}

/** Digest of the node at `level`; without `left`, the one already written there is taken. */
function nodeDigest(level: number, left: Digest | undefined, right: Digest): Digest {
  const message = nodeMessage(level);
  if (left !== undefined) writeDigest(message, 1, left);
  writeDigest(message, 1 + HASH_BYTES, right);
  return hash('sha256', message, 'binary');
}

/** Nodes over one digest twice: where elements repeat, the same ones come again and again. */
const twins = new Map<Digest, Digest>();
const MOST_TWINS = 4_096;

function twinDigest(level: number, child: Digest): Digest {
  const known = twins.get(child);
  if (known !== undefined) return known;
  if (twins.size >= MOST_TWINS) twins.clear();
  const digest = nodeDigest(level, undefined, child);
  twins.set(child, digest);
  return digest;
}

function nodeMessage(level: number): Uint8Array {
  return nodeMessages[level] as Uint8Array;
}

function emptyDigest(level: number): Digest {
  return emptyDigests[level] ?? '';
}

function writeDigest(message: Uint8Array, offset: number, digest: Digest): void {
  for (let i = 0; i < HASH_BYTES; i += 1) message[offset + i] = digest.charCodeAt(i);
}

function bytesOf(digest: Digest): Uint8Array {
  return new Uint8Array(Buffer.from(digest, 'latin1'));
}

function digestOf(bytes: Uint8Array): Digest {
  return Buffer.from(bytes).toString('latin1');
}
