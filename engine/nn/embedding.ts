import type { GraphBuilder, Value } from '../graph/builder.ts';
import { rearranged, slice, slicedMatmul, type SliceCount } from './sliced.ts';

/** x[n, width] = table[vocabulary, width] at tokens[n]. Backward: dtable = one_hot(tokens)^T g, an exact product. */
export function embedding(graph: GraphBuilder, table: Value, tokens: Value, gradientSlices: SliceCount): Value {
  return graph.differentiable(graph.gather(table, tokens), {
    inputs: [table],
    gradients(g) {
      const hot = { slices: [graph.oneHot(tokens, table.shape[0]!, 'i8')], scale: graph.scalar(1) };
      const swap = (q: Value) => graph.transposeLast(q);
      return [slicedMatmul(graph, rearranged(hot, swap), rearranged(slice(graph, g, gradientSlices), swap))];
    },
  });
}
