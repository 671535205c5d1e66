import fc from 'fast-check';
import { MAX_RANK } from '../../../engine/graph/descriptor.ts';
import { elementCount, type DType, type Shape, type Tensor } from '../../../engine/graph/types.ts';
import { bytes, floats, integers, shapes, tensor } from '../hostile.ts';
import type { Application, Operand } from '../programs.ts';

/** Random applications of the operators that move data, on every element type. */

const dtypes = fc.constantFrom<DType>('f32', 'i8', 'i32', 'u32');

function any(dtype: DType, shape: Shape): fc.Arbitrary<Operand> {
  const u32 = () => tensor('u32', shape, fc.integer({ min: 0, max: 2 ** 31 - 1 }));
  const of = { f32: () => floats(shape), i8: () => bytes(shape), i32: () => integers(shape, 2 ** 31 - 1), u32 };
  return fc.record({ tensor: of[dtype](), held: fc.constantFrom('input' as const, 'constant' as const) });
}

/** Shapes of a range of ranks, of at most `limit` elements. */
export type Shapes = (ranks?: readonly [number, number], limit?: number) => fc.Arbitrary<number[]>;

type Movement = (shapes: Shapes) => fc.Arbitrary<Application>;
type Plan = { from: Shape; into: Shape; attributes: readonly number[] };

function unary(op: string, plan: (shape: Shape) => fc.Arbitrary<Plan>, ranks?: readonly [number, number]): Movement {
  return (of) =>
    fc
      .tuple(dtypes, of(ranks).chain(plan))
      .chain(([dtype, { from, into, attributes }]) =>
        any(dtype, from).map((x): Application => ({ op, operands: [x], type: { dtype, shape: into }, attributes })),
      );
}

const reshape = unary('reshape', (from) => {
  const count = elementCount(from);
  const options: Shape[] = [[count], [1, count], [count, 1], [...from, 1], [1, ...from], from.toReversed()];
  const describable = options.filter(({ length }) => length <= MAX_RANK);
  return fc.constantFrom(...describable, ...(count === 1 ? [[]] : [])).map((into) => ({ from, into, attributes: [] }));
});

const transpose = unary('transpose', (from) => {
  const axes = from.map((_, axis) => axis);
  return fc
    .shuffledSubarray(axes, { minLength: axes.length })
    .map((permutation) => ({ from, into: permutation.map((axis) => from[axis]!), attributes: permutation }));
});

const slice = unary(
  'slice',
  (from) =>
    fc.nat(from.length - 1).chain((axis) =>
      fc.nat(from[axis]! - 1).chain((start) =>
        fc.integer({ min: 1, max: from[axis]! - start }).map((length) => ({
          from,
          into: from.with(axis, length),
          attributes: [axis, start, length],
        })),
      ),
    ),
  [1, 4],
);

const broadcast = unary('broadcast', (into) =>
  fc
    .tuple(fc.nat(into.length), fc.array(fc.boolean(), { minLength: into.length, maxLength: into.length }))
    .map(([lead, isOne]) => ({
      from: into.map((extent, axis) => (isOne[axis] ? 1 : extent)).slice(lead),
      into,
      attributes: [],
    })),
);

const concat: Movement = (of) =>
  fc.tuple(dtypes, of([1, 4], 200), fc.integer({ min: 1, max: 4 })).chain(([dtype, a, extra]) =>
    fc.nat(a.length - 1).chain((axis) =>
      fc.tuple(any(dtype, a), any(dtype, a.with(axis, extra))).map((operands) => ({
        op: 'concat',
        operands,
        type: { dtype, shape: a.with(axis, a[axis]! + extra) },
        attributes: [axis],
      })),
    ),
  );

/** Indices below n; now and then one that is not. */
function indices(shape: Shape, n: number): fc.Arbitrary<Operand> {
  const inside = fc.nat(n - 1);
  const outside = fc.oneof({ weight: 30, arbitrary: inside }, fc.constantFrom(-1, -n, n, n + 1));
  const u32 = fc.oneof({ weight: 30, arbitrary: inside }, fc.constantFrom(n, 2 ** 31 - 1, 2 ** 32 - 1, 2 ** 32 - n));
  const of = fc.oneof<fc.Arbitrary<Tensor>[]>(
    tensor('i32', shape, inside),
    tensor('u32', shape, inside),
    tensor('i32', shape, outside),
    tensor('u32', shape, u32),
  );
  return fc.record({ tensor: of, held: fc.constantFrom('input' as const, 'constant' as const) });
}

const gather: Movement = (of) =>
  fc.tuple(dtypes, of([1, 3], 100), of([0, 2], 20)).chain(([dtype, table, shape]) =>
    fc.tuple(any(dtype, table), indices(shape, table[0]!)).map((operands) => ({
      op: 'gather',
      operands,
      type: { dtype, shape: [...shape, ...table.slice(1)] },
      attributes: [],
    })),
  );

const oneHot: Movement = (of) =>
  fc
    .tuple(fc.constantFrom<DType>('f32', 'i8'), of([1, 3], 60), fc.integer({ min: 1, max: 9 }))
    .chain(([dtype, shape, n]) =>
      indices(shape, n).map((index) => ({
        op: 'one_hot',
        operands: [index],
        type: { dtype, shape: [...shape, n] },
        attributes: [n],
      })),
    );

/** Applications over the shapes of a source. */
export function movementsOver(of: Shapes): Record<string, fc.Arbitrary<Application>> {
  const all = { reshape, transpose, slice, broadcast, concat, gather, one_hot: oneHot };
  return Object.fromEntries(Object.entries(all).map(([op, movement]) => [op, movement(of)]));
}

export const movements = movementsOver(shapes);
