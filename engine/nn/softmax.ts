import type { GraphBuilder, Value } from '../graph/builder.ts';
import { rowMax, rowSumI32 } from './reduce.ts';
import { exponential } from './tables.ts';

/** Scores reach the softmax in units of ln(2) / GRID: one entry of the table each. */
export const GRID = 2 ** 8;
/** Below 2^-16 of the largest, an exponential is zero. */
export const ENTRIES = GRID * 16;
/** Exponentials are integers up to 2^ONE_BITS, so that a row of 1,024 sums to at most 2^24. */
export const ONE_BITS = 14;

/** What a score is multiplied by to be in table units: log2(e) GRID. */
export const TABLE_UNITS = GRID * 1.4426950408889634;

/** 2^(14 - i / GRID) rounded, and 0 in the last entry. */
export function entries(): Int32Array<ArrayBuffer> {
  const LN2 = 0.6931471805599453;
  const entry = (i: number) => (i === ENTRIES - 1 ? 0 : Math.floor(exponential(LN2 * (ONE_BITS - i / GRID)) + 0.5));
  return Int32Array.from({ length: ENTRIES }, (_, i) => entry(i));
}

/** exp(s - max) as integers, and their sum, along the last axis; `scores` in table units. */
export function exponentials(graph: GraphBuilder, scores: Value): { e: Value; sum: Value; largest: Value } {
  const largest = rowMax(graph, scores);
  const below = graph.min(graph.sub(largest, scores), ENTRIES - 1);
  const e = graph.gather(graph.constant('i32', [ENTRIES], entries()), graph.toFixed(below, 0, ENTRIES - 1));
  return { e, sum: rowSumI32(graph, e), largest };
}

/**
 * Softmax along the last axis, at most 1,024 long, of scores in table units. Each probability has an absolute error below
 * 2^-9 of itself (the grid) plus 2^-14 of the row's largest (the integers).
 */
export function softmax(graph: GraphBuilder, scores: Value): Value {
  const { e, sum } = exponentials(graph, scores);
  return graph.mul(graph.fromI32(e), graph.div(graph.scalar(1), graph.fromI32(sum)));
}
