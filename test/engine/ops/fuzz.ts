import { expect } from 'chai';
import fc from 'fast-check';
import type { GraphBuilder, Value } from '../../../engine/graph/builder.ts';
import { elementCount, type DType } from '../../../engine/graph/types.ts';
import { expectAgreement } from '../../helpers/agreement.ts';
import { bytes, floats, integers, moods, tensor } from '../../helpers/hostile.ts';
import { invocationOf, type Operand } from '../../helpers/programs.ts';

/** A random number in [0, n), from the choices that fast-check drew. */
type Pick = (n: number) => number;
type Grow = (graph: GraphBuilder, pool: readonly Value[], pick: Pick) => Value | undefined;

const SIZE = 600;

function one(pool: readonly Value[], pick: Pick, dtype?: DType, ranks = 0): Value | undefined {
  const fitting = pool.filter((v) => (dtype === undefined || v.dtype === dtype) && v.shape.length >= ranks);
  return fitting[pick(fitting.length)];
}

const unary: Grow = (graph, pool, pick) => {
  const x = one(pool, pick, 'f32');
  const op = ['neg', 'abs', 'floor', 'rint', 'sqrt', 'pow2ceil'][pick(6)]!;
  if (x === undefined) return undefined;
  const operand = op === 'sqrt' || op === 'pow2ceil' ? graph.abs(x) : x;
  return graph.apply(op, [operand], { dtype: 'f32', shape: x.shape });
};

const binary: Grow = (graph, pool, pick) => {
  const [x, y] = [one(pool, pick, 'f32'), one(pool, pick, 'f32')];
  if (x === undefined || y === undefined) return undefined;
  const [narrow, wide] = elementCount(x.shape) < elementCount(y.shape) ? [x, y] : [y, x];
  const other = pick(3) === 0 ? graph.scalar([0.5, -3, 1 / 127, 2 ** 20][pick(4)]!) : narrow;
  const op = (['add', 'sub', 'mul', 'max', 'min', 'div'] as const)[pick(6)]!;
  return pick(2) === 0 ? graph[op](wide, other) : graph[op](other, wide);
};

const quantise: Grow = (graph, pool, pick) => {
  const x = one(pool, pick, 'f32', 1);
  if (x === undefined) return undefined;
  const largest = graph.reduceMax(graph.abs(pick(2) === 0 ? x : graph.reshape(x, [1, elementCount(x.shape)])));
  const scale = [
    () => graph.pow2ceil(graph.mul(largest, 1 / 127)),
    () => graph.pow2ceil(largest),
    () => graph.scalar(0.25),
  ];
  const chosen = scale[pick(3)]!();
  const isRow = chosen.shape.length === x.shape.length && chosen.shape.slice(0, -1).every((e, i) => e === x.shape[i]);
  const s =
    isRow || elementCount(chosen.shape) === 1 ? graph.reshape(chosen, isRow ? chosen.shape : [1]) : graph.scalar(1);
  return pick(3) === 0 ? graph.residual(x, s) : graph.quantize(x, s);
};

const product: Grow = (graph, pool, pick) => {
  const a = one(pool, pick, 'i8', 2);
  if (a === undefined) return undefined;
  const fits = (v: Value) =>
    v.shape.length === a.shape.length && v.shape.every((e, axis) => axis === a.shape.length - 2 || e === a.shape[axis]);
  const b = one(pool.filter(fits), pick, 'i8', 2) ?? a;
  if (a.shape.at(-2)! * elementCount(b.shape) > SIZE * 8) return undefined;
  const result = graph.matmulNt(a, b);
  return pick(2) === 0 ? result : graph.mul(graph.fromI32(result), graph.scalar(2 ** -pick(12)));
};

const integral: Grow = (graph, pool, pick) => {
  const n = one(pool, pick, 'i32', 1);
  if (n === undefined) return undefined;
  const twin = pool.find((v) => v !== n && v.dtype === 'i32' && v.shape.join() === n.shape.join()) ?? n;
  return [() => graph.fromI32(n), () => graph.exp2i(n), () => graph.sumI32(n), () => graph.addI32(n, twin)][pick(4)]!();
};

const fixed: Grow = (graph, pool, pick) => {
  const x = one(pool, pick, 'f32');
  if (x === undefined) return undefined;
  const clamped = graph.min(graph.max(x, -(2 ** (2 + pick(14)))), 2 ** (2 + pick(14)));
  return graph.toFixed(clamped, pick(5) - 1, 2 ** 20);
};

const indexed: Grow = (graph, pool, pick) => {
  const index = one(pool, pick, 'u32', 1);
  const table = one(pool, pick, undefined, 1);
  if (index === undefined || table === undefined) return undefined;
  if (pick(2) === 0) return graph.oneHot(index, 5 + pick(2), pick(2) === 0 ? 'f32' : 'i8');
  return elementCount(table.shape) * elementCount(index.shape) > SIZE * 4 ? undefined : graph.gather(table, index);
};

const moved: Grow = (graph, pool, pick) => {
  const x = one(pool, pick, undefined, 1);
  if (x === undefined) return undefined;
  const axis = pick(x.shape.length);
  const axes = x.shape.map((_, i) => i);
  return [
    () =>
      graph.transpose(
        x,
        axes.toSorted((a, b) => ((a * 7 + axis) % 5) - ((b * 7 + axis) % 5)),
      ),
    () => graph.slice(x, axis, pick(x.shape[axis]!), 1),
    () => graph.concat(x, x, axis),
    () => graph.reshape(x, [elementCount(x.shape) / x.shape[axis]!, x.shape[axis]!]),
    () =>
      graph.broadcast(
        x,
        x.shape.map((e) => (e === 1 ? 1 + pick(4) : e)),
      ),
    () => graph.broadcast(x, [1 + pick(3), ...x.shape]),
    () => (x.dtype === 'f32' ? graph.reduceMax(x) : graph.reshape(x, [...x.shape, 1])),
  ][pick(7)]!();
};

const chunked: Grow = (graph, pool, pick) => {
  const x = one(pool, pick, 'f32', 1);
  if (x === undefined) return undefined;
  const n = x.shape.at(-1)!;
  const k = 1 + pick(n);
  const mask = graph.topkChunk(x, k);
  const numbers = graph.constant(
    'f32',
    [n],
    Float32Array.from({ length: n }, (_, i) => i),
  );
  const positions = () => graph.packChunk(graph.broadcast(numbers, x.shape), mask, k);
  return [
    () => mask,
    () => graph.packChunk(x, mask, 1 + pick(n)),
    () => graph.packChunk(x, one(pool, pick, 'i8', 1) ?? mask, k),
    () => graph.scatterChunk(graph.packChunk(x, mask, k), positions(), n + pick(3)),
    () => graph.sortLanes(x),
  ][pick(5)]!();
};

const ways: readonly Grow[] = [
  unary,
  binary,
  binary,
  quantise,
  quantise,
  product,
  product,
  integral,
  fixed,
  indexed,
  chunked,
  moved,
  moved,
];

/** Grows a program from the operands by as many nodes as there are choices; refused applications are left out. */
function grow(graph: GraphBuilder, operands: readonly Value[], choices: readonly number[]): readonly Value[] {
  const pool = [...operands];
  for (const choice of choices) {
    let rest = choice;
    const pick: Pick = (n) => {
      const chosen = n === 0 ? 0 : rest % n;
      rest = Math.floor(rest / Math.max(n, 1)) + (rest % 7) * 104_729;
      return chosen;
    };
    const grown = attempt(() => ways[pick(ways.length)]!(graph, pool, pick));
    if (grown !== undefined && elementCount(grown.shape) <= SIZE && grown.shape.length <= 5) pool.push(grown);
  }
  const made = pool.slice(operands.length);
  return made.length === 0 ? [graph.abs(operands[0]!)] : made.slice(-4);
}

function attempt(work: () => Value | undefined): Value | undefined {
  try {
    return work();
  } catch (error) {
    if ((error as { code?: string }).code === 'GRAPH_INVALID') return undefined;
    throw error;
  }
}

const held = <T>(of: fc.Arbitrary<T>, how: Operand['held']) => of.map((x) => ({ tensor: x, held: how }) as Operand);
const start = fc.tuple(
  held(floats([4, 6], moods.slice(1)), 'input'),
  held(floats([6], moods.slice(1)), 'input'),
  held(floats([2, 3, 4], moods.slice(1)), 'constant'),
  held(bytes([4, 6]), 'constant'),
  held(integers([3, 6], 2 ** 20), 'constant'),
  held(tensor('u32', [2, 2], fc.nat(1)), 'input'),
);

describe('random programs', function () {
  this.timeout(120_000);

  it('have the same values and faults lowered as by the reference', async () => {
    let faults = 0;
    const choices = fc.array(fc.nat(2 ** 30), { minLength: 3, maxLength: 25 });
    const property = fc.asyncProperty(start, choices, async (operands, chosen) => {
      const outcome = await expectAgreement(invocationOf(operands, (graph, values) => grow(graph, values, chosen)));
      if ('fault' in outcome) faults += 1;
    });
    await fc.assert(property, { numRuns: 300 });
    expect(faults).to.be.within(1, 200);
  });
});
