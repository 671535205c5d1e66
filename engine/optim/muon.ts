import type { GraphBuilder, Value } from '../graph/builder.ts';
import { absmax, rearranged, rowSum, slice, slicedMatmul } from '../nn/sliced.ts';
import type { Optimizer } from '../recipe.ts';

/** Coefficients of the quintic iteration (Jordan et al. 2024): singular values end near 1, within about [0.7, 1.2]. */
export const NEWTON_SCHULZ = [3.4445, -4.775, 2.0315] as const;

/** Root mean square of an update over its rate: that of AdamW's, so that one rate serves both (Liu et al. 2025). */
const UPDATE_RMS = 0.2;

/** x [M, N] over its Frobenius norm; zeros stay zeros. */
function unitNorm(graph: GraphBuilder, x: Value): Value {
  const u = graph.div(x, graph.pow2ceil(absmax(graph, x)));
  const rows = rowSum(graph, graph.mul(u, u));
  const total = rowSum(graph, graph.reshape(rows, [x.shape[0]!]));
  return graph.div(u, graph.add(graph.sqrt(total), 2 ** -30));
}

/**
 * The nearest orthogonal matrix to x [M, N], roughly, by Newton-Schulz: X <- a X + (b A + c A A) X with A = X X^T, on the shorter
 * side. Products are exact of operands in two slices each. Against the iteration in fp64 the error of an element is below
 * 2^-6 of the largest one after 5 iterations, most of it in directions of small singular values, which every step amplifies.
 */
export function orthogonalised(graph: GraphBuilder, x: Value, iterations: number): Value {
  const [rows = 0, columns = 0] = x.shape;
  if (rows > columns) return graph.transposeLast(orthogonalised(graph, graph.transposeLast(x), iterations));
  const [a, b, c] = NEWTON_SCHULZ;
  let next = unitNorm(graph, x);
  for (let i = 0; i < iterations; i++) {
    const sliced = slice(graph, next, 2);
    const gram = slicedMatmul(graph, sliced, sliced);
    const slicedGram = slice(graph, gram, 2);
    const square = slicedMatmul(graph, slicedGram, slicedGram);
    const polynomial = slice(graph, graph.add(graph.mul(gram, b), graph.mul(square, c)), 2);
    const swapped = rearranged(sliced, (q) => graph.transposeLast(q));
    next = graph.add(graph.mul(next, a), slicedMatmul(graph, polynomial, swapped));
  }
  return next;
}

export type MuonMoments = { readonly parameter: Value; readonly first: Value };

/**
 * One step of Muon for a matrix [M, N]: momentum in the manner of Nesterov, orthogonalised and scaled to the size of AdamW's
 * updates, with decoupled weight decay.
 * @param rates of one element: the learning rate, and what decay leaves of a parameter
 */
export function muon(
  graph: GraphBuilder,
  before: MuonMoments,
  g: Value,
  rates: { readonly rate: Value; readonly keep: Value },
  { momentum, iterations }: Optimizer<'muon'>,
): MuonMoments {
  const first = graph.add(graph.mul(before.first, momentum), graph.mul(g, 1 - momentum));
  const ahead = graph.add(graph.mul(first, momentum), graph.mul(g, 1 - momentum));
  const direction = orthogonalised(graph, ahead, iterations);
  const factor = graph.mul(rates.rate, UPDATE_RMS * Math.sqrt(Math.max(...g.shape)));
  return { parameter: graph.sub(graph.mul(before.parameter, rates.keep), graph.mul(direction, factor)), first };
}
