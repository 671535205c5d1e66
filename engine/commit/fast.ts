import { hash } from 'node:crypto';
import type { Tensor, TensorType } from '../graph/types.ts';
import { contiguous, domain, leafGeometry, requireTensor, tensorHeader, treeDepth } from './format.ts';
import { bytesFromHash, HASH_BYTES, type Hash } from './hash.ts';
import { leafDigest, loadLeaves, type Digest, type Source } from './leaves.ts';
import { digestAt, hashNodes, ROW, setDigest } from './nodes.ts';
import { emptyRoot } from './tree.ts';

export { takeNonFinite, type Source } from './leaves.ts';

/**
 * Tree hashing without allocation: OpenSSL hashes leaves, one at a time, and `nodes.ts` what is above them, a subtree at a
 * time. Digests come out of OpenSSL as strings of 32 one-byte characters, which Node makes in a third of the time of a
 * Buffer.
 */

/** Depth of the subtrees whose digests fit the row of nodes. */
const ROW_DEPTH = Math.log2(ROW);
const MAX_DEPTH = 32;
const emptyRoots = Array.from({ length: MAX_DEPTH }, (_, level) => bytesFromHash(emptyRoot(level)));
const emptyDigests = emptyRoots.map((root): Digest => Buffer.from(root).toString('latin1'));
const nodeMessage = Uint8Array.of(domain.node, ...new Uint8Array(2 * HASH_BYTES));

/** Views a tensor's elements where they are. @throws TENSOR_INVALID */
export function tensorSource(tensor: Tensor): Source {
  requireTensor(tensor);
  const { buffer, byteOffset, byteLength } = tensor.data;
  const words = tensor.dtype === 'f32' ? new Int32Array(buffer, byteOffset, byteLength / 4) : undefined;
  return { bytes: new Uint8Array(buffer, byteOffset, byteLength), words, origin: 0, geometry: leafGeometry(tensor) };
}

/** Root of the leaves [from, from + count) of a source, padded with EMPTY to 2^depth; `count` may be 0. */
export function subtreeRoot(source: Source, from: number, count: number, depth: number): Uint8Array {
  if (count <= 0) return emptyRoots[depth]!.slice();
  if (depth > ROW_DEPTH) {
    const roots = Array.from({ length: Math.ceil(count / ROW) }, (_, i) =>
      subtreeRoot(source, from + i * ROW, Math.min(ROW, count - i * ROW), ROW_DEPTH),
    );
    return joinSubtrees(roots, ROW_DEPTH, depth);
  }
  let loaded = { first: 0, count: 0 };
  for (let i = 0; i < count; i += 1) {
    if (i === loaded.first + loaded.count) loaded = { first: i, count: loadLeaves(source, from + i, count - i) };
    setDigest(i, leafDigest(i - loaded.first));
  }
  let width = count;
  for (let level = 0; level < depth; level += 1) {
    if (width % 2 === 1) setDigest(width, emptyDigests[level]!);
    width = Math.ceil(width / 2);
    hashNodes(width);
  }
  return digestAt(0);
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
  nodeMessage.set(left, 1);
  nodeMessage.set(right, 1 + HASH_BYTES);
  return new Uint8Array(Buffer.from(hash('sha256', nodeMessage, 'binary'), 'latin1'));
}

/** Root of a row of subtree roots of depth `height`, padded with empty subtrees to 2^depth leaves in all. */
export function joinSubtrees(roots: readonly Uint8Array[], height: number, depth: number): Uint8Array {
  let row = roots;
  for (let level = height; level < depth; level += 1) {
    const below = row;
    const empty = emptyRoots[level]!;
    row = Array.from({ length: Math.ceil(below.length / 2) }, (_, i) =>
      joinRoots(below[2 * i] ?? empty, below[2 * i + 1] ?? empty),
    );
  }
  return row[0] ?? emptyRoots[depth]!.slice();
}
