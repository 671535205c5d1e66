import { SwarmlockError } from '../errors.ts';
import { bytesPerElement, elementCount, type DType, type Shape, type Tensor, type TensorType } from '../graph/types.ts';

/**
 * How tensors are cut into leaves, and the byte that starts each kind of message, so that no message of one kind can
 * be read as another:
 *
 *     leaf   = SHA-256(0x00 || u32 BE length || data)              1,029 bytes at most
 *     node   = SHA-256(0x01 || left || right)                      65 bytes
 *     EMPTY  = SHA-256(0x02)                                       1 byte
 *     tensor = SHA-256(0x03 || u8 dtype || u8 rank || u32 BE extents... || tree root)
 *
 * A leaf of 1,024 bytes takes 17 blocks of SHA-256 with this prefix and would take 17 without it.
 */
export const domain = { leaf: 0, node: 1, empty: 2, tensor: 3, dataset: 4 } as const;

export const LEAF_BYTES = 1024;

export const dtypeCodes: Record<DType, number> = { f32: 1, i8: 2, i32: 3, u32: 4 };

/** Rows of equal length, each cut into leaves on its own. Small rows of a tensor count as one long row. */
export type LeafGeometry = {
  readonly rowBytes: number;
  readonly leavesPerRow: number;
  /** Leaves of the tensor before padding. */
  readonly leaves: number;
};

/** Geometry of `bytes` contiguous bytes cut every 1,024. */
export function contiguous(bytes: number): LeafGeometry {
  const leaves = Math.ceil(bytes / LEAF_BYTES);
  return { rowBytes: bytes, leavesPerRow: leaves, leaves };
}

/** Rows (last axis) of 1,024 bytes and more start on a leaf; smaller ones are packed. */
export function leafGeometry({ dtype, shape }: TensorType): LeafGeometry {
  const bytes = elementCount(shape) * bytesPerElement[dtype];
  const rowBytes = (shape.at(-1) ?? 1) * bytesPerElement[dtype];
  if (rowBytes < LEAF_BYTES || bytes === 0) return contiguous(bytes);
  const leavesPerRow = Math.ceil(rowBytes / LEAF_BYTES);
  return { rowBytes, leavesPerRow, leaves: (bytes / rowBytes) * leavesPerRow };
}

/** Where leaf `index` lies in the tensor's bytes. */
export function leafSpan(geometry: LeafGeometry, index: number): { start: number; length: number } {
  const row = Math.floor(index / geometry.leavesPerRow);
  const inRow = (index - row * geometry.leavesPerRow) * LEAF_BYTES;
  return { start: row * geometry.rowBytes + inRow, length: Math.min(LEAF_BYTES, geometry.rowBytes - inRow) };
}

/** Levels above the leaves of a tree of `leaves` leaves; 0 for none or one. */
export function treeDepth(leaves: number): number {
  return leaves <= 1 ? 0 : 32 - Math.clz32(leaves - 1);
}

/** What a tensor root binds beside the tree: 0x03, dtype, rank and extents. */
export function tensorHeader({ dtype, shape }: TensorType): Uint8Array {
  if (!isEncodable(shape)) {
    throw new SwarmlockError(`Shape [${shape.join(', ')}] cannot be committed`, {
      code: 'SHAPE_INVALID',
      argument: 'shape',
      hint: 'Give at most 255 extents, each an integer in [0, 2^32).',
    });
  }
  const header = Buffer.alloc(3 + 4 * shape.length);
  header.set([domain.tensor, dtypeCodes[dtype], shape.length]);
  shape.forEach((extent, axis) => header.writeUInt32BE(extent, 3 + 4 * axis));
  return header;
}

/** @throws TENSOR_INVALID when the data do not have as many elements as the shape says. */
export function requireTensor({ shape, data }: Tensor): void {
  if (data.length === elementCount(shape)) return;
  throw new SwarmlockError(`${data.length} elements do not fill the shape [${shape.join(', ')}]`, {
    code: 'TENSOR_INVALID',
    argument: 'tensor',
  });
}

function isEncodable(shape: Shape): boolean {
  return shape.length <= 255 && shape.every((extent) => Number.isInteger(extent) && extent >= 0 && extent < 2 ** 32);
}
