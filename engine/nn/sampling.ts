import type { GraphBuilder, Value } from '../graph/builder.ts';
import { rowMax, rowSumI32 } from './reduce.ts';
import { sliceUnder, slicedMatmul } from './sliced.ts';
import { exponentials, ONE_BITS, TABLE_UNITS } from './softmax.ts';

/** Bits of a draw. */
export const DRAW_BITS = 24;
/** Lower temperatures take the likeliest token. */
export const LEAST_TEMPERATURE = 2 ** -10;

/** How each row is sampled, one element for each. */
export type Sampling = {
  /** f32: below `LEAST_TEMPERATURE` the likeliest token is taken, the first of several. */
  readonly temperature: Value;
  /** f32 in [0, 1]: only the likeliest tokens that together have this part are drawn from, and those as likely as the last. */
  readonly topP: Value;
  /** i32 in [0, 2^DRAW_BITS): which of the tokens. */
  readonly draw: Value;
};

/**
 * One token for each row of logits [M, vocabulary], i32 [M]. Likelihoods are the integers of the softmax's table, so that a
 * token less likely than 2^-15 of the likeliest is never drawn, and all sums are exact: at most 256 tokens, as `sort_lanes`
 * takes.
 */
export function sampled(graph: GraphBuilder, logits: Value, { temperature, topP, draw }: Sampling): Value {
  const [rows = 1, vocabulary = 1] = logits.shape;
  const column = (x: Value) => graph.reshape(x, [rows, 1]);
  const heat = column(temperature);
  const weights = likelihoods(graph, logits, heat);
  const drawn = drawnOf(graph, nucleus(graph, weights, column(topP)), column(draw));
  const likeliest = likeliestOf(graph, logits);
  const isDrawn = graph.max(graph.min(graph.floor(graph.mul(heat, 1 / LEAST_TEMPERATURE)), 1), 0);
  const token = graph.add(likeliest, graph.mul(isDrawn, graph.sub(drawn, likeliest)));
  return graph.reshape(graph.toFixed(token, 0, vocabulary), [rows]);
}

/** The index of the largest element of each row, the first of several. */
function likeliestOf(graph: GraphBuilder, logits: Value): Value {
  const vocabulary = logits.shape.at(-1)!;
  const behind = graph.sub(rowMax(graph, logits), logits);
  // One for everything above zero, subnormals included.
  const enlarged = (x: Value) => graph.min(graph.mul(x, 2 ** 126), 1);
  const isLess = enlarged(enlarged(graph.min(behind, 1)));
  const fromLast = Float32Array.from({ length: vocabulary }, (_, i) => vocabulary - i);
  const isLargest = graph.sub(graph.broadcast(graph.scalar(1), isLess.shape), isLess);
  const first = rowMax(graph, graph.mul(isLargest, graph.constant('f32', [vocabulary], fromLast)));
  return graph.sub(graph.broadcast(graph.scalar(vocabulary), first.shape), first);
}

/** exp(logits / temperature) of each row as integers below 2^ONE_BITS. */
function likelihoods(graph: GraphBuilder, logits: Value, temperature: Value): Value {
  const units = graph.div(
    graph.broadcast(graph.scalar(TABLE_UNITS), temperature.shape),
    graph.max(temperature, LEAST_TEMPERATURE),
  );
  const { e } = exponentials(graph, graph.mul(logits, units));
  return graph.min(graph.fromI32(e), 2 ** ONE_BITS - 1);
}

/** The weights of the likeliest tokens that have `part` of their sum, and zeros. */
function nucleus(graph: GraphBuilder, weights: Value, part: Value): Value {
  const ascending = graph.sortLanes(weights);
  const fromHere = sums(graph, ascending, (at, other) => other >= at);
  const whole = graph.slice(fromHere, 1, 0, 1);
  const bounded = graph.min(graph.max(part, 0), 1);
  const needed = graph.neg(graph.floor(graph.neg(graph.mul(bounded, whole))));
  const least = rowMax(graph, graph.mul(ascending, isAtLeast(graph, fromHere, needed)));
  return graph.mul(weights, isAtLeast(graph, weights, least));
}

/** The first token at which the running sum of the weights exceeds a draw's part of the whole. */
function drawnOf(graph: GraphBuilder, weights: Value, draw: Value): Value {
  const running = sums(graph, weights, (at, other) => other <= at);
  const whole = graph.slice(running, 1, weights.shape.at(-1)! - 1, 1);
  const uniform = graph.mul(graph.fromI32(draw), 2 ** -DRAW_BITS);
  const reached = graph.min(graph.floor(graph.mul(uniform, whole)), graph.sub(whole, 1));
  const isPassed = isAtLeast(graph, graph.broadcast(reached, running.shape), running);
  return graph.fromI32(rowSumI32(graph, graph.toFixed(isPassed, 0, 1)));
}

/** 1 where a >= b, else 0: of integers. */
function isAtLeast(graph: GraphBuilder, a: Value, b: Value): Value {
  return graph.max(graph.min(graph.add(graph.sub(a, b), 1), 1), 0);
}

/** Sums of those elements of each row that belong to a place: integers below 2^ONE_BITS, two slices of which lose nothing. */
function sums(graph: GraphBuilder, x: Value, belongs: (at: number, other: number) => boolean): Value {
  const n = x.shape.at(-1)!;
  const ones = Int8Array.from({ length: n * n }, (_, i) => (belongs(Math.floor(i / n), i % n) ? 1 : 0));
  const places = { slices: [graph.constant('i8', [n, n], ones)], scale: graph.scalar(1) };
  return slicedMatmul(graph, sliceUnder(graph, x, graph.scalar(128), 2), places);
}
