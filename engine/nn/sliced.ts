import type { GraphBuilder, Value } from '../graph/builder.ts';
import { MAX_CONTRACTION } from '../ops/matmul_nt.ts';
import { elementCount } from '../graph/types.ts';
import { rowAbsmax, rowSumI32 } from './reduce.ts';

/**
 * An f32 tensor as one or two slices of 8 bits under one scale for the whole tensor: x ~ s (q0 + q1 / 128).
 * The scale is a value of one element, a power of two.
 */
export type Sliced = { readonly slices: readonly Value[]; readonly scale: Value };

export type SliceCount = 1 | 2;

/** Cuts x into slices under a given scale; |x| above 127 scales is clamped. */
export function sliceUnder(graph: GraphBuilder, x: Value, scale: Value, count: SliceCount): Sliced {
  const high = graph.quantize(x, scale);
  return { slices: count === 1 ? [high] : [high, graph.residual(x, scale)], scale };
}

/** Cuts x into slices under the smallest scale that clamps nothing. */
export function slice(graph: GraphBuilder, x: Value, count: SliceCount): Sliced {
  return sliceUnder(graph, x, scaleOf(graph, absmax(graph, x)), count);
}

/** Only the first slice, where a product needs less than what was cut. */
export function coarse({ slices, scale }: Sliced): Sliced {
  return { slices: slices.slice(0, 1), scale };
}

/** The same rearrangement of every slice: reshape, transpose, a part. Bytes move, not floats. */
export function rearranged({ slices, scale }: Sliced, rearrange: (q: Value) => Value): Sliced {
  return { slices: slices.map(rearrange), scale };
}

/** pow2ceil(m / 127): a quantiser under it rounds every |x| <= m to at most 127. */
export function scaleOf(graph: GraphBuilder, largest: Value): Value {
  return graph.pow2ceil(graph.mul(largest, 1 / 127));
}

/** The largest magnitude of a tensor, as one element. */
export function absmax(graph: GraphBuilder, x: Value): Value {
  return rowAbsmax(graph, graph.reshape(x, [elementCount(x.shape)]));
}

/**
 * A[..., M, K] B[..., N, K] -> f32 [..., M, N]: slice by slice exactly, each partial product converted and scaled, then
 * added from the largest to the smallest. The product of two second slices, 2^-14 of the whole, is left out.
 * `factor` is a power of two.
 */
export function slicedMatmul(graph: GraphBuilder, a: Sliced, b: Sliced, factor = 1): Value {
  const product = (i: number, j: number) => graph.fromI32(contract(graph, a.slices[i]!, b.slices[j]!));
  return joinedProducts(graph, a, b, product, factor);
}

/** The same where `product` gives what slice i of A and slice j of B make together, in f32. */
export function joinedProducts(
  graph: GraphBuilder,
  a: Sliced,
  b: Sliced,
  product: (i: number, j: number) => Value,
  factor = 1,
): Value {
  const timesPower = (x: Value, power: number) => (power === 1 ? x : graph.mul(x, power));
  const scale = timesPower(graph.mul(a.scale, b.scale), factor);
  let sum: Value | undefined;
  a.slices.forEach((_, i) =>
    b.slices.forEach((__, j) => {
      if (i + j > 1) return;
      const partial = graph.mul(product(i, j), timesPower(scale, i + j === 0 ? 1 : 1 / 128));
      sum = sum === undefined ? partial : graph.add(sum, partial);
    }),
  );
  return sum!;
}

/** matmul_nt of any length: contractions above the limit are split in equal parts and joined in i32. */
export function contract(graph: GraphBuilder, a: Value, b: Value): Value {
  const axis = a.shape.length - 1;
  const k = a.shape[axis]!;
  let parts = Math.ceil(k / MAX_CONTRACTION);
  while (k % parts !== 0) parts++;
  const length = k / parts;
  if (parts === 1) return graph.matmulNt(a, b);
  const part = (p: number) =>
    graph.matmulNt(graph.slice(a, axis, p * length, length), graph.slice(b, axis, p * length, length));
  let sum = part(0);
  for (let p = 1; p < parts; p++) sum = graph.addI32(sum, part(p));
  return sum;
}

/**
 * Exact sum along the last axis, in fixed point under each row's own scale: the bits of a row's sum depend on that row
 * alone. Relative error at most n 2^(-k) of the row's largest magnitude, k = 24 - ceil(log2 n).
 */
export function rowSum(graph: GraphBuilder, x: Value): Value {
  const n = x.shape.at(-1)!;
  const bits = 24 - Math.ceil(Math.log2(n));
  const scale = graph.pow2ceil(rowAbsmax(graph, x));
  const fixed = graph.toFixed(graph.mul(x, graph.div(graph.scalar(2 ** bits), scale)), 0, 2 ** bits);
  const sum = graph.fromI32(rowSumI32(graph, fixed));
  return graph.mul(sum, graph.mul(scale, 2 ** -bits));
}
