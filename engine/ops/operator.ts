import { SwarmlockError } from '../errors.ts';
import { sameShape, type Shape, type Tensor, type TensorType } from '../graph/types.ts';
import type { Lowering } from '../onnx/lowering.ts';

/** What is known about a value when a graph is built. */
export type ValueInfo = TensorType & {
  /** i32 and u32: the largest magnitude that any element can have. */
  readonly bound?: number;
};

/** One application of an operator: everything that its descriptor carries but the references. */
export type Application = { readonly type: TensorType; readonly attributes: readonly number[] };

/** Successive elements of an operand, row-major. */
export type Range = { readonly start: number; readonly count: number };

/**
 * One operator of the closed set in ARITHMETIC.md, with its meaning (`evaluate`) and the two things derived from it:
 * what a descriptor must satisfy (`check`) and how ONNX Runtime computes the same bits (`lower`).
 */
export type Operator = {
  readonly name: string;
  /** Stable number in descriptors. */
  readonly opcode: number;
  /** Refuses a descriptor that has no meaning. Returns the bound of an integer result. */
  check(inputs: readonly ValueInfo[], application: Application): number | undefined;
  /** How many attributes an application with this result has; none when absent. */
  attributeCount?(type: TensorType): number;
  /**
   * Throws FAULT for operands outside the operator's domain where a lowered value would not show it. `trace` calls it on
   * what was computed; elsewhere a non-finite result or an integer above its bound gives the fault away.
   */
  domain?(inputs: readonly Tensor[], output: TensorType, attributes: readonly number[]): void;
  /**
   * A cheap test that `domain` passes, given the result that was computed. Operands may lack repetitions that broadcasts
   * give them. False says nothing.
   */
  isSurelyDefined?(inputs: readonly Tensor[], output: Tensor, attributes: readonly number[]): boolean;
  /** What one element of the result is computed from: a range of each operand, empty where nothing is read. */
  reads(element: number, inputs: readonly Tensor[], application: Application): readonly Range[];
  /** The meaning: computes `output.data`, slowly and plainly. Throws FAULT where ARITHMETIC.md says so. */
  evaluate(inputs: readonly Tensor[], output: Tensor, attributes: readonly number[]): void;
  /** Emits ONNX nodes and returns the name of the value in the form that was asked for. */
  lower(to: Lowering, application: Application & { readonly form: string }): string;
};

export const MAX_I8 = 127;
export const MAX_I32 = 2 ** 31 - 1;

/** What is known about a constant: its elements are values of its type, and the largest of them bounds it. */
export function constantInfo({ dtype, shape, data }: Tensor): ValueInfo {
  if (dtype === 'f32') {
    rule(data.every(Number.isFinite), 'constant', 'an element is not finite');
    return { dtype, shape };
  }
  let bound = 0;
  for (const element of data) bound = Math.max(bound, Math.abs(element));
  rule(dtype !== 'i8' || bound <= MAX_I8, 'constant', 'an i8 is in [-127, 127]');
  return { dtype, shape, bound };
}

/** A rule of a descriptor: throws GRAPH_INVALID with the operator's name when broken. */
export function rule(holds: boolean, operator: string, message: string): asserts holds {
  if (!holds) throw new SwarmlockError(`${operator}: ${message}`, { code: 'GRAPH_INVALID', argument: operator });
}

/** A value outside an operator's domain: it voids the claim of whoever produced it. */
export function fault(operator: string, message: string): SwarmlockError {
  return new SwarmlockError(`${operator}: ${message}`, { code: 'FAULT', argument: operator });
}

/** Rounds a double to binary32; a fault when the result is not finite. Writes -0 as +0. */
export function finite(operator: string, value: number): number {
  const rounded = Math.fround(value);
  if (!Number.isFinite(rounded)) throw fault(operator, `result ${value} is not a finite binary32`);
  return rounded + 0;
}

/** Whether all elements are in [least, most]; NaN is not. */
export function areWithin({ data }: Tensor, least: number, most: number): boolean {
  for (let i = 0; i < data.length; i++) if (!(data[i]! >= least && data[i]! <= most)) return false;
  return true;
}

/** What an elementwise operator reads: the same element of every operand. */
export function readsSame(element: number, inputs: readonly Tensor[]): readonly Range[] {
  return inputs.map(() => one(element));
}

/** Nothing of an operand. */
export const none: Range = { start: 0, count: 0 };

export function one(element: number): Range {
  return { start: element, count: 1 };
}

/** Ties to even, on doubles. */
export function roundToEven(value: number): number {
  if (Math.abs(value) >= 2 ** 52) return value;
  const floor = Math.floor(value);
  const remainder = value - floor;
  if (remainder < 0.5) return floor;
  if (remainder > 0.5) return floor + 1;
  return floor % 2 === 0 ? floor : floor + 1;
}

export function showShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}

/** Requires as many inputs, of the given types. */
export function requireInputs(name: string, inputs: readonly ValueInfo[], dtypes: readonly string[]): void {
  rule(inputs.length === dtypes.length, name, `takes ${dtypes.length} inputs, got ${inputs.length}`);
  inputs.forEach(({ dtype }, index) => {
    const wanted = dtypes[index] ?? '';
    rule(wanted.split('|').includes(dtype), name, `input ${index} must be ${wanted}, got ${dtype}`);
  });
}

/** Requires the result to have this type and shape. */
export function requireType(name: string, { type }: Application, dtype: string, shape: Shape): void {
  rule(type.dtype === dtype, name, `the result is ${dtype}, not ${type.dtype}`);
  rule(sameShape(type.shape, shape), name, `the result has shape ${showShape(shape)}, not ${showShape(type.shape)}`);
}

/** Rules of a conversion: one input of a type, a result of a type and of the input's shape. */
export function checkConversion(
  name: string,
  inputs: readonly ValueInfo[],
  application: Application,
  from: string,
  to: string,
): void {
  requireInputs(name, inputs, [from]);
  requireType(name, application, to, inputs[0]!.shape);
}
