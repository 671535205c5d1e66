import { slotsOf, type State } from '../graph/state.ts';
import type { Tensor } from '../graph/types.ts';
import { leafGeometry, leafSpan, requireTensor, tensorHeader, type LeafGeometry } from './format.ts';
import { bytesFromHash, hashFromBytes, sha256, type Hash } from './hash.ts';
import { stateLeaves, tensorOf } from './layout.ts';
import { hashLeaf, merkleRoot } from './tree.ts';

/**
 * The slow, obvious twin of the fast hasher: one message at a time, every leaf and every padding node hashed.
 * `createHasher` must agree with it bit for bit.
 */

/** Bytes of a tensor as they are committed: little-endian, with -0 written as +0. @throws TENSOR_INVALID */
export function committedBytes(tensor: Tensor): Uint8Array {
  requireTensor(tensor);
  const data = tensor.data.slice();
  if (data instanceof Float32Array) {
    for (let i = 0; i < data.length; i += 1) if (data[i] === 0) data[i] = 0;
  }
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

/** Root of the tree over `bytes` cut by `geometry`. */
export function bytesRoot(bytes: Uint8Array, geometry: LeafGeometry): Hash {
  const leaves = Array.from({ length: geometry.leaves }, (_, index) => {
    const { start, length } = leafSpan(geometry, index);
    return hashLeaf(bytes.subarray(start, start + length));
  });
  return merkleRoot(leaves);
}

/** Commitment to a tensor's type, shape and elements. */
export function tensorRoot(tensor: Tensor): Hash {
  const tree = bytesRoot(committedBytes(tensor), leafGeometry(tensor));
  return hashFromBytes(sha256(tensorHeader(tensor), bytesFromHash(tree)));
}

/** Commitment to a state: the tree of its tensor roots, group after group. */
export function stateRoot(state: State): Hash {
  const roots = slotsOf(state.layout).map((slot) => tensorRoot(tensorOf(state, slot.name)));
  const leaves = stateLeaves(state.layout, roots);
  return merkleRoot(leaves);
}
