import fc from 'fast-check';

import { fromBits, moods } from '../hostile.ts';

/** One application of a scalar operator: a word for each of two operands, the second zero where there is one. */
export type Pair = readonly [a: number, b: number];

/** Pairs that share their attributes. */
export type Batch = { readonly attributes: readonly number[]; readonly pairs: readonly Pair[] };

/** What a scalar operator is fed: types of its operands, and how its attributes and its pairs are drawn. */
export type Feed = {
  readonly operands: readonly ('f32' | 'i32')[];
  readonly attributes: fc.Arbitrary<readonly number[]>;
  /** Pairs for given attributes. */
  pairs(attributes: readonly number[]): fc.Arbitrary<Pair>;
};

const bitsOf = (x: number): number => new Uint32Array(Float32Array.of(x).buffer)[0]!;
const word = (sign: number, field: number, fraction: number): number => ((sign << 31) | (field << 23) | fraction) >>> 0;

const sign = fc.integer({ min: 0, max: 1 });
const field = fc.oneof(fc.integer({ min: 0, max: 254 }), fc.integer({ min: 95, max: 160 }), fc.constantFrom(0, 1, 254));
/** Few bits, all bits, the ends: what makes ties, carries and near-ties. */
const fraction = fc.oneof(
  fc.constantFrom(0, 1, 2, 3, 0x400000, 0x3fffff, 0x400001, 0x7ffffe, 0x7fffff),
  fc.nat(0x7fffff),
  fc.nat(0x7ff).map((high) => high << 12),
  fc.nat(0xfff),
);
const anyBits = fc.tuple(sign, field, fraction).map(([s, e, f]) => word(s, e, f));
/** Finite binary32 words: the moods of the other tests, and structured patterns. */
const float = fc.oneof(anyBits, fc.oneof(...moods).map(bitsOf));
const largest = bitsOf(3.4028234663852886e38);
const finite = (bits: number): number =>
  ((bits & 0x7f800000) === 0x7f800000 ? (bits & 0x80000000) | largest : bits) >>> 0;

/** The neighbour `steps` further from zero, where that is a finite number of the same sign. */
function nudge(bits: number, steps: number): number {
  const magnitude = Math.min(Math.max((bits & 0x7fffffff) + steps, 0), largest);
  return ((bits & 0x80000000) | magnitude) >>> 0;
}

/** A finite value rounded to binary32, and then nudged. */
const near = (value: number, steps: number): number => nudge(finite(bitsOf(value)), steps);
const steps = fc.integer({ min: -2, max: 2 });

/** Nearly equal in magnitude, of either sign: cancellation. */
const alike = fc
  .tuple(float, fc.integer({ min: -4, max: 4 }), sign)
  .map(([a, by, flip]): Pair => [a, (nudge(a, by) ^ (flip << 31)) >>> 0]);
/** Exponents 0 to 27 apart, around the width of the fraction: alignment and its ties. */
const apart = fc
  .tuple(sign, field, fraction, sign, fc.integer({ min: 0, max: 27 }), fraction)
  .map(([s, e, f, t, down, g]): Pair => [word(s, e, f), word(t, Math.max(e - down, 0), g)])
  .chain(([a, b]) => fc.constantFrom<Pair>([a, b], [b, a]));
/** Exponents that add up to the ends of the range: results that are subnormal, that underflow or that overflow. */
const edge = fc
  .tuple(
    anyBits,
    fc.constantFrom(-150, -149, -127, -126, -125, 126, 127, 128),
    fc.integer({ min: -26, max: 3 }),
    fraction,
  )
  .map(([a, at, by, f]): Pair => {
    const other = at + by - (((a >>> 23) & 0xff) - 127);
    return [a, word(a & 1, Math.min(Math.max(other + 127, 0), 254), f)];
  });
/** A product that lies on, or next to, the middle of two numbers: 12 bits times 13 bits. */
const middle = fc
  .tuple(fc.integer({ min: 2 ** 11, max: 2 ** 12 - 1 }), fc.integer({ min: 2 ** 12, max: 2 ** 13 - 1 }), steps)
  .map(([x, y, by]): Pair => [bitsOf(x * 2 ** -11), near(y * 2 ** -12, by)]);
/** A quotient next to the middle of two numbers. */
const quotient = fc
  .tuple(fc.integer({ min: 2 ** 23, max: 2 ** 24 - 1 }), float, steps)
  .map(([q, b, by]): Pair => [near((q + 0.5) * 2 ** -23 * fromBits(b), by), b]);
/** Quotients of the smallest number so little above the middle of two that their first 41 bits are a tie; from a search. */
const nearTie = fc
  .constantFrom(0x008121ff, 0x008164b0, 0x008468cf, 0x00869913, 0x0089bcb0, 0x008d4337, 0x008efa43, 0x0090ce81)
  .map((b): Pair => [1, b]);
/** The same for 44 bits of square roots: odd and even exponents. */
const nearTieRoot = fc.constantFrom(0x0059815f, 0x005dc5e6, 0x007749b9, 0x4b2a177f, 0x4b3302be, 0x4b5ae03b, 0x4b6e9372);
/** A square root next to the middle of two numbers, or exact. */
const square = fc
  .tuple(fc.oneof(fc.integer({ min: 2 ** 23, max: 2 ** 24 }), fc.nat(2 ** 12)), fc.constantFrom(0, 0.5), steps, field)
  .map(([r, half, by, e]) => near((r + half) ** 2 * 2 ** (e - 150), by));

const alone = (word: fc.Arbitrary<number>): fc.Arbitrary<Pair> => word.map((a): Pair => [a, 0]);
const two = fc.oneof(fc.tuple(float, float), alike, apart, edge);

/** Around the integers and halves that rounding is about. */
const nearHalf = fc
  .tuple(fc.integer({ min: -(2 ** 9), max: 2 ** 9 }), fc.oneof(fc.constant(0), fc.nat(24)), steps)
  .map(([n, by, up]) => near((n / 2) * 2 ** by, up));
const rounded = fc.oneof(float, nearHalf);

const exponent = fc.oneof(fc.integer({ min: -100, max: 127 }), fc.constantFrom(-100, -99, 0, 126, 127));
const scale = exponent.map((power) => 2 ** power);
/** What is no scale: too small, not a power of two, negative, zero. */
const noScale = fc.oneof(
  float,
  scale.map((s) => near(s, 1)),
  fc.integer({ min: -149, max: -101 }).map((e) => bitsOf(2 ** e)),
);
/** x on the grid of s / 256, near the middle of two steps, with x / s up to twice the largest i8. */
const onGrid = fc
  .tuple(scale, fc.integer({ min: -(2 ** 16), max: 2 ** 16 }), fc.constantFrom(1, 2, 128, 256), steps)
  .map(([s, n, per, by]): Pair => [near((n / per) * s, by), bitsOf(s)]);
const quantised = fc.oneof(
  { weight: 4, arbitrary: onGrid },
  { weight: 2, arbitrary: fc.tuple(float, scale.map(bitsOf)) },
  { weight: 1, arbitrary: fc.tuple(float, noScale) },
);

const fixedAttributes = fc.tuple(
  fc.oneof(fc.integer({ min: -6, max: 24 }), fc.integer({ min: -126, max: 126 })),
  fc.oneof(fc.constantFrom(1, 127, 2 ** 24, 2 ** 24 + 1, 2 ** 31 - 1), fc.integer({ min: 1, max: 2 ** 31 - 1 })),
);
/** x 2^k around the bound, around halves, or anything. */
const fixed = ([k = 0, bound = 0]: readonly number[]): fc.Arbitrary<number> =>
  fc.oneof(
    float,
    nearHalf.map((bits) => finite(bitsOf(fromBits(bits) * 2 ** -k))),
    fc.tuple(fc.constantFrom(-1, -0.5, 0, 0.5, 1), sign, steps).map(([by, negative, up]) => {
      const value = (bound + by) * 2 ** -k;
      return near(negative === 1 ? -value : value, up);
    }),
  );

const i32 = fc
  .oneof(
    fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
    fc.integer({ min: -300, max: 300 }),
    fc.tuple(fc.nat(30), fc.integer({ min: -2, max: 2 }), sign).map(([by, d, s]) => (2 ** by + d) * (s === 1 ? -1 : 1)),
    // A tie of from_i32 and its neighbours.
    fc
      .tuple(fc.integer({ min: 2 ** 23, max: 2 ** 24 - 1 }), fc.nat(6), fc.integer({ min: -1, max: 1 }))
      .map(([m, by, d]) => m * 2 ** by + 2 ** Math.max(by - 1, 0) + d),
    fc.constantFrom(-(2 ** 31), 2 ** 31 - 1, -126, -127, 127, 128, 0),
  )
  .map((n) => n >>> 0);
/** Halves of the range, whose bounds add up to less than 2^31: the builder refuses others. */
const addends = fc
  .tuple(i32, i32)
  .map(([a, b]): Pair => [((a | 0) >> 1) >>> 0, Math.max((b | 0) >> 1, 1 - 2 ** 30) >>> 0]);

const none = fc.constant<readonly number[]>([]);
const floats = (count: 1 | 2, pairs: fc.Arbitrary<Pair>): Feed => ({
  operands: Array<'f32'>(count).fill('f32'),
  attributes: none,
  pairs: () => pairs,
});
const integers = (count: 1 | 2, pairs: fc.Arbitrary<Pair>): Feed => ({
  operands: Array<'i32'>(count).fill('i32'),
  attributes: none,
  pairs: () => pairs,
});
/** Mostly in the domain of operators that refuse negative operands. */
const mostlyPositive = (x: fc.Arbitrary<number>) =>
  fc.tuple(x, fc.nat(9)).map(([a, n]) => (n === 0 ? a : a & 0x7fffffff));

/** The operators that take one element of each operand, and what to try them on. */
export const feeds: Readonly<Record<string, Feed>> = {
  add: floats(2, two),
  sub: floats(2, two),
  mul: floats(2, fc.oneof(two, middle)),
  div: floats(2, fc.oneof(two, quotient, nearTie)),
  sqrt: floats(1, alone(mostlyPositive(fc.oneof(float, square, nearTieRoot)))),
  max: floats(2, two),
  min: floats(2, two),
  neg: floats(1, alone(float)),
  abs: floats(1, alone(float)),
  floor: floats(1, alone(rounded)),
  rint: floats(1, alone(rounded)),
  pow2ceil: floats(
    1,
    alone(
      mostlyPositive(
        fc.oneof(
          float,
          fc.tuple(exponent, steps).map(([e, by]) => near(2 ** e, by)),
        ),
      ),
    ),
  ),
  exp2i: integers(1, alone(i32)),
  quantize: floats(2, quantised),
  residual: floats(2, quantised),
  to_fixed: { operands: ['f32'], attributes: fixedAttributes, pairs: (attributes) => alone(fixed(attributes)) },
  from_i32: integers(1, alone(i32)),
  add_i32: integers(2, addends),
};

/** Pairs per batch: one call, one lowered program. Fewer where every batch has other attributes. */
const SIZE = 2_000;
const SIZE_WITH_ATTRIBUTES = 100;

/** `cases` pairs in batches, drawn from the seed. */
export function* batchesOf({ attributes, pairs }: Feed, cases: number, seed: number): Generator<Batch> {
  const size = attributes === none ? SIZE : SIZE_WITH_ATTRIBUTES;
  for (let done = 0; done < cases; done += size) {
    const options = { seed: seed + done, numRuns: 1 };
    const [drawn = []] = fc.sample(attributes, options);
    const numRuns = Math.min(size, cases - done);
    yield { attributes: drawn, pairs: fc.sample(pairs(drawn), { ...options, numRuns }) };
  }
}
