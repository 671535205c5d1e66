import type { GraphBuilder, Value } from '../graph/builder.ts';
import { rowAbsmax, rowSumI32 } from './reduce.ts';
import { rowSum } from './sliced.ts';

/** Added to the mean square of a row whose largest magnitude was scaled to [0.5, 1): matters to a row of zeros only. */
const EPSILON = 2 ** -30;

/** A normalised tensor in parts, and what its gradient needs. */
export type Normalised = { readonly outputs: readonly Value[]; readonly rate: Value };

/**
 * RMSNorm without gain, y = x / sqrt(mean(x^2)), over the last axis of one tensor, or over the last axes of several that
 * together make each row (the two halves of rotary positions).
 *
 * A row is first scaled by a power of two to below 1, so its bits depend on nothing but the row. Squares are summed in
 * fixed point: the relative error of y is below 2^-9 for rows of 1,024, and far smaller unless one element holds the norm.
 * @param joined how many parts lie in each tensor: the bits do not depend on it
 */
export function normalise(graph: GraphBuilder, parts: readonly Value[], joined = 1): Normalised {
  const width = parts[0]!.shape.at(-1)!;
  const bits = 2 * Math.floor((24 - Math.ceil(Math.log2(width / joined))) / 2);
  const largest = parts.map((x) => rowAbsmax(graph, x)).reduce((a, b) => graph.max(a, b));
  // Scaled so that squares are below 2^bits and need no further shift.
  const unit = graph.div(graph.scalar(2 ** (bits / 2)), graph.pow2ceil(largest));
  const scaled = parts.map((x) => graph.mul(x, unit));
  const total = scaled
    .map((u) => graph.fromI32(rowSumI32(graph, graph.toFixed(graph.mul(u, u), 0, 2 ** bits))))
    .reduce((a, b) => graph.add(a, b));
  const mean = graph.add(graph.mul(total, 1 / (width * parts.length)), EPSILON * 2 ** bits);
  const inverse = graph.div(graph.scalar(1), graph.sqrt(mean));
  return { outputs: scaled.map((u) => graph.mul(u, inverse)), rate: graph.mul(unit, inverse) };
}

/** Gradients of the parts: dx = (g - y mean(g y)) / rms(x). */
export function normaliseGradient(graph: GraphBuilder, { outputs, rate }: Normalised, gs: readonly Value[]): Value[] {
  const width = outputs[0]!.shape.at(-1)! * outputs.length;
  const dots = outputs.map((y, i) => rowSum(graph, graph.mul(gs[i]!, y)));
  const mean = graph.mul(
    dots.reduce((a, b) => graph.add(a, b)),
    1 / width,
  );
  return outputs.map((y, i) => graph.mul(graph.sub(gs[i]!, graph.mul(y, mean)), rate));
}

/** RMSNorm of the rows of one tensor. */
export function rmsNorm(graph: GraphBuilder, x: Value): Value {
  const normalised = normalise(graph, [x]);
  return graph.differentiable(normalised.outputs[0]!, {
    inputs: [x],
    gradients: (g) => normaliseGradient(graph, normalised, [g]),
  });
}
