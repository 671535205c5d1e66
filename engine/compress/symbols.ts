import type { TypedArray } from '../graph/types.ts';
import { MAGNITUDES, magnitudeNumber, magnitudeOf } from './magnitudes.ts';
import { Contexts, type BitCoder } from './range-coder.ts';

/** A compressed update: `k` values of every `chunk` elements and their positions in it, ascending; [chunks, k] each. */
export type Chunks = {
  readonly chunk: number;
  readonly k: number;
  readonly positions: TypedArray;
  readonly values: TypedArray;
};

/** Quotients of gaps that have a model of their own, and integers of scales. */
const QUOTIENTS = 24;
const LENGTHS = 12;

/** What is learned while coding; one for each kind of bit. */
type Models = Record<'quotient' | 'remainder' | 'low' | 'high' | 'larger' | 'sign', Contexts>;

/**
 * Codes chunk after chunk, in one description for both directions (reading fills the arrays in):
 *
 * - the gap before each position as a Rice code with parameter r = floor(log2(chunk / k)) - 1: gap >> r in unary, then
 *   r bits. Every bit of it has an adaptive probability, by its place and the quotient before;
 * - the numbers of the smaller and of the larger magnitude (`magnitudes.ts`), as the zigzag difference to the chunk before,
 *   and as the difference to the smaller one;
 * - two bits for each value: whether it has the larger magnitude, and its sign. What follows from the rest is left out.
 *
 * @throws RangeError for positions or values that no compression gives
 */
export function codeChunks(coder: BitCoder, { chunk, k, positions, values }: Chunks, isReading: boolean): void {
  const parameter = riceParameter(chunk / k);
  const models = modelsFor(parameter);
  const gaps = new GapCoder(coder, models, parameter);
  let before = 0;
  for (let start = 0; start < positions.length; start += k) {
    const row = { chunk, positions: positions.subarray(start, start + k), values: values.subarray(start, start + k) };
    codePositions(gaps, row, isReading);
    before = codeValues(coder, models, row.values, before, isReading);
  }
}

/** floor(log2 spacing) - 1, and 0 for spacings below 2. */
function riceParameter(spacing: number): number {
  let parameter = 0;
  while (2 ** (parameter + 2) <= spacing) parameter++;
  return parameter;
}

function modelsFor(parameter: number): Models {
  return {
    quotient: new Contexts(3 * QUOTIENTS),
    remainder: new Contexts(3 * 2 ** parameter),
    low: new Contexts(2 * LENGTHS ** 2),
    high: new Contexts(2 * LENGTHS ** 2),
    larger: new Contexts(2),
    sign: new Contexts(4),
  };
}

class GapCoder {
  readonly #coder: BitCoder;
  readonly #models: Models;
  readonly #parameter: number;
  #before = 0;

  constructor(coder: BitCoder, models: Models, parameter: number) {
    this.#coder = coder;
    this.#models = models;
    this.#parameter = parameter;
  }

  /** Codes a gap of at most `most`. */
  code(gap: number, most: number): number {
    const quotient = this.#quotient(gap >>> this.#parameter, most >>> this.#parameter);
    const kind = Math.min(quotient, 2);
    let prefix = 1;
    for (let i = this.#parameter - 1; i >= 0; i--) {
      const context = kind * 2 ** this.#parameter + prefix;
      prefix = 2 * prefix + this.#coder.bit(this.#models.remainder, context, (gap >>> i) & 1);
    }
    this.#before = kind;
    return quotient * 2 ** this.#parameter + prefix - 2 ** this.#parameter;
  }

  /** In unary, ones ended by a zero; at the most, the zero is left out. */
  #quotient(quotient: number, most: number): number {
    let count = 0;
    while (count < most) {
      const context = this.#before * QUOTIENTS + Math.min(count, QUOTIENTS - 1);
      if (this.#coder.bit(this.#models.quotient, context, quotient > count ? 1 : 0) === 0) break;
      count++;
    }
    return count;
  }
}

type Row = { readonly chunk: number; readonly positions: TypedArray; readonly values: TypedArray };

function codePositions(gaps: GapCoder, { chunk, positions }: Row, isReading: boolean): void {
  let next = 0;
  for (let i = 0; i < positions.length; i++) {
    const most = chunk - (positions.length - i) - next;
    const given = positions[i]! - next;
    if (!isReading && !(Number.isInteger(given) && given >= 0 && given <= most))
      throw new RangeError(`${positions[i]} is no position here`);
    const gap = gaps.code(isReading ? 0 : given, most);
    if (gap > most) throw new RangeError(`a position is beyond the ${chunk} elements of its chunk`);
    if (isReading) positions[i] = next + gap;
    next += gap + 1;
  }
}

/** Returns the number of the smaller magnitude, from which that of the next chunk is told. */
function codeValues(coder: BitCoder, models: Models, values: TypedArray, before: number, isReading: boolean): number {
  const [smaller, larger] = isReading ? [0, 0] : magnitudesIn(values);
  const low = before + unfold(codeInteger(coder, models.low, fold(smaller - before)));
  const high = low + codeInteger(coder, models.high, larger - smaller);
  if (low < 0 || high >= MAGNITUDES) throw new RangeError(`a magnitude has the number ${low < 0 ? low : high}`);
  const magnitudes = [magnitudeOf(low), magnitudeOf(high)] as const;
  let [isLarger, sign] = [0, 0];
  for (let i = 0; i < values.length; i++) {
    const value = values[i]!;
    const isAbove = Math.abs(value) > magnitudes[0] ? 1 : 0;
    isLarger = high > low ? coder.bit(models.larger, isLarger, isAbove) : 0;
    const magnitude = magnitudes[isLarger]!;
    if (magnitude !== 0) sign = coder.bit(models.sign, 2 * isLarger + sign, value < 0 ? 1 : 0);
    if (isReading) values[i] = magnitude === 0 || sign === 0 ? magnitude : -magnitude;
    else if (Math.abs(value) !== magnitude) throw new RangeError(`${value} is a third magnitude`);
  }
  return low;
}

/** Numbers of the smallest and of the largest magnitude. */
function magnitudesIn(values: TypedArray): [number, number] {
  let [least, most] = [Infinity, 0];
  for (const value of values) {
    least = Math.min(least, Math.abs(value));
    most = Math.max(most, Math.abs(value));
  }
  const [low, high] = [magnitudeNumber(least), magnitudeNumber(most)];
  if (low === undefined || high === undefined) throw new RangeError(`${least} or ${most} is no magnitude`);
  return [low, high];
}

/** An integer from 0 to 2,047 as the length of n + 1 in bits, in unary, then its bits below the first. */
function codeInteger(coder: BitCoder, contexts: Contexts, n: number): number {
  const length = 32 - Math.clz32(n + 1);
  let count = 1;
  while (count < LENGTHS && coder.bit(contexts, count, length > count ? 1 : 0) === 1) count++;
  let result = 1;
  for (let i = count - 2; i >= 0; i--) {
    const context = LENGTHS * (count + 1) + i;
    result = 2 * result + coder.bit(contexts, context, ((n + 1) >>> i) & 1);
  }
  return result - 1;
}

/** 0, -1, 1, -2, ... as 0, 1, 2, 3, ... */
function fold(n: number): number {
  return n < 0 ? -2 * n - 1 : 2 * n;
}

function unfold(n: number): number {
  return n % 2 === 0 ? n / 2 : -(n + 1) / 2;
}
