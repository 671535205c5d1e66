/**
 * Constants of programs, computed from +, -, *, / and Math.floor on doubles alone, so that every machine and every
 * language makes the same bits. (Math.cos and Math.exp may differ between engines.)
 */

/** exp(x) for |x| <= 700, relative error below 1e-15: reduction by ln 2, then 20 terms of the series. */
export function exponential(x: number): number {
  const LN2 = 0.6931471805599453;
  const n = Math.floor(x / LN2 + 0.5);
  const r = x - n * LN2;
  let term = 1;
  let sum = 1;
  for (let i = 1; i <= 20; i++) {
    term = (term * r) / i;
    sum += term;
  }
  return sum * 2 ** n;
}

const PI = 3.141592653589793;

/** cos(x) and sin(x) for 0 <= x <= 2^20, error below 1e-9: reduction by 2 pi, then 30 terms of the series. */
export function cosineAndSine(x: number): { cosine: number; sine: number } {
  const r = x - 2 * PI * Math.floor(x / (2 * PI) + 0.5);
  let term = 1;
  let cosine = 1;
  let sine = 0;
  for (let i = 1; i <= 30; i++) {
    term = (term * r) / i;
    const sign = i % 4 < 2 ? 1 : -1;
    if (i % 2 === 0) cosine += sign * term;
    else sine += sign * term;
  }
  return { cosine, sine };
}

/** Angles of rotary positions: [context, half], position t times 10000^(-i / half). */
export function rotaryTables(
  context: number,
  half: number,
): { cosine: Float32Array<ArrayBuffer>; sine: Float32Array<ArrayBuffer> } {
  const LN_10000 = 9.210340371976184;
  const cosine = new Float32Array(context * half);
  const sine = new Float32Array(context * half);
  for (let t = 0; t < context; t++) {
    for (let i = 0; i < half; i++) {
      const angle = cosineAndSine(t * exponential((-LN_10000 * i) / half));
      cosine[t * half + i] = angle.cosine;
      sine[t * half + i] = angle.sine;
    }
  }
  return { cosine, sine };
}
