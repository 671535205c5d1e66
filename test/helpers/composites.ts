import type { GraphBuilder, Value } from '../../engine/graph/builder.ts';
import { elementCount } from '../../engine/graph/types.ts';
import { evaluate } from '../../engine/reference.ts';
import { invocationOf, outputsAmong } from './programs.ts';

/** An f32 tensor for a composite under test. */
export type Numbers = { readonly shape: readonly number[]; readonly data: ArrayLike<number> };

/** Computes a composite of f32 tensors by the reference evaluator. */
export function computed(
  inputs: readonly Numbers[],
  compose: (graph: GraphBuilder, values: readonly Value[]) => readonly Value[],
): readonly (readonly number[])[] {
  const operands = inputs.map(({ shape, data }) => ({
    tensor: { dtype: 'f32' as const, shape, data: Float32Array.from(data) },
    held: 'input' as const,
  }));
  const { program, states } = invocationOf(operands, compose);
  const values = evaluate(program, states).map((tensor) => tensor && Array.from(tensor.data));
  return outputsAmong(program, values);
}

/** Numbers from a fixed generator, roughly normal, times `scale`. */
export function normal(shape: readonly number[], scale = 1, seed = 1): Numbers {
  let word = seed;
  const uniform = () => {
    word = (Math.imul(word, 1_664_525) + 1_013_904_223) >>> 0;
    return word / 2 ** 32;
  };
  const data = Float32Array.from({ length: elementCount(shape) }, () => {
    return scale * (uniform() + uniform() + uniform() + uniform() - 2) * Math.sqrt(3);
  });
  return { shape, data };
}

export function largestDifference(a: readonly number[], b: readonly number[]): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - b[i]!)), 0);
}
