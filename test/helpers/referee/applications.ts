import fc from 'fast-check';

import { loadBatch } from '../../../engine/data/batch.ts';
import { datasetRoot, type Dataset } from '../../../engine/data/dataset.ts';
import { tokenBytes } from '../../../engine/data/tokenizer.ts';
import { elementCount, type DType, type Shape, type Tensor } from '../../../engine/graph/types.ts';
import { bytes, floats, integers, shapes, tensor } from '../hostile.ts';
import { applications } from '../operators/applications.ts';
import { fusedOver } from '../operators/lines.ts';
import { movements, movementsOver, type Shapes } from '../operators/movements.ts';
import { updates, updatesOver } from '../operators/updates.ts';
import type { Application } from '../programs.ts';
import type { BatchSource } from './checks.ts';

/** An application, and where its batch comes from if it loads one. */
export type Case = { readonly application: Application; readonly batch?: BatchSource };

const LIMIT = 5_000;

/** Rows of less than a leaf, of exactly one, of more; in elements of 4 bytes and of 1. */
const lengths = [100, 250, 255, 256, 257, 600, 1_000, 1_023, 1_024, 1_025, 2_048, 2_050];
const small = fc.integer({ min: 1, max: 4 });

/** Shapes of up to 6 axes that take several leaves; small ones where little is asked for. */
const wide: Shapes = (ranks = [0, 6], limit = LIMIT) => {
  if (limit < 100) return shapes(ranks, Math.min(limit, 8));
  const most = ranks[1] === 4 ? 6 : ranks[1];
  const fits = (shape: readonly number[]) => elementCount(shape) <= LIMIT;
  const lead = fc.array(small, { minLength: Math.max(ranks[0] - 1, 0), maxLength: most - 1 });
  const long = fc.tuple(lead, fc.constantFrom(...lengths)).map(([axes, length]) => [...axes, length]);
  const packed = fc.tuple(lead, fc.integer({ min: 5, max: 70 })).map(([axes, length]) => [...axes, length]);
  const even = fc.array(small, { minLength: ranks[0], maxLength: most });
  return fc.oneof(long.filter(fits), packed.filter(fits), even.filter(fits));
};

const held = fc.constantFrom('input' as const, 'constant' as const);
const constant = fc.constant('constant' as const);
const operand = (of: fc.Arbitrary<Tensor>, how = held) => fc.record({ tensor: of, held: how });

/** Contractions of up to 2,048 in rows that are packed, straddle leaves or have leaves of their own. */
const products: fc.Arbitrary<Application> = fc
  .tuple(
    fc.array(fc.integer({ min: 1, max: 2 }), { maxLength: 4 }),
    fc.integer({ min: 1, max: 4 }),
    fc.integer({ min: 1, max: 4 }),
    fc.constantFrom(31, 32, 33, 300, 1_000, 1_023, 1_024, 1_025, 2_047, 2_048),
  )
  .chain(([batch, m, n, k]) =>
    fc.tuple(operand(bytes([...batch, m, k])), operand(bytes([...batch, n, k]))).map((operands) => ({
      op: 'matmul_nt',
      operands,
      type: { dtype: 'i32' as const, shape: [...batch, m, n] },
      attributes: [],
    })),
  );

const rows = fc
  .tuple(
    fc.array(small, { maxLength: 5 }).filter((lead) => elementCount(lead) <= 5),
    fc.oneof(fc.constantFrom(255, 256, 257, 1_023, 1_024), fc.integer({ min: 1, max: 300 })),
  )
  .map(([lead, length]) => [...lead, length]);

function reduction(op: string, dtype: DType, of: (shape: Shape) => fc.Arbitrary<Tensor>): fc.Arbitrary<Application> {
  return rows.chain((shape) =>
    operand(of(shape), dtype === 'i32' ? constant : held).map((x) => ({
      op,
      operands: [x],
      type: { dtype, shape: [...shape.slice(0, -1), 1] },
      attributes: [],
    })),
  );
}

/** Ties, zeros of both signs, and rows that are all negative. */
const tied = fc.constantFrom(-0, 0, -1, -(2 ** -149), 2 ** -149, 1);
const negative = fc.integer({ min: 1, max: 2 ** 24 }).map((n) => -n * 2 ** -20);
const maxima = (op: string) =>
  reduction(op, 'f32', (shape) => fc.oneof(floats(shape), floats(shape, [tied]), floats(shape, [negative])));
/** Sums that reach the ends of i32. */
const sums = reduction('sum_i32', 'i32', (shape) => integers(shape, Math.floor((2 ** 31 - 1) / shape.at(-1)!)));

const manyClasses: fc.Arbitrary<Application> = fc
  .tuple(fc.constantFrom<DType>('f32', 'i8'), shapes([1, 3], 4), fc.constantFrom(257, 1_024, 1_500))
  .chain(([dtype, shape, n]) =>
    operand(tensor('u32', shape, fc.oneof({ weight: 9, arbitrary: fc.nat(n - 1) }, fc.constant(n)))).map((index) => ({
      op: 'one_hot',
      operands: [index],
      type: { dtype, shape: [...shape, n] },
      attributes: [n],
    })),
  );

const arrays = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array } as const;

/** A dataset of tokens that look random; more than one shard now and then. */
function datasetOf(vocabulary: number, train: number, salt: number): Dataset {
  const take = (count: number, shift: number) =>
    new arrays[tokenBytes(vocabulary)](count).map((_: number, i: number) => ((i + shift) * 40_503 + salt) % vocabulary);
  const [tokens, heldOut] = [take(train, 0), take(100, 7)];
  return { tokenizer: 'any', vocabulary, train: tokens, heldOut, root: datasetRoot(tokens, heldOut, vocabulary) };
}

const hex = (length: number) =>
  fc.uint8Array({ minLength: length, maxLength: length }).map((b) => `0x${Buffer.from(b).toString('hex')}` as const);

/** Batches of tokens of 1, 2 and 4 bytes; datasets that just hold one row, several leaves, several shards. */
const batches: fc.Arbitrary<Case> = fc
  .record({
    rows: fc.integer({ min: 1, max: 5 }),
    length: fc.oneof(fc.integer({ min: 2, max: 9 }), fc.constantFrom(257, 1_025)),
    vocabulary: fc.constantFrom(2, 256, 257, 65_536, 65_537, 2 ** 31),
    more: fc.oneof({ weight: 40, arbitrary: fc.nat(6_000) }, { weight: 1, arbitrary: fc.constant(300_000) }),
    salt: fc.nat(2 ** 20),
    seed: hex(32),
    participant: hex(20),
    step: fc.oneof(fc.nat(100), fc.constant(2 ** 32 - 1)),
  })
  .map(({ rows: count, length, vocabulary, more, salt, ...of }) => {
    const dataset = datasetOf(vocabulary, length + more, salt);
    const batch = loadBatch(dataset, { ...of, rows: count, context: length - 1 });
    const type = { dtype: 'u32' as const, shape: [count, length] };
    const application = { op: 'load_batch', operands: [], type, attributes: [count, length], batch };
    return { application, batch: { ...of, dataset } };
  });

/** Rows as long as the operators take, packed, straddling leaves and with leaves of their own. */
const longRows = updatesOver((longest) =>
  fc.tuple(
    fc.array(small, { maxLength: 5 }).filter((lead) => elementCount(lead) <= 3),
    fc.constantFrom(...lengths).map((length) => Math.min(length, longest)),
  ),
);

const narrowOnes = { ...applications, ...movements, ...updates };
const wideOnes: Record<string, fc.Arbitrary<Application>> = {
  ...movementsOver(wide),
  ...longRows,
  matmul_nt: products,
  reduce_max: maxima('reduce_max'),
  reduce_absmax: maxima('reduce_absmax'),
  fused: fusedOver(wide),
  sum_i32: sums,
};

/** Random applications of an operator, small ones as the engine's tests use and large ones of several leaves. */
export function casesOf(op: string): fc.Arbitrary<Case> {
  if (op === 'load_batch') return batches;
  const large = op === 'one_hot' ? [wideOnes[op]!, manyClasses] : [wideOnes[op] ?? narrowOnes[op]!];
  return fc.oneof(narrowOnes[op]!, ...large).map((application) => ({ application }));
}
