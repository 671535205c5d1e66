import type { GraphBuilder, Value } from '../graph/builder.ts';
import { rule } from '../ops/operator.ts';
import { MAX_CHUNK } from '../ops/updates.ts';

/** Some elements of each chunk and where they stand in it, both f32 [..., k], in ascending order of positions. */
export type Kept = { readonly values: Value; readonly positions: Value };

/**
 * The k elements of each chunk x[..., n] that are largest in magnitude, of equal ones those of lower index. A chunk of m
 * rows of 1,024 keeps k of each and k of these, so m k is at most 1,024; one of n <= 1,024 is a row itself.
 */
export function topkOfChunks(graph: GraphBuilder, x: Value, k: number): Kept {
  const n = x.shape.at(-1) ?? 0;
  const lead = x.shape.slice(0, -1);
  const rows = Math.ceil(n / MAX_CHUNK);
  rule(rows === 1 || (n % MAX_CHUNK === 0 && rows * k <= MAX_CHUNK), 'topk_chunk', `${k} of ${n} are not possible`);
  const numbers = graph.constant(
    'f32',
    [rows, n / rows],
    Float32Array.from({ length: n }, (_, i) => i),
  );
  const cut = [...lead, rows, n / rows];
  const each = largest(graph, { values: graph.reshape(x, cut), positions: graph.broadcast(numbers, cut) }, k);
  const joined = reshaped(graph, each, [...lead, rows * k]);
  return rows === 1 ? joined : largest(graph, joined, k);
}

/** The k largest of each row. */
function largest(graph: GraphBuilder, { values, positions }: Kept, k: number): Kept {
  const mask = graph.topkChunk(values, k);
  return { values: graph.packChunk(values, mask, k), positions: graph.packChunk(positions, mask, k) };
}

function reshaped(graph: GraphBuilder, { values, positions }: Kept, shape: readonly number[]): Kept {
  return { values: graph.reshape(values, shape), positions: graph.reshape(positions, shape) };
}
