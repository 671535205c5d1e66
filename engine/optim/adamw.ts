import type { GraphBuilder, Value } from '../graph/builder.ts';
import { cosineAndSine } from '../nn/tables.ts';

export type AdamWOptions = {
  readonly learningRate: number;
  /** Steps of linear warm-up from 0. */
  readonly warmupSteps: number;
  /** Steps until the cosine has fallen to `finalFraction` of the learning rate; it stays there. */
  readonly steps: number;
  readonly finalFraction: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly weightDecay: number;
};

/** The learning rate at step t, counted from 0. */
export function learningRateAt(options: AdamWOptions, t: number): number {
  const { learningRate, warmupSteps, steps, finalFraction } = options;
  if (t < warmupSteps) return (learningRate * (t + 1)) / warmupSteps;
  const progress = Math.min((t - warmupSteps) / Math.max(1, steps - warmupSteps), 1);
  const { cosine } = cosineAndSine(3.141592653589793 * progress);
  return learningRate * (finalFraction + (1 - finalFraction) * 0.5 * (1 + cosine));
}

/** The factors of every step's update, as tables over the step counter; see `ratesAt`. */
export type RateTables = Record<'update' | 'epsilon' | 'keep', Float32Array<ArrayBuffer>>;

/**
 * With bias corrections c1 = 1 - beta1^t and c2 = 1 - beta2^t, the update lr (m / c1) / (sqrt(v / c2) + epsilon) equals
 * lr sqrt(c2) / c1 * m / (sqrt(v) + epsilon sqrt(c2)): the factors are looked up, and the tensors take fewer passes.
 */
export function ratesOf(options: AdamWOptions): RateTables {
  const { steps, beta1, beta2, epsilon, weightDecay } = options;
  const tables = { update: new Float32Array(steps), epsilon: new Float32Array(steps), keep: new Float32Array(steps) };
  let power1 = 1;
  let power2 = 1;
  for (let t = 0; t < steps; t++) {
    power1 *= beta1;
    power2 *= beta2;
    const rate = learningRateAt(options, t);
    const correction = Math.sqrt(1 - power2);
    tables.update[t] = (rate * correction) / (1 - power1);
    tables.epsilon[t] = epsilon * correction;
    tables.keep[t] = 1 - rate * weightDecay;
  }
  return tables;
}

/** Factors of one step, each of one element. */
export type Rates = Record<keyof RateTables, Value>;

/** Entry `step` of a table that is part of the program. Past the last entry the last one stays. */
function entryAt(graph: GraphBuilder, table: Float32Array<ArrayBuffer>, step: Value): Value {
  const last = table.length - 1;
  const index = graph.toFixed(graph.min(step, last), 0, Math.max(1, last));
  return graph.gather(graph.constant('f32', [table.length], table), index);
}

/** The factors of a step. */
export function ratesAt(graph: GraphBuilder, options: AdamWOptions, step: Value): Rates {
  const { update, epsilon, keep } = ratesOf(options);
  return {
    update: entryAt(graph, update, step),
    epsilon: entryAt(graph, epsilon, step),
    keep: entryAt(graph, keep, step),
  };
}

/** The learning rate of a step. */
export function rateAt(graph: GraphBuilder, options: AdamWOptions, step: Value): Value {
  const { steps } = options;
  const table = Float32Array.from({ length: steps }, (_, t) => learningRateAt(options, t));
  return entryAt(graph, table, step);
}

export type Moments = { readonly parameter: Value; readonly first: Value; readonly second: Value };

/** One step of AdamW with decoupled weight decay (Loshchilov and Hutter 2019) for one parameter. */
export function adamW(graph: GraphBuilder, before: Moments, g: Value, rates: Rates, options: AdamWOptions): Moments {
  const { beta1, beta2 } = options;
  const first = graph.add(graph.mul(before.first, beta1), graph.mul(g, 1 - beta1));
  const second = graph.add(graph.mul(before.second, beta2), graph.mul(graph.mul(g, g), 1 - beta2));
  const direction = graph.div(first, graph.add(graph.sqrt(second), rates.epsilon));
  const parameter = graph.sub(graph.mul(before.parameter, rates.keep), graph.mul(direction, rates.update));
  return { parameter, first, second };
}
