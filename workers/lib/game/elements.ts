import { zeroHash } from 'viem';

import { leafGeometry, leafSpan, LEAF_BYTES } from '../../../engine/commit/format.ts';
import { bytesPerElement, type DType, type TensorType } from '../../../engine/graph/types.ts';
import type { Evidence } from '../../../sdk/game-moves.ts';

/** The first element of a leaf, row-major in its tensor. */
export function firstElementOf(type: TensorType, leaf: number): number {
  return leafSpan(leafGeometry(type), leaf).start / bytesPerElement[type.dtype];
}

/** The leaf that holds an element. */
export function leafOfElement(type: TensorType, element: number): number {
  const { rowBytes, leavesPerRow } = leafGeometry(type);
  const at = element * bytesPerElement[type.dtype];
  const row = Math.floor(at / rowBytes);
  return row * leavesPerRow + Math.floor((at - row * rowBytes) / LEAF_BYTES);
}

/** The first element in which two leaves differ; undefined when none does. */
export function firstDifferent(dtype: DType, own: Uint8Array, claimed: Uint8Array): number | undefined {
  const at = claimed.findIndex((byte, i) => byte !== own[i]);
  return at < 0 ? undefined : Math.floor(at / bytesPerElement[dtype]);
}

/** Whether nobody may commit to this element: what is not finite, a negative zero, -128, an index of 2^31 and more. */
export function isForbidden(dtype: DType, leaf: Uint8Array, element: number): boolean {
  const view = new DataView(leaf.buffer, leaf.byteOffset, leaf.byteLength);
  const at = element * bytesPerElement[dtype];
  switch (dtype) {
    case 'f32': {
      const value = view.getFloat32(at, true);
      return !Number.isFinite(value) || Object.is(value, -0);
    }
    case 'i8':
      return view.getInt8(at) === -128;
    case 'u32':
      return view.getUint32(at, true) >= 2 ** 31;
    case 'i32':
      return false;
  }
}

/** For an element that is wrong whatever its operands are. */
export const noEvidence: Evidence = {
  operands: [],
  tokens: {
    vocabulary: 0,
    trainTokens: 0n,
    heldOutTokens: 0n,
    trainRoot: zeroHash,
    heldOutRoot: zeroHash,
    leaf: { data: '0x', siblings: [] },
  },
};
