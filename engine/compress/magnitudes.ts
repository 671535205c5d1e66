/**
 * The magnitudes that a compressed value can have: 0, and m 2^e with m in {4, 5, 6, 7} / 8, from 2^-60 to 2^40. They are
 * numbered in ascending order, which is how the wire carries them.
 */

/** Magnitudes below this one become 0. */
export const LEAST_MAGNITUDE = 2 ** -60;
/** Magnitudes above this one become it. No payload holds a larger one, or an aggregate could overflow. */
export const MOST_MAGNITUDE = 2 ** 40;

/** Mantissas of one power of two. */
const STEPS = 4;

/** Numbers are below this. */
export const MAGNITUDES = 2 + STEPS * 100;

/** The number of a magnitude; undefined when it is none. */
export function magnitudeNumber(magnitude: number): number | undefined {
  if (magnitude === 0) return 0;
  if (!(magnitude >= LEAST_MAGNITUDE && magnitude <= MOST_MAGNITUDE)) return undefined;
  const exponent = exponentOf(magnitude);
  const steps = (magnitude / 2 ** exponent) * STEPS;
  return Number.isInteger(steps) ? 1 + STEPS * (exponent + 60) + (steps - STEPS) : undefined;
}

/** The magnitude of a number below `MAGNITUDES`. */
export function magnitudeOf(number: number): number {
  if (number === 0) return 0;
  const step = (number - 1) % STEPS;
  const exponent = (number - 1 - step) / STEPS - 60;
  return ((STEPS + step) / STEPS) * 2 ** exponent;
}

/** floor(log2 x) of a positive normal binary32. */
function exponentOf(x: number): number {
  const bits = new DataView(new ArrayBuffer(4));
  bits.setFloat32(0, x);
  return ((bits.getUint32(0) >>> 23) & 255) - 127;
}
