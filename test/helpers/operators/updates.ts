import fc from 'fast-check';
import { elementCount, typedArray, type Shape, type Tensor } from '../../../engine/graph/types.ts';
import { floats, fromBits, moods, shapes, tensor } from '../hostile.ts';
import type { Application, Operand } from '../programs.ts';

/** Random applications of the operators on chunks: rows of elements that tie, masks and positions that are wrong. */

/** Where the rows come from: how many there are, and how long they are. */
export type Rows = (longest: number) => fc.Arbitrary<readonly [lead: readonly number[], length: number]>;

const held = fc.constantFrom('input' as const, 'constant' as const);
const operand = (of: fc.Arbitrary<Tensor>): fc.Arbitrary<Operand> => fc.record({ tensor: of, held });

/** Few values, so that most elements tie: zeros of both signs, both signs of others, the ends of the range. */
const few = [0, -0, 1, -1, fromBits(1), fromBits(0x80000001), fromBits(0x7f7fffff), fromBits(0xff7fffff)];
const tied = fc.constantFrom(...few);
const neighbours = fc.constantFrom(...[0x3f7fffff, 0x3f800000, 0x3f800001, 0xbf800000, 0xbf800001].map(fromBits));
const elements = (shape: Shape) =>
  fc.oneof(
    { weight: 3, arbitrary: floats(shape, moods) },
    { weight: 2, arbitrary: floats(shape, [tied, neighbours]) },
    { weight: 1, arbitrary: floats(shape, [fc.constant(0), fc.constant(-2.5)]) },
  );

const kept = (n: number) => fc.oneof(fc.integer({ min: 1, max: n }), fc.constantFrom(1, n, Math.ceil(n / 2)));

const topkChunk = (rows: Rows): fc.Arbitrary<Application> =>
  rows(1_024).chain(([lead, n]) =>
    fc.tuple(operand(elements([...lead, n])), kept(n)).map(([x, k]) => ({
      op: 'topk_chunk',
      operands: [x],
      type: { dtype: 'i8', shape: [...lead, n] },
      attributes: [k],
    })),
  );

/** Zeros and ones in any number; now and then something else. */
const masks = (shape: Shape) => {
  const bit = fc.integer({ min: 0, max: 1 });
  const rare = fc.oneof({ weight: 9, arbitrary: fc.constant(0) }, fc.constant(1));
  const wrong = fc.oneof({ weight: 60, arbitrary: bit }, fc.constantFrom(2, -1, 127, -127));
  return fc.oneof(
    { weight: 4, arbitrary: tensor('i8', shape, bit) },
    { weight: 2, arbitrary: tensor('i8', shape, rare) },
    { weight: 1, arbitrary: tensor('i8', shape, fc.constant(1)) },
    { weight: 1, arbitrary: tensor('i8', shape, wrong) },
  );
};

const packChunk = (rows: Rows): fc.Arbitrary<Application> =>
  rows(1_024).chain(([lead, n]) =>
    fc.tuple(operand(elements([...lead, n])), operand(masks([...lead, n])), kept(n)).map(([x, mask, k]) => ({
      op: 'pack_chunk',
      operands: [x, mask],
      type: { dtype: 'f32', shape: [...lead, k] },
      attributes: [k],
    })),
  );

/** What a position becomes that is wrong: twice the same, no integer, outside, negative. */
const wrongs: readonly ((before: number, own: number, n: number) => number)[] = [
  (before) => before,
  (_, own) => own + 0.5,
  (_, own) => -own - 1,
  (_, __, n) => n,
  () => fromBits(1),
  () => 2 ** 24,
  () => 2 ** 100,
];

/** Ascending positions below n in rows of k, of which one may be changed. */
function positions(lead: readonly number[], k: number, n: number): fc.Arbitrary<Tensor> {
  const row = fc.uniqueArray(fc.nat(n - 1), { minLength: k, maxLength: k }).map((all) => all.toSorted((a, b) => a - b));
  const count = elementCount(lead);
  const one = fc.tuple(fc.nat(count * k - 1), fc.constantFrom(...wrongs));
  const change = fc.oneof({ weight: 3, arbitrary: fc.constant(null) }, one);
  return fc.tuple(fc.array(row, { minLength: count, maxLength: count }), change).map(([rows, changed]) => {
    const data = typedArray('f32', count * k);
    data.set(rows.flat());
    if (changed !== null) data[changed[0]] = changed[1](data[changed[0] - 1] ?? -1, data[changed[0]]!, n);
    return { dtype: 'f32', shape: [...lead, k], data };
  });
}

const scatterChunk = (rows: Rows): fc.Arbitrary<Application> =>
  rows(1_024).chain(([lead, k]) =>
    fc
      .oneof(
        { weight: 4, arbitrary: fc.constant(k) },
        { weight: 16, arbitrary: fc.integer({ min: k, max: 2 * k + 9 }) },
        { weight: 1, arbitrary: fc.constant(4_096) },
      )
      .chain((n) =>
        fc.tuple(operand(elements([...lead, k])), operand(positions(lead, k, n))).map((operands) => ({
          op: 'scatter_chunk',
          operands,
          type: { dtype: 'f32', shape: [...lead, n] },
          attributes: [n],
        })),
      ),
  );

const sortLanes = (rows: Rows): fc.Arbitrary<Application> =>
  rows(256).chain(([lead, lanes]) =>
    operand(elements([...lead, lanes])).map((x) => ({
      op: 'sort_lanes',
      operands: [x],
      type: { dtype: 'f32', shape: [...lead, lanes] },
      attributes: [],
    })),
  );

/** Applications over rows of a source. */
export function updatesOver(rows: Rows): Record<string, fc.Arbitrary<Application>> {
  const all = { topk_chunk: topkChunk, pack_chunk: packChunk, scatter_chunk: scatterChunk, sort_lanes: sortLanes };
  return Object.fromEntries(Object.entries(all).map(([op, update]) => [op, update(rows)]));
}

export const updates = updatesOver((longest) =>
  fc.tuple(
    shapes([0, 2], 12),
    fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 1, max: 40 }) },
      fc.constantFrom(255, 1_023, 1_024).map((length) => Math.min(length, longest)),
    ),
  ),
);
