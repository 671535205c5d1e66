import type { GraphBuilder, Value } from '../graph/builder.ts';
import { linear, slicedByRow, type LinearInput, type LinearSlices } from './linear.ts';
import type { SliceCount } from './sliced.ts';
import { exponential } from './tables.ts';

export type MlpSlices = LinearSlices & { readonly hidden: SliceCount };

/** y = W2 relu(W1 h)^2; W1[4 width, width], W2[width, 4 width]. */
export function squaredReluMlp(graph: GraphBuilder, h: LinearInput, w1: Value, w2: Value, slices: MlpSlices): Value {
  const u = linear(graph, h, w1, slices);
  const r = graph.max(u, 0);
  // The 2 of the derivative 2 relu(u) is a power of two: the next layer's product takes it into its scale for nothing.
  const hidden = graph.differentiable(graph.mul(r, r), { inputs: [u], gradients: (g) => [graph.mul(g, r)] });
  return linear(graph, slicedByRow(graph, hidden, slices.hidden), w2, slices, 2);
}

const SIGMOID_GRID = 2 ** 8;
const SIGMOID_LIMIT = 16;

/** 1 / (1 + exp(-x)) by a table in steps of 2^-8, constant beyond 16: absolute error below 2^-10. */
export function sigmoid(graph: GraphBuilder, x: Value): Value {
  const half = SIGMOID_LIMIT * SIGMOID_GRID;
  const entries = Float32Array.from(
    { length: 2 * half + 1 },
    (_, i) => 1 / (1 + exponential((half - i) / SIGMOID_GRID)),
  );
  const clamped = graph.min(graph.max(x, -SIGMOID_LIMIT), SIGMOID_LIMIT);
  const index = graph.toFixed(graph.mul(graph.add(clamped, SIGMOID_LIMIT), SIGMOID_GRID), 0, 2 * half);
  return graph.gather(graph.constant('f32', [2 * half + 1], entries), index);
}

/** y = W2 (silu(gate) * up) with [gate, up] = W1 h; W1[2 hidden, width], W2[width, hidden]. */
export function swigluMlp(graph: GraphBuilder, h: LinearInput, w1: Value, w2: Value, slices: MlpSlices): Value {
  const both = linear(graph, h, w1, slices);
  const hidden = both.shape[1]! / 2;
  const gate = graph.slice(both, 1, 0, hidden);
  const up = graph.slice(both, 1, hidden, hidden);
  const s = sigmoid(graph, gate);
  const silu = graph.mul(gate, s);
  const product = graph.differentiable(graph.mul(silu, up), {
    inputs: [both],
    gradients(g) {
      // silu'(x) = s + silu(x) (1 - s)
      const slope = graph.add(s, graph.mul(silu, graph.sub(graph.broadcast(graph.scalar(1), s.shape), s)));
      return [graph.concat(graph.mul(graph.mul(g, up), slope), graph.mul(g, silu), 1)];
    },
  });
  return linear(graph, slicedByRow(graph, product, slices.hidden), w2, slices);
}
