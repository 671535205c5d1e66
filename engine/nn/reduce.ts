import type { GraphBuilder, Value } from '../graph/builder.ts';
import { MAX_REDUCTION } from '../ops/reduce.ts';

/** Reduces the last axis by levels of at most 1,024 elements. It keeps extent 1. */
function byLevels(graph: GraphBuilder, x: Value, reduce: (x: Value) => Value): Value {
  const length = x.shape.at(-1)!;
  const lead = x.shape.slice(0, -1);
  if (length <= MAX_REDUCTION) return reduce(x);
  let width = MAX_REDUCTION;
  while (length % width !== 0) width--;
  const partial = reduce(graph.reshape(x, [...lead, length / width, width]));
  return byLevels(graph, graph.reshape(partial, [...lead, length / width]), reduce);
}

/** The largest value along the last axis, of any length. */
export function rowMax(graph: GraphBuilder, x: Value): Value {
  return byLevels(graph, x, (level) => graph.reduceMax(level));
}

/** The largest magnitude along the last axis, of any length. */
export function rowAbsmax(graph: GraphBuilder, x: Value): Value {
  let isFirst = true;
  return byLevels(graph, x, (level) => {
    const magnitude = isFirst ? graph.abs(level) : level;
    isFirst = false;
    return graph.reduceMax(magnitude);
  });
}

/** The exact sum along the last axis, of any length. */
export function rowSumI32(graph: GraphBuilder, n: Value): Value {
  return byLevels(graph, n, (level) => graph.sumI32(level));
}
