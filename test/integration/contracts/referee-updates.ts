import { expect } from 'chai';

import type { DType, Shape } from '../../../engine/graph/types.ts';
import { check, empty, type Application } from '../../helpers/referee/application.ts';
import { createReferee, type Answer, type Check, type RefereeContract } from '../../helpers/referee/checks.ts';
import { withOperand, type BareOperand, type RawOperand } from '../../helpers/referee/handmade.ts';

const FAULT: Answer = { fault: true };
const bitsOf = (x: number): number => new Uint32Array(Float32Array.of(x).buffer)[0]!;
const ONE = bitsOf(1);
/** Bits that are no value of f32. */
const none = [0x7f800000, 0xff800000, 0x7fc00000, 0x80000000];

/** Rows of f32 of which as many leaves are opened as the first row has. */
function rows(shape: Shape, values: readonly number[]): RawOperand {
  return raw('f32', shape, values.map(bitsOf));
}

function raw(dtype: DType, shape: Shape, words: readonly number[]): RawOperand {
  const bytes = (shape.at(-1) ?? 1) * (dtype === 'i8' ? 1 : 4);
  return { dtype, shape, words, leaves: Array.from({ length: Math.ceil(bytes / 1_024) }, (_, leaf) => leaf) };
}

const upTo = (n: number): number[] => Array.from({ length: n }, (_, i) => i);
const first = (x: RawOperand): RawOperand => ({ ...x, leaves: [0] });

describe('what the referee makes of chunks:', function () {
  this.timeout(120_000);
  let referee: RefereeContract;

  before(async () => {
    referee = await createReferee();
  });

  after(() => referee.close());

  const answer = (application: Application): Promise<Answer> => referee.evaluate(check(application));
  async function expectFault(application: Application, why?: string): Promise<void> {
    expect(await answer(application), why).to.deep.equal(FAULT);
  }
  async function expectWord(application: Application, word: number, why?: string): Promise<void> {
    expect(await answer(application), why).to.deep.equal({ word });
  }

  const topk = (x: RawOperand | BareOperand, k: number, element = 0): Application => ({
    op: 'topk_chunk',
    result: ['i8', ...x.shape],
    operands: [x],
    attributes: [k],
    element,
  });
  const sorted = (x: RawOperand | BareOperand, element = 0): Application => ({
    op: 'sort_lanes',
    result: ['f32', ...x.shape],
    operands: [x],
    element,
  });
  const packed = (x: RawOperand, mask: RawOperand, k: number, element = 0): Application => ({
    op: 'pack_chunk',
    result: ['f32', ...x.shape.slice(0, -1), k],
    operands: [x, mask],
    attributes: [k],
    element,
  });
  /** One row. */
  const scattered = (values: RawOperand, positions: RawOperand, n: number, element = 0): Application => ({
    op: 'scatter_chunk',
    result: ['f32', ...values.shape.slice(0, -1), n],
    operands: [values, positions],
    attributes: [n],
    element,
  });
  /** The value 1 at each of some positions, where none is asked for but one of the first. */
  const placed = (positions: readonly number[], n: number, element = 0): Application => {
    const shape = [1, positions.length];
    return scattered(
      first(
        rows(
          shape,
          positions.map(() => 1),
        ),
      ),
      rows(shape, positions),
      n,
      element,
    );
  };

  it('topk_chunk: an element for which fewer come first, and the next one not', async () => {
    const row = rows([1, 9], [1, -2, 3, -1, 0, 2, -3, 3, 1]);
    // Ahead of each: by magnitude, then by index.
    const ahead = [5, 3, 0, 6, 8, 4, 1, 2, 7];
    for (const [element, before] of ahead.entries()) {
      if (before > 0) await expectWord(topk(row, before, element), 0, `${element} of ${before}`);
      await expectWord(topk(row, before + 1, element), 1, `${element} of ${before + 1}`);
    }
  });

  it('topk_chunk: from 1 to all of a row, and no other number', async () => {
    const row = rows([2, 3], [1, 2, 3, 4, 5, 6]);
    await expectWord(topk(row, 1), 0);
    await expectWord(topk(row, 3), 1);
    for (const k of [0, -1, 4, -(2 ** 31)]) await expectFault(topk(row, k), String(k));
  });

  it('topk_chunk and sort_lanes: no row longer than they take, and no scalar', async () => {
    await expectWord(topk(rows([1, 1_024], upTo(1_024)), 1), 0);
    await expectFault(topk(rows([1, 1_025], upTo(1_025)), 1));
    await expectFault(topk(rows([], [1]), 1));
    await expectWord(sorted(rows([1, 256], upTo(256).toReversed())), 0);
    await expectFault(sorted(rows([1, 257], upTo(257))));
    await expectFault(sorted(rows([], [1])));
  });

  it('topk_chunk and sort_lanes: no element in the row that is no value, wherever it is', async () => {
    for (const length of [1, 7, 8, 9, 31]) {
      for (const element of new Set([0, Math.floor(length / 2), length - 1])) {
        for (const word of none) {
          const words = Array<number>(length).fill(ONE).with(element, word);
          await expectFault(topk(raw('f32', [1, length], words), 1), `${element} of ${length}`);
          await expectFault(sorted(raw('f32', [1, length], words)), `${element} of ${length}`);
        }
      }
    }
    const beside = raw('f32', [2, 2], [ONE, ONE, 0x7f800000, ONE]);
    await expectWord(topk(beside, 1), 1);
    await expectWord(sorted(beside), ONE);
  });

  it('sort_lanes: the element of each rank, of either sign', async () => {
    const values = [3, -1, 0, -(2 ** -149), 2 ** -149, -1, 1e38, -1e38, 3, 2];
    for (const length of upTo(values.length)) {
      const row = values.slice(0, length + 1);
      const order = row.toSorted((a, b) => a - b);
      for (const [rank, value] of order.entries()) {
        await expectWord(sorted(rows([1, row.length], row), rank), bitsOf(value), `${rank} of ${row.join()}`);
      }
    }
  });

  it('pack_chunk: what the mask sets, then the rest', async () => {
    for (const length of [1, 5, 31, 32, 33, 70]) {
      const mask = upTo(length).map((i) => (i % 3 === 1 || i === length - 1 ? 1 : 0));
      const positions = [...upTo(length).filter((i) => mask[i] === 1), ...upTo(length).filter((i) => mask[i] === 0)];
      const x = rows([1, length], upTo(length));
      for (const [place, position] of positions.entries()) {
        const one = packed(x, raw('i8', [1, length], mask), length, place);
        await expectWord(one, bitsOf(position), `${place} of ${length}`);
      }
    }
  });

  it('pack_chunk: no mask of anything but zeros and ones, wherever it is', async () => {
    for (const length of [3, 32, 33]) {
      const x = rows([1, length], upTo(length));
      for (const element of new Set([0, 1, length - 1])) {
        for (const byte of [2, 0x7f, 0x80, 0xff]) {
          const mask = Array<number>(length).fill(1).with(element, byte);
          await expectFault(packed(x, raw('i8', [1, length], mask), 1), `${byte} at ${element} of ${length}`);
        }
      }
    }
    await expectWord(packed(rows([2, 2], [1, 2, 3, 4]), raw('i8', [2, 2], [1, 0, 2, 0]), 1), ONE);
  });

  it('pack_chunk: no more than there are, and no row longer than it takes', async () => {
    const [x, mask] = [rows([2, 3], [1, 2, 3, 4, 5, 6]), raw('i8', [2, 3], [1, 0, 0, 1, 1, 1])];
    await expectWord(packed(x, mask, 3, 2), bitsOf(3));
    await expectFault(packed(x, mask, 4, 3));
    for (const k of [0, 1, 3, -2]) await expectFault({ ...packed(x, mask, 2), attributes: [k] }, String(k));
    for (const length of [1_024, 1_025]) {
      const one = packed(first(rows([1, length], upTo(length))), raw('i8', [1, length], upTo(length).fill(1)), 1);
      if (length === 1_024) await expectWord(one, 0);
      else await expectFault(one);
    }
  });

  it('pack_chunk and scatter_chunk: no scalars, and no other rows than the result has', async () => {
    const [x, mask] = [rows([], [1]), raw('i8', [], [1])];
    await expectFault({ op: 'pack_chunk', result: ['f32'], operands: [x, mask], attributes: [1] });
    await expectFault({ op: 'scatter_chunk', result: ['f32'], operands: [x, rows([], [0])], attributes: [1] });
    const [wide, ones] = [rows([1, 2], [1, 2]), raw('i8', [1, 2], [1, 1])];
    await expectWord(packed(wide, ones, 1), ONE);
    await expectFault({ ...packed(wide, ones, 1), result: ['f32', 2, 1] });
    await expectFault(packed(wide, raw('i8', [2], [1, 1]), 1));
    const places = rows([1, 2], [0, 1]);
    await expectWord(scattered(wide, places, 4), ONE);
    await expectFault({ ...scattered(wide, places, 4), result: ['f32', 2, 4] });
    await expectFault(scattered(wide, rows([2], [0, 1]), 4));
  });

  it('pack_chunk and scatter_chunk: an element that is no value where it is moved, and nowhere else', async () => {
    for (const word of none) {
      const x = raw('f32', [1, 3], [ONE, word, ONE]);
      await expectWord(packed(x, raw('i8', [1, 3], [1, 0, 1]), 2, 1), ONE);
      await expectFault(packed(x, raw('i8', [1, 3], [1, 0, 1]), 3, 2));
      const positions = rows([1, 3], [0, 2, 3]);
      await expectWord(scattered(x, positions, 4, 3), ONE);
      await expectFault(scattered(x, positions, 4, 2));
    }
  });

  it('scatter_chunk: a value at its position, zero at others', async () => {
    for (const positions of [[0], [3], [0, 1, 2, 3], [1, 2, 4, 5, 7, 8, 9, 10, 11], [0, 127, 128, 255, 256, 65_535]]) {
      const shape = [1, positions.length];
      const values = rows(
        shape,
        positions.map((_, i) => i + 1),
      );
      const near = new Set(positions.flatMap((position) => [position - 1, position, position + 1]));
      for (const element of near) {
        if (element < 0) continue;
        const index = positions.indexOf(element);
        const opened = index < 0 ? { ...values, leaves: [] } : values;
        const one = scattered(opened, rows(shape, positions), 70_000, element);
        await expectWord(one, bitsOf(index + 1), `${element} of ${positions.join()}`);
      }
    }
  });

  it('scatter_chunk: no positions but ascending integers below n', async () => {
    const sound = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 16, 17];
    await expectWord(placed(sound, 18), ONE);
    await expectFault(placed(sound, 17));
    for (const [place, wrong] of [
      [0, -1],
      [1, 0],
      [1, 2],
      [1, 0.5],
      [1, 0.75],
      [1, 2 ** -149],
      [1, 2 ** -126],
      [3, 2.5],
      [8, 7],
      [8, 8.5],
      [9, 10.000001],
      [11, 16.5],
      [11, 2 ** 24],
      [11, 2 ** 100],
    ] as const) {
      await expectFault(placed(sound.with(place, wrong), 2 ** 24), `${wrong} at ${place}`);
    }
    for (const word of none) {
      const words = sound.map(bitsOf).with(11, word);
      const one = scattered(first(rows([1, 12], sound)), raw('f32', [1, 12], words), 2 ** 24);
      await expectFault(one, word.toString(16));
    }
  });

  it('scatter_chunk: no fraction beside others of the same size, nor among all sizes', async () => {
    const same = [64, 65, 66, 67, 68, 69, 70, 71];
    await expectWord(placed(same, 100, 64), ONE);
    for (const place of same.keys()) await expectFault(placed(same.with(place, same[place]! + 0.5), 100, 64));
    const odd = upTo(18).map((i) => 2 ** (i + 1) - 1);
    await expectWord(placed(odd, 2 ** 18, 1), ONE);
    for (const place of odd.keys()) await expectFault(placed(odd.with(place, odd[place]! + 0.25), 2 ** 18, 1));
  });

  it('scatter_chunk: no row longer than it takes, none without elements, and no position that f32 does not hold', async () => {
    await expectWord(placed(upTo(1_024), 2_000), ONE);
    await expectFault(placed(upTo(1_025), 2_000));
    const nothing = empty('f32', [1, 0]);
    await expectFault({ op: 'scatter_chunk', result: ['f32', 1, 4], operands: [nothing, nothing], attributes: [4] });
    await expectWord(placed([0, 2 ** 24 - 1], 2 ** 24, 2 ** 24 - 1), ONE);
    await expectFault(placed([0, 2 ** 24 - 1], 2 ** 24 + 1));
    for (const n of [3, 5, -4]) await expectFault({ ...placed([0, 1], 4), attributes: [n] }, String(n));
  });

  it('scatter_chunk: no leaf of the values where there is none to read, and one where there is', async () => {
    const given = check(scattered(rows([1, 2], [5, 6]), rows([1, 2], [0, 2]), 4, 2));
    expect(await referee.evaluate(given)).to.deep.equal({ word: bitsOf(6) });
    const unread = { ...given, element: 1n };
    expect(await referee.evaluate(unread)).to.deep.equal({ error: 'WrongLeaves', args: [0n, 1n, 0n] });
    const closed = (one: Check): Check => withOperand(one, 0, () => ({ leaves: [] }));
    expect(await referee.evaluate(closed(unread))).to.deep.equal({ word: 0 });
    expect(await referee.evaluate(closed(given))).to.deep.equal({ error: 'WrongLeaves', args: [0n, 0n, 1n] });
  });
});
