import { slotsOf, type State } from '../graph/state.ts';
import { bytesPerElement, type StateLayout, type Tensor, type TensorType } from '../graph/types.ts';
import { fastTensorRoot, subtreeRoot, tensorSource } from './fast.ts';
import { leafGeometry, leafSpan, tensorHeader, treeDepth } from './format.ts';
import { bytesFromHash, hashFromBytes, sha256, type Hash } from './hash.ts';
import { layoutTree, stateLeaves, tensorOf } from './layout.ts';
import { committedBytes } from './reference.ts';
import { hashLeaf, isIndex, merkleProof, requireIndex, rootFromProof } from './tree.ts';

/** One leaf of a tensor and what shows that it belongs to the tensor's root. */
export type LeafOpening = {
  readonly index: number;
  /** The leaf's bytes as committed. */
  readonly data: Uint8Array;
  /** From the bottom up. */
  readonly siblings: readonly Hash[];
};

/** One tensor root of a state and what shows that it belongs to the state's root. */
export type TensorOpening = {
  readonly index: number;
  readonly root: Hash;
  /** From the bottom up. */
  readonly siblings: readonly Hash[];
};

/** Opens leaf `index` of a tensor. Costs one pass over the tensor. @throws INDEX_OUT_OF_RANGE, TENSOR_INVALID */
export function proveLeaf(tensor: Tensor, index: number): LeafOpening {
  const source = tensorSource(tensor);
  const { leaves } = source.geometry;
  requireIndex(index, leaves);
  const siblings = Array.from({ length: treeDepth(leaves) }, (_, height) => {
    const from = (Math.floor(index / 2 ** height) ^ 1) * 2 ** height;
    return hashFromBytes(subtreeRoot(source, from, Math.min(2 ** height, leaves - from), height));
  });
  return { index, data: leafBytes(tensor, index), siblings };
}

/** Whether an opening leads to the root of a tensor of this type. Never throws, whatever the opening holds. */
export function verifyLeaf(root: Hash, type: TensorType, opening: LeafOpening): boolean {
  const geometry = leafGeometry(type);
  const { index, data, siblings } = opening;
  if (!isIndex(index, geometry.leaves) || siblings.length !== treeDepth(geometry.leaves)) return false;
  if (data.length !== leafSpan(geometry, index).length) return false;
  return sameRoot(root, () => {
    const tree = rootFromProof(hashLeaf(data), index, siblings);
    return hashFromBytes(sha256(tensorHeader(type), bytesFromHash(tree)));
  });
}

/** Opens the tensor root of a slot. @throws SLOT_UNKNOWN */
export function proveTensor(state: State, name: string): TensorOpening {
  const root = fastTensorRoot(tensorOf(state, name));
  const index = layoutTree(state.layout).indices.get(name) ?? 0;
  const roots = slotsOf(state.layout).map((slot) => fastTensorRoot(tensorOf(state, slot.name)));
  return { index, root, siblings: merkleProof(stateLeaves(state.layout, roots), index) };
}

/** Whether an opening shows the tensor root of slot `name` under a state root. Never throws. */
export function verifyTensor(root: Hash, layout: StateLayout, name: string, opening: TensorOpening): boolean {
  const { depth, indices } = layoutTree(layout);
  if (opening.index !== indices.get(name) || opening.siblings.length !== depth) return false;
  return sameRoot(root, () => rootFromProof(opening.root, opening.index, opening.siblings));
}

function leafBytes(tensor: Tensor, index: number): Uint8Array {
  const size = bytesPerElement[tensor.dtype];
  const { start, length } = leafSpan(leafGeometry(tensor), index);
  const data = tensor.data.subarray(start / size, (start + length) / size);
  return committedBytes({ dtype: tensor.dtype, shape: [data.length], data });
}

/** An opening that cannot be hashed at all proves nothing. */
function sameRoot(root: Hash, compute: () => Hash): boolean {
  try {
    return compute() === root;
  } catch {
    return false;
  }
}
