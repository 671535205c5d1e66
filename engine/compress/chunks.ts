import type { GraphBuilder, Value } from '../graph/builder.ts';
import { elementCount, type StateSlot } from '../graph/types.ts';

/** Chunks that tensors take when they are laid end to end, the last one padded with zeros. */
export function chunkCount(slots: readonly StateSlot[], chunk: number): number {
  return Math.ceil(parameterCount(slots) / chunk);
}

/** All tensors in the order of their slots, end to end and padded with zeros: [chunks, chunk]. */
export function joined(graph: GraphBuilder, tensors: readonly Value[], chunk: number): Value {
  const vectors = tensors.map((x) => graph.reshape(x, [elementCount(x.shape)]));
  const length = vectors.reduce((sum, { shape }) => sum + shape[0]!, 0);
  const padding = Math.ceil(length / chunk) * chunk - length;
  if (padding > 0) vectors.push(graph.constant('f32', [padding], new Float32Array(padding)));
  return graph.reshape(concatenated(graph, vectors), [(length + padding) / chunk, chunk]);
}

/** Undoes `joined`: the tensors by name. */
export function split(graph: GraphBuilder, chunks: Value, slots: readonly StateSlot[]): Map<string, Value> {
  const vector = graph.reshape(chunks, [elementCount(chunks.shape)]);
  let start = 0;
  return new Map(
    slots.map(({ name, shape }) => {
      const part = graph.slice(vector, 0, start, elementCount(shape));
      start += elementCount(shape);
      return [name, graph.reshape(part, shape)];
    }),
  );
}

/** Values one after the other along their first axis, joined in pairs: log2 passes over the elements. */
export function concatenated(graph: GraphBuilder, values: readonly Value[]): Value {
  if (values.length === 1) return values[0]!;
  const middle = Math.ceil(values.length / 2);
  return graph.concat(concatenated(graph, values.slice(0, middle)), concatenated(graph, values.slice(middle)), 0);
}

function parameterCount(slots: readonly StateSlot[]): number {
  return slots.reduce((sum, { shape }) => sum + elementCount(shape), 0);
}
