/** Element types of ARITHMETIC.md. `u32` holds indices and tokens below 2^31. */
export type DType = 'f32' | 'i8' | 'i32' | 'u32';

/** Static, row-major. The empty shape is a scalar. */
export type Shape = readonly number[];

export type TensorType = { readonly dtype: DType; readonly shape: Shape };

export type TypedArray =
  Float32Array<ArrayBuffer> | Int8Array<ArrayBuffer> | Int32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>;

export type Tensor = TensorType & { readonly data: TypedArray };

/** A named tensor that lives from one invocation of a program to the next. */
export type StateSlot = TensorType & { readonly name: string };

/** Slots in groups; every group is a subtree of the state's commitment. */
export type StateLayout = { readonly groups: readonly (readonly StateSlot[])[] };

export const bytesPerElement: Record<DType, number> = { f32: 4, i8: 1, i32: 4, u32: 4 };

const constructors = { f32: Float32Array, i8: Int8Array, i32: Int32Array, u32: Uint32Array } as const;

/** Number of elements of a shape; 1 for a scalar. */
export function elementCount(shape: Shape): number {
  return shape.reduce((product, extent) => product * extent, 1);
}

/** A typed array of `length` elements, over `buffer` from `offset` when given, else fresh and zero. */
export function typedArray(dtype: DType, length: number, buffer?: ArrayBuffer, offset = 0): TypedArray {
  const constructor = constructors[dtype];
  return buffer === undefined ? new constructor(length) : new constructor(buffer, offset, length);
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((extent, axis) => extent === b[axis]);
}
