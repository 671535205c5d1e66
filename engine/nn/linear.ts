import type { GraphBuilder, Value } from '../graph/builder.ts';
import { rowAbsmax } from './reduce.ts';
import {
  coarse,
  rearranged,
  scaleOf,
  slice,
  slicedMatmul,
  sliceUnder,
  type SliceCount,
  type Sliced,
} from './sliced.ts';

/** Slices of the operands of a linear layer's three products. */
export type LinearSlices = {
  readonly weights: SliceCount;
  /** Of the output's gradient, in the product that gives the weight's gradient; one scale for the tensor. */
  readonly gradients: SliceCount;
  /** Of the output's gradient, in the product that gives the input's gradient; one scale for each row. */
  readonly propagated: SliceCount;
  /** Of the input, in the product that gives the weight's gradient. */
  readonly saved: SliceCount;
};

/** The input of a linear layer: the tensor itself, how it was sliced, and the scale of each row if rows were scaled apart. */
export type LinearInput = { readonly x: Value; readonly sliced: Sliced; readonly rowScale?: Value };

/**
 * Slices each row under its own scale: for tensors without a natural bound. A row's bits depend on nothing else, and small
 * rows keep their precision.
 */
export function slicedByRow(graph: GraphBuilder, x: Value, count: SliceCount): LinearInput & { rowScale: Value } {
  const rowScale = scaleOf(graph, rowAbsmax(graph, x));
  return { x, sliced: { ...sliceUnder(graph, x, rowScale, count), scale: graph.scalar(1) }, rowScale };
}

/**
 * y[M, out] = x[M, in] W[out, in]^T.
 * Backward: dx = g W; dW = g^T x. The gradient of rounding is taken to be one.
 * @param factor a power of two that multiplies the gradient of x and nothing else; see `squaredReluMlp`
 */
export function linear(
  graph: GraphBuilder,
  input: LinearInput,
  weight: Value,
  slices: LinearSlices,
  factor = 1,
): Value {
  const { x, sliced, rowScale } = input;
  const w = slice(graph, weight, slices.weights);
  const product = slicedMatmul(graph, sliced, w);
  const y = rowScale === undefined ? product : graph.mul(product, rowScale);
  return graph.differentiable(y, {
    inputs: [x, weight],
    gradients(g) {
      const swap = (q: Value) => graph.transposeLast(q);
      const byRow = slicedByRow(graph, g, slices.propagated);
      const dx = graph.mul(slicedMatmul(graph, byRow.sliced, rearranged(w, swap), factor), byRow.rowScale);
      const rows = rowScale === undefined ? g : graph.mul(g, rowScale);
      const saved = slices.saved === 1 ? coarse(sliced) : sliced;
      const dw = slicedMatmul(graph, rearranged(slice(graph, rows, slices.gradients), swap), rearranged(saved, swap));
      return [dx, dw];
    },
  });
}
