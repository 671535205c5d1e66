import type { Tensor } from '../graph/types.ts';
import type { Lowering } from '../onnx/lowering.ts';
import { requireInputs, requireType, rule, type Application, type Range, type ValueInfo } from './operator.ts';

/** The longest axis whose row still fits the contract's final check; longer ones are reduced by levels. */
export const MAX_REDUCTION = 1_024;

/** What a reduction reads: the row of its element. */
export function readsRow(element: number, [x]: readonly Tensor[]): readonly Range[] {
  const count = x!.shape.at(-1)!;
  return [{ start: element * count, count }];
}

/** Rules of a reduction along the last axis, which stays with extent 1. Returns that axis's extent. */
export function checkReduction(
  name: string,
  inputs: readonly ValueInfo[],
  application: Application,
  dtype: string,
): number {
  requireInputs(name, inputs, [dtype]);
  const { shape } = inputs[0]!;
  const length = shape.at(-1) ?? 0;
  rule(length >= 1 && length <= MAX_REDUCTION, name, `the last axis has ${length} elements, not 1 to ${MAX_REDUCTION}`);
  requireType(name, application, dtype, [...shape.slice(0, -1), 1]);
  return length;
}

/** Emits a reduction along the last axis, which keeps extent 1. */
export function emitReduction(to: Lowering, onnx: string, x: string): string {
  return to.emit(onnx, [x, to.axes([-1])], { keepdims: 1 });
}

/** Emits the largest magnitude along the last axis. Two reductions read x twice; abs would write a copy of it, which costs more. */
export function emitAbsmax(to: Lowering, x: string): string {
  return to.emit('Max', [emitReduction(to, 'ReduceMax', x), to.emit('Neg', [emitReduction(to, 'ReduceMin', x)])]);
}
