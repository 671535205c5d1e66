import { elementCount, type Shape } from '../graph/types.ts';
import { rule, type Application, type ValueInfo } from './operator.ts';

/** Strides of a row-major shape, in elements. */
export function strides(shape: Shape): number[] {
  const result = shape.map(() => 1);
  for (let axis = shape.length - 2; axis >= 0; axis--) result[axis] = result[axis + 1]! * shape[axis + 1]!;
  return result;
}

/** The coordinates of a flat index. */
export function coordinates(index: number, shape: Shape): number[] {
  return strides(shape).map((stride, axis) => Math.floor(index / stride) % shape[axis]!);
}

/** The flat index of coordinates. */
export function flatIndex(position: readonly number[], shape: Shape): number {
  return strides(shape).reduce((sum, stride, axis) => sum + stride * position[axis]!, 0);
}

/** Data movement keeps the type of its first input. Returns that input's bound. */
export function checkMovement(name: string, inputs: readonly ValueInfo[], { type }: Application): number | undefined {
  const first = inputs[0];
  rule(first !== undefined, name, 'takes at least one input');
  rule(type.dtype === first.dtype, name, `the result is ${first.dtype}, not ${type.dtype}`);
  rule(elementCount(type.shape) > 0, name, 'the result has no elements');
  return first.bound;
}
