import type { GraphBuilder, Value } from '../graph/builder.ts';
import { rowMax, rowSumI32 } from './reduce.ts';
import { exponentials, ONE_BITS, TABLE_UNITS } from './softmax.ts';

const LN2 = 0.6931471805599453;
/** A token's loss is reported up to this. */
const MAX_LOSS = 63;
const FAR = 2 ** 100;

/**
 * ln(z) for integers 1 <= z < 2^limit held in f32: z = 2^k m, then ln m = 2 artanh((m - 1) / (m + 1)) by its series.
 * Absolute error below 2^-20.
 */
export function logarithm(graph: GraphBuilder, z: Value, limit: number): Value {
  const power = graph.mul(graph.pow2ceil(z), 0.5);
  let exponent = graph.min(graph.floor(graph.mul(power, 0.5)), 1);
  for (let j = 2; j < limit; j++) exponent = graph.add(exponent, graph.min(graph.floor(graph.mul(power, 2 ** -j)), 1));
  const m = graph.div(z, power);
  const t = graph.div(graph.sub(m, 1), graph.add(m, 1));
  const t2 = graph.mul(t, t);
  let series: Value = graph.broadcast(graph.scalar(2 / 13), t.shape);
  for (const odd of [11, 9, 7, 5, 3, 1]) series = graph.add(graph.mul(series, t2), 2 / odd);
  return graph.add(graph.mul(exponent, LN2), graph.mul(series, t));
}

/** Mean of one column [n, 1] of values in [0, 63], as one element, summed in fixed point. Error below 2^-10. */
function meanLoss(graph: GraphBuilder, losses: Value): Value {
  const n = losses.shape[0]!;
  const bits = 30 - 6 - Math.ceil(Math.log2(n));
  const fixed = graph.toFixed(graph.min(losses, MAX_LOSS), bits, 64 * 2 ** bits);
  const sum = graph.fromI32(rowSumI32(graph, graph.reshape(fixed, [n])));
  return graph.mul(graph.mul(sum, 2 ** -bits), 1 / n);
}

/**
 * Mean cross-entropy in nats of logits[n, vocabulary] against targets[n] (u32), and the gradient of the mean with respect
 * to the logits. Probabilities carry the error of `softmax`.
 */
export function crossEntropy(graph: GraphBuilder, logits: Value, targets: Value): { loss: Value; gradient: Value } {
  const [n = 0, vocabulary = 0] = logits.shape;
  const scores = graph.mul(logits, TABLE_UNITS);
  const { e, sum, largest } = exponentials(graph, scores);
  const z = graph.fromI32(sum);
  const hot = graph.oneHot(targets, vocabulary, 'f32');
  const p = graph.mul(graph.fromI32(e), graph.div(graph.scalar(1), z));
  const gradient = graph.mul(graph.sub(p, hot), 1 / n);
  // The target's score below the largest: every other one is pushed far away, and the rest compared.
  const below = graph.add(graph.sub(scores, largest), graph.mul(graph.sub(hot, 1), FAR));
  const distance = graph.mul(graph.neg(rowMax(graph, below)), 1 / TABLE_UNITS);
  const limit = ONE_BITS + Math.ceil(Math.log2(vocabulary)) + 1;
  const logZ = graph.sub(logarithm(graph, z, limit), ONE_BITS * LN2);
  return { loss: meanLoss(graph, graph.max(graph.add(distance, logZ), 0)), gradient };
}
