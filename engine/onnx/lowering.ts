import type { DType, Shape } from '../graph/types.ts';
import type { ElementType } from './proto.ts';

/** ONNX element types in which a value can be held. An i8 value is held as i8 or, offset by 128, as u8. */
export type Form = 'f32' | 'i8' | 'u8' | 'i32';

/** Pairs of 8-bit forms in which ONNX Runtime multiplies, fastest first. Which of them are exact depends on the processor. */
export type Kernel = 'u8s8' | 'u8u8' | 's8s8';

/** Above this, an i32 is not always an exact f32. */
export const MAX_EXACT_F32 = 2 ** 24;

/** The form that a value takes where nobody asks for another. Indices are below 2^31. */
export const plainForm: Record<DType, Form> = { f32: 'f32', i8: 'i8', i32: 'i32', u32: 'i32' };

/** What an operator's lowering sees: its own operands, and ways to emit ONNX nodes. Values are named by strings. */
export type Lowering = {
  /** Operand i in a form. An i32 operand asked for in f32 is rounded as `from_i32` does. */
  value(i: number, form?: string): string;
  /**
   * Operand i, left unexpanded when it is a broadcast, for ONNX operators that broadcast by themselves; but not when
   * operand `beside` is left unexpanded too, as one of both has to have the result's shape.
   */
  broadcastable(i: number, beside?: number): string;
  /** Operand i as a scalar when it is a broadcast of one element. */
  scalarInput(i: number): string | undefined;
  /** Whether operand i is a constant of zeros. */
  isZero(i: number): boolean;
  /** Whether another kernel costs more than another pass over operand i. */
  isSmall(i: number): boolean;
  /** Whether operand i is an `abs` of what provably has no negative element. */
  isMagnitude(i: number): boolean;
  /** The operand of operand i when that is an application of the named operator. */
  operandOf(i: number, operator: string): string | undefined;
  /** Number of axes of operand i. */
  rank(i: number): number;
  /** An index operand as i32. */
  index(i: number): string;
  /** Operand i with its axes permuted; successive permutations become one. */
  transposed(i: number, permutation: readonly number[], form: string): string;
  /** The exact i32 product of operands i and j, contracted over the last axis of both. */
  product(i: number, j: number): string;
  /** This node as one product, when it joins all parts of a contraction that was split. */
  splitProduct(): string | undefined;
  /** Whether the quantiser provably never clamps at its lower end. */
  isCovered(): boolean;
  /** The tokens of the batch. */
  batch(): string;
  scalar(dtype: ElementType, value: number): string;
  /** An i64 list, as ONNX wants shapes and axes. */
  axes(list: readonly number[]): string;
  constant(dtype: ElementType, shape: Shape, data: ArrayBufferView): string;
  /** Emits a node and returns the name of one of its outputs, by default the first; equal nodes are emitted once. */
  emit(
    op: string,
    inputs: readonly string[],
    attributes?: Record<string, number | readonly number[]>,
    domain?: string,
    place?: number,
  ): string;
};

/** What stands for zero in an 8-bit form. */
export function zeroPoint(to: Pick<Lowering, 'scalar'>, form: string): string {
  return form === 'u8' ? to.scalar('u8', 128) : to.scalar('i8', 0);
}
