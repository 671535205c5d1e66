import { MOST_MAGNITUDE } from '../compress/magnitudes.ts';
import type { GraphBuilder, Value } from '../graph/builder.ts';
import { rowSum } from '../nn/sliced.ts';
import { MAX_REDUCTION } from '../ops/reduce.ts';

/** Elements within +-2^40, as the wire has them, so that no sum of squares overflows. */
export function bounded(graph: GraphBuilder, x: Value): Value {
  return graph.max(graph.min(x, MOST_MAGNITUDE), -MOST_MAGNITUDE);
}

/**
 * Euclidean norms of rows of any length, [R, n] -> [R, 1], for elements up to 2^40. The squares are summed exactly in rows of
 * 1,024, then these sums again; relative error below 2^-4 at worst (one square that dwarfs all others in its row) and below
 * 2^-12 for normal elements.
 */
export function norms(graph: GraphBuilder, x: Value): Value {
  const members = x.shape[0]!;
  let sums = graph.mul(x, x);
  do sums = partialSums(graph, sums, members);
  while (sums.shape[1]! > 1);
  return graph.sqrt(sums);
}

/** Sums of [R, n] in rows of at most 1,024, the last one filled up with zeros. */
function partialSums(graph: GraphBuilder, x: Value, members: number): Value {
  const length = x.shape[1]!;
  const width = Math.min(length, MAX_REDUCTION);
  const rows = Math.ceil(length / width);
  const padding = rows * width - length;
  const filled = padding === 0 ? x : graph.concat(x, graph.broadcast(graph.scalar(0), [members, padding]), 1);
  return graph.reshape(rowSum(graph, graph.reshape(filled, [members, rows, width])), [members, rows]);
}

/** The middle one of R values [R, 1] -> [1, 1]; of two middle ones, the smaller. */
export function median(graph: GraphBuilder, x: Value): Value {
  const members = x.shape[0]!;
  const sorted = graph.sortLanes(graph.reshape(x, [1, members]));
  return graph.slice(sorted, 1, Math.floor((members - 1) / 2), 1);
}

/** Rows [R, n] with the norms of the longer ones cut to `radius` [1, 1]. */
export function clipped(graph: GraphBuilder, x: Value, radius: Value, lengths = norms(graph, x)): Value {
  const floor = 2 ** -60;
  const factors = graph.min(graph.div(radius, graph.max(lengths, floor)), 1);
  return graph.mul(x, factors);
}

/** The sum of rows [R, n] -> [1, n] in f32: the first half of the rows is added to the second, and so on. */
export function rowsSum(graph: GraphBuilder, x: Value): Value {
  const members = x.shape[0]!;
  if (members === 1) return x;
  const half = Math.floor(members / 2);
  const sum = graph.add(graph.slice(x, 0, 0, half), graph.slice(x, 0, half, half));
  const isOdd = members % 2 === 1;
  return rowsSum(graph, isOdd ? graph.concat(sum, graph.slice(x, 0, members - 1, 1), 0) : sum);
}
