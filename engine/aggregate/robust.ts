import type { GraphBuilder, Value } from '../graph/builder.ts';
import { rowSum } from '../nn/sliced.ts';
import { clipped, median, norms, rowsSum } from './norms.ts';

// Each takes updates [R, n], of at most 255 members and with elements up to 2^40, and gives one update [1, n].

/** The mean after norms are clipped to their median. */
export function clippedMean(graph: GraphBuilder, updates: Value): Value {
  const lengths = norms(graph, updates);
  return mean(graph, clipped(graph, updates, median(graph, lengths), lengths));
}

/** The mean, coordinate by coordinate, without the floor(trim R) smallest and as many largest; at least one remains. */
export function trimmedMean(graph: GraphBuilder, updates: Value, trim: number): Value {
  const members = updates.shape[0]!;
  const cut = Math.min(Math.floor(trim * members), Math.floor((members - 1) / 2));
  return middleMean(graph, updates, cut);
}

/** The median, coordinate by coordinate; the mean of two middle values. */
export function coordinateMedian(graph: GraphBuilder, updates: Value): Value {
  return middleMean(graph, updates, Math.floor((updates.shape[0]! - 1) / 2));
}

export type CenteredClipOptions = {
  readonly iterations: number;
  /** Largest length of a member's difference that counts in full; by default the median one at the start. */
  readonly radius?: number | undefined;
};

/**
 * CenteredClip (Karimireddy et al. 2021): from the median, v <- v + mean of the differences to v, clipped to a radius, so that
 * no member can move it by more than radius / R in an iteration.
 */
export function centeredClip(graph: GraphBuilder, updates: Value, { iterations, radius }: CenteredClipOptions): Value {
  let center = coordinateMedian(graph, updates);
  let most = radius === undefined ? undefined : graph.constant('f32', [1, 1], Float32Array.of(radius));
  for (let i = 0; i < iterations; i++) {
    const differences = graph.sub(updates, center);
    const lengths = norms(graph, differences);
    most ??= median(graph, lengths);
    center = graph.add(center, mean(graph, clipped(graph, differences, most, lengths)));
  }
  return center;
}

function mean(graph: GraphBuilder, updates: Value): Value {
  return graph.mul(rowsSum(graph, updates), 1 / updates.shape[0]!);
}

/** The mean of each coordinate's values without `cut` at either end. */
function middleMean(graph: GraphBuilder, updates: Value, cut: number): Value {
  const [members, length] = updates.shape as [number, number];
  const sorted = graph.sortLanes(graph.transpose(updates, [1, 0]));
  const kept = members - 2 * cut;
  const middle = graph.slice(sorted, 1, cut, kept);
  const sum = kept === 1 ? middle : rowSum(graph, middle);
  return graph.reshape(kept === 1 ? sum : graph.mul(sum, 1 / kept), [1, length]);
}
