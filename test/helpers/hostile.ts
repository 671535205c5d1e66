import fc from 'fast-check';
import { elementCount, typedArray, type DType, type Shape, type Tensor } from '../../engine/graph/types.ts';

/** The binary32 with these bits. */
export function fromBits(bits: number): number {
  const view = new DataView(new ArrayBuffer(4));
  view.setUint32(0, bits >>> 0);
  return view.getFloat32(0);
}

const isFinite32 = (bits: number): boolean => (bits & 0x7f800000) !== 0x7f800000;

/** Zeros, subnormals, neighbours of powers of two, ties, the largest numbers, and what operators treat specially. */
const words = [0, 1, 2, 0x007fffff, 0x00800000, 0x00800001, 0x7f7fffff, 0x7f000000, 0x7effffff, 0x7e800000, 0x7e7fffff];
const ties = [
  0.5,
  1,
  1.5,
  2,
  2.5,
  3.5,
  63.5,
  64,
  126.5,
  127,
  127.5,
  128,
  2 ** 22 + 0.5,
  2 ** 23 - 0.5,
  2 ** 23,
  2 ** 24,
];
const powers = [31, 62, -93, -99, -100, -107, -126].map((exponent) => 2 ** exponent);
const magnitudes = [...words.map(fromBits), ...ties, ...powers, Math.fround(1 / 3), 1 - 2 ** -24, 1 + 2 ** -23];

const special = fc.tuple(fc.constantFrom(...magnitudes), fc.boolean()).map(([x, isNegative]) => (isNegative ? -x : x));
const anyBits = fc
  .integer({ min: 0, max: 0xffffffff })
  .map((bits) => fromBits(isFinite32(bits) ? bits : bits ^ 0x40000000));
const halves = fc.integer({ min: -600, max: 600 }).map((n) => n / 2);
const ordinary = fc.integer({ min: -(2 ** 24), max: 2 ** 24 }).map((n) => n * 2 ** -20);
const subnormal = fc.integer({ min: -(2 ** 24), max: 2 ** 24 }).map((n) => n * 2 ** -149);

/** One finite binary32, of a mood: all hostile, or such that results mostly stay finite. */
export const moods: readonly fc.Arbitrary<number>[] = [
  fc.oneof(special, anyBits),
  ordinary,
  fc.oneof(halves, ordinary, fc.constantFrom(0, -0)),
  fc.oneof(subnormal, halves),
];

/** Shapes of rank `ranks` whose extents cross the lanes of vector instructions, at most `limit` elements. */
export function shapes(ranks: readonly [number, number] = [0, 4], limit = 400): fc.Arbitrary<number[]> {
  const extent = fc.oneof(
    { weight: 5, arbitrary: fc.integer({ min: 1, max: 5 }) },
    { weight: 1, arbitrary: fc.integer({ min: 6, max: 70 }) },
  );
  return fc.array(extent, { minLength: ranks[0], maxLength: ranks[1] }).filter((shape) => elementCount(shape) <= limit);
}

/** A tensor of the given shape whose elements are drawn from `element`. */
export function tensor(dtype: DType, shape: Shape, element: fc.Arbitrary<number>): fc.Arbitrary<Tensor> {
  const count = elementCount(shape);
  return fc.array(element, { minLength: count, maxLength: count }).map((values) => {
    const data = typedArray(dtype, count);
    data.set(values);
    return { dtype, shape, data };
  });
}

/** f32 of one mood. */
export function floats(shape: Shape, of: readonly fc.Arbitrary<number>[] = moods): fc.Arbitrary<Tensor> {
  return fc.oneof(...of.map((element) => tensor('f32', shape, element)));
}

/** i8 in [-127, 127]: any, or only the extremes, whose products are the largest. */
export function bytes(shape: Shape): fc.Arbitrary<Tensor> {
  const any = fc.integer({ min: -127, max: 127 });
  return fc.oneof(tensor('i8', shape, any), tensor('i8', shape, fc.constantFrom(127, -127)));
}

/** i32 up to a magnitude, its ends among them. */
export function integers(shape: Shape, most: number): fc.Arbitrary<Tensor> {
  const element = fc.oneof(fc.integer({ min: -most, max: most }), fc.constantFrom(-most, most, 0, Math.min(1, most)));
  return tensor('i32', shape, element);
}

/** Powers of two from 2^-100 up to 2^`highest`. */
export function scales(shape: Shape, highest = 126): fc.Arbitrary<Tensor> {
  const near = fc.integer({ min: -8, max: 4 });
  const any = fc.oneof(fc.integer({ min: -100, max: highest }), fc.constantFrom(-100, -99, -93, highest));
  return fc.oneof(
    ...[near, any].map((exponent) =>
      tensor(
        'f32',
        shape,
        exponent.map((e) => 2 ** e),
      ),
    ),
  );
}
