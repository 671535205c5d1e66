import type { GraphBuilder, Value } from '../graph/builder.ts';
import { rowSum } from '../nn/sliced.ts';
import { LEAST_MAGNITUDE, MOST_MAGNITUDE } from './magnitudes.ts';

/**
 * Values [..., k] in two bits each: the sign, and one of two magnitudes of their row. The row is parted at its mean
 * magnitude; the two are the means of either part, rounded to three significant bits (`magnitudes.ts`), so within an eighth of them.
 * A magnitude of 0 has no sign. Nothing faults for |x| below 2^127, and rows of zeros stay zeros.
 */
export function twoBits(graph: GraphBuilder, values: Value): Value {
  const k = values.shape.at(-1)!;
  const bounded = graph.max(graph.min(values, MOST_MAGNITUDE), -MOST_MAGNITUDE);
  const size = graph.abs(bounded);
  const total = rowSum(graph, size);
  const mean = graph.mul(total, 1 / k);
  const isLarger = isBelow(graph, graph.sub(graph.broadcast(mean, size.shape), size));
  const isSmaller = graph.sub(graph.broadcast(graph.scalar(1), size.shape), isLarger);
  const count = graph.fromI32(graph.sumI32(graph.toFixed(isLarger, 0, 1)));
  const largerSum = rowSum(graph, graph.mul(size, isLarger));
  const smallerSum = rowSum(graph, graph.mul(size, isSmaller));
  const larger = rounded(graph, graph.div(largerSum, graph.max(count, 1)));
  const others = graph.sub(graph.broadcast(graph.scalar(k), count.shape), count);
  const smaller = rounded(graph, graph.div(smallerSum, graph.max(others, 1)));
  // One of the products is zero, so the sum is exact.
  const magnitude = graph.add(graph.mul(isLarger, larger), graph.mul(isSmaller, smaller));
  const sign = graph.sub(graph.broadcast(graph.scalar(1), size.shape), graph.mul(isBelow(graph, bounded), 2));
  return graph.mul(magnitude, sign);
}

/** 1 where x < 0, else 0, for |x| up to 2^47, subnormals included: -floor(x 2^80) between -1 and 0. */
function isBelow(graph: GraphBuilder, x: Value): Value {
  const clamped = graph.min(graph.max(graph.mul(x, 2 ** 80), -1), 0);
  return graph.neg(graph.floor(clamped));
}

/** The nearest of the magnitudes of three significant bits. */
function rounded(graph: GraphBuilder, x: Value): Value {
  // Multiples of 2^-60: what is not 0 is at least that.
  const lifted = graph.mul(graph.rint(graph.mul(x, 1 / LEAST_MAGNITUDE)), LEAST_MAGNITUDE);
  const power = graph.pow2ceil(lifted);
  return graph.mul(graph.mul(graph.rint(graph.div(graph.mul(lifted, 8), power)), 1 / 8), power);
}
