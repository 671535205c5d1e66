import type { GraphBuilder, Value } from '../graph/builder.ts';
import { topkOfChunks } from './topk.ts';
import { twoBits } from './two_bits.ts';

/** What of an update travels: k values of two bits in every chunk, and their positions in it; [chunks, k] each. */
export type Compressed = { readonly positions: Value; readonly values: Value };

/**
 * SparseLoCo's compression of an update in chunks [chunks, chunk] with error feedback (Sarfi et al. 2025): of decay times the
 * error plus the update, the k largest magnitudes of every chunk are kept, in two bits each; what was not sent is the next
 * error, exactly.
 */
export function compressed(
  graph: GraphBuilder,
  update: Value,
  error: Value,
  { k, decay }: { readonly k: number; readonly decay: number },
): Compressed & { readonly error: Value } {
  const wanted = graph.add(graph.mul(error, decay), update);
  const largest = topkOfChunks(graph, wanted, k);
  const sent = { positions: largest.positions, values: twoBits(graph, largest.values) };
  return { ...sent, error: graph.sub(wanted, decompressed(graph, sent, update.shape.at(-1)!)) };
}

/** The update that was sent: [..., chunk], zero at every other position. */
export function decompressed(graph: GraphBuilder, { positions, values }: Compressed, chunk: number): Value {
  return graph.scatterChunk(values, positions, chunk);
}
