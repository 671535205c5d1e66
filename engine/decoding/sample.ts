import { requireFinite } from '../faults.ts';
import { LEAST_TEMPERATURE, DRAW_BITS } from '../nn/sampling.ts';
import { ENTRIES, entries, ONE_BITS, TABLE_UNITS } from '../nn/softmax.ts';
import { roundToEven } from '../ops/operator.ts';
import type { SamplingOptions } from './request.ts';

const likelihoodOf = entries();

/**
 * The token that the program `sampled` (engine/nn/sampling.ts) takes from one row of finite logits: the same integers in a
 * few loops, where the program has some eighty kernels. `draw` gives the row's number in [0, 2^DRAW_BITS), if it is needed.
 * @throws FAULT
 */
export function tokenOf(
  logits: Float32Array<ArrayBuffer>,
  { temperature, topP }: Pick<SamplingOptions, 'temperature' | 'topP'>,
  draw: () => number,
): number {
  const heat = Math.fround(temperature);
  const units = Math.fround(Math.fround(TABLE_UNITS) / Math.max(heat, LEAST_TEMPERATURE));
  const scores = logits.map((logit) => logit * units);
  requireFinite('scores', scores);
  if (heat < LEAST_TEMPERATURE) return logits.indexOf(largestOf(logits));
  return drawn(nucleus(likelihoods(scores), Math.fround(topP)), draw());
}

function largestOf(row: Float32Array): number {
  return row.reduce((a, b) => Math.max(a, b));
}

/** exp(score - largest) as integers below 2^ONE_BITS. */
function likelihoods(scores: Float32Array): Float32Array {
  const largest = largestOf(scores);
  const place = (score: number) => roundToEven(Math.min(Math.fround(largest - score), ENTRIES - 1));
  return scores.map((score) => Math.min(likelihoodOf[place(score)]!, 2 ** ONE_BITS - 1));
}

/** The weights of the likeliest tokens that have `part` of their sum, and zeros. */
function nucleus(weights: Float32Array, part: number): Float32Array {
  const needed = Math.ceil(Math.fround(part * sumOf(weights)));
  let sum = 0;
  const least = weights.toSorted((a, b) => b - a).find((weight) => (sum += weight) >= needed)!;
  return weights.map((weight) => (weight >= least ? weight : 0));
}

/** The first token at which the running sum of the weights exceeds a draw's part of the whole. */
function drawn(weights: Float32Array, draw: number): number {
  const whole = sumOf(weights);
  const reached = Math.min(Math.floor(Math.fround(draw * 2 ** -DRAW_BITS * whole)), whole - 1);
  let sum = 0;
  return weights.findIndex((weight) => (sum += weight) > reached);
}

function sumOf(row: Float32Array): number {
  return row.reduce((a, b) => a + b);
}
