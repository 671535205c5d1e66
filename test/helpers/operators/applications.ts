import fc from 'fast-check';
import type { Shape, Tensor } from '../../../engine/graph/types.ts';
import { bytes, floats, fromBits, integers, scales, shapes, tensor } from '../hostile.ts';
import type { Application, Operand } from '../programs.ts';
import { fusedOver } from './lines.ts';

/** Random applications of every operator, hostile values and faults included. */

const held = fc.constantFrom('input' as const, 'input' as const, 'constant' as const);

function operand(of: fc.Arbitrary<Tensor>, how: fc.Arbitrary<Operand['held']> = held): fc.Arbitrary<Operand> {
  return fc.record({ tensor: of, held: how });
}

const constant = fc.constant('constant' as const);

function unary(op: string, element: (shape: Shape) => fc.Arbitrary<Tensor> = floats): fc.Arbitrary<Application> {
  return shapes().chain((shape) =>
    operand(element(shape)).map((x) => ({ op, operands: [x], type: { dtype: 'f32', shape }, attributes: [] })),
  );
}

function binary(op: string): fc.Arbitrary<Application> {
  return shapes().chain((shape) =>
    fc
      .tuple(operand(floats(shape)), operand(floats(shape)))
      .map((operands) => ({ op, operands, type: { dtype: 'f32', shape }, attributes: [] })),
  );
}

const notNegative = (shape: Shape) =>
  floats(shape).map((x) => ({ ...x, data: (x.data as Float32Array<ArrayBuffer>).map(Math.abs) }));
const mostlyNotNegative = (shape: Shape) => fc.oneof({ weight: 4, arbitrary: notNegative(shape) }, floats(shape));

function quantizer(op: string): fc.Arbitrary<Application> {
  const broken = (shape: Shape) => floats(shape);
  return shapes().chain((shape) => {
    const one = scales(shape.map(() => 1));
    const wide = fc.oneof({ weight: 6, arbitrary: scales(shape) }, { weight: 1, arbitrary: broken(shape) });
    const spread = one.map((s) => ({
      ...s,
      shape,
      data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(s.data[0]!),
    }));
    return fc
      .tuple(operand(floats(shape)), operand(fc.oneof(wide, spread)))
      .map((operands) => ({ op, operands, type: { dtype: 'i8', shape }, attributes: [] }));
  });
}

const toFixed: fc.Arbitrary<Application> = shapes().chain((shape) => {
  const k = fc.oneof(fc.integer({ min: -6, max: 20 }), fc.integer({ min: -126, max: 126 }));
  const bound = fc.oneof(
    fc.constantFrom(1, 127, 2 ** 24, 2 ** 24 + 1, 2 ** 31 - 1),
    fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  );
  return fc
    .tuple(operand(floats(shape)), k, bound)
    .map(([x, ...attributes]) => ({ op: 'to_fixed', operands: [x], type: { dtype: 'i32', shape }, attributes }));
});

const matmulNt: fc.Arbitrary<Application> = fc
  .tuple(
    fc.oneof(fc.constant<number[]>([]), fc.array(fc.integer({ min: 1, max: 3 }), { minLength: 1, maxLength: 2 })),
    fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 18 })),
    fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 1, max: 70 }) },
      { weight: 1, arbitrary: fc.constantFrom(255, 256, 257, 2047, 2048) },
    ),
  )
  .chain(([batch, [m, n], k]) =>
    fc.tuple(operand(bytes([...batch, m, k])), operand(bytes([...batch, n, k]))).map((operands) => ({
      op: 'matmul_nt',
      operands,
      type: { dtype: 'i32' as const, shape: [...batch, m, n] },
      attributes: [],
    })),
  );

const addI32: fc.Arbitrary<Application> = shapes().chain((shape) =>
  fc
    .tuple(operand(integers(shape, 2 ** 30), constant), operand(integers(shape, 2 ** 30 - 1), constant))
    .map((operands) => ({ op: 'add_i32', operands, type: { dtype: 'i32', shape }, attributes: [] })),
);

const rows: fc.Arbitrary<number[]> = fc
  .tuple(
    shapes([0, 2], 12),
    fc.oneof({ weight: 8, arbitrary: fc.integer({ min: 1, max: 70 }) }, fc.constantFrom(255, 1023, 1024)),
  )
  .map(([lead, length]) => [...lead, length]);

const sumI32: fc.Arbitrary<Application> = rows.chain((shape) => {
  const most = fc
    .constantFrom(2 ** 24, 2 ** 24 + shape.at(-1)!, 2 ** 31 - 1)
    .map((total) => Math.floor(total / shape.at(-1)!));
  return operand(
    most.chain((limit) => integers(shape, limit)),
    constant,
  ).map((n) => ({
    op: 'sum_i32',
    operands: [n],
    type: { dtype: 'i32', shape: [...shape.slice(0, -1), 1] },
    attributes: [],
  }));
});

function maximum(op: string): fc.Arbitrary<Application> {
  return rows.chain((shape) =>
    operand(floats(shape)).map((x) => ({
      op,
      operands: [x],
      type: { dtype: 'f32', shape: [...shape.slice(0, -1), 1] },
      attributes: [],
    })),
  );
}

const loadBatch: fc.Arbitrary<Application> = fc
  .tuple(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 2, max: 9 }))
  .chain((attributes) => {
    const shape = attributes;
    return tensor('u32', shape, fc.integer({ min: 0, max: 2 ** 31 - 1 })).map(({ data }) => ({
      op: 'load_batch',
      operands: [],
      type: { dtype: 'u32', shape },
      attributes,
      batch: data as Uint32Array,
    }));
  });

const anyI32 = (shape: Shape) =>
  fc.oneof(integers(shape, 300), integers(shape, 2 ** 31 - 1), integers(shape, 2 ** 24 + 3));
const roots = (shape: Shape) =>
  fc.oneof(
    { weight: 4, arbitrary: mostlyNotNegative(shape) },
    floats(shape, [fc.constantFrom(0, -0, fromBits(0x80000001))]),
  );

export const applications: Record<string, fc.Arbitrary<Application>> = {
  ...Object.fromEntries(['add', 'sub', 'mul', 'div', 'max', 'min'].map((op) => [op, binary(op)])),
  ...Object.fromEntries(['neg', 'abs', 'floor', 'rint'].map((op) => [op, unary(op)])),
  sqrt: unary('sqrt', roots),
  pow2ceil: unary('pow2ceil', mostlyNotNegative),
  exp2i: unary('exp2i', anyI32),
  from_i32: unary('from_i32', anyI32),
  quantize: quantizer('quantize'),
  residual: quantizer('residual'),
  to_fixed: toFixed,
  matmul_nt: matmulNt,
  add_i32: addI32,
  sum_i32: sumI32,
  ...Object.fromEntries(['reduce_max', 'reduce_absmax'].map((op) => [op, maximum(op)])),
  fused: fusedOver(shapes),
  load_batch: loadBatch,
};
