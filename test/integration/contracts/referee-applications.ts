import { expect } from 'chai';

import type { DType, Shape } from '../../../engine/graph/types.ts';
import { check, empty, type Application } from '../../helpers/referee/application.ts';
import { createReferee, type Answer, type RefereeContract } from '../../helpers/referee/checks.ts';
import { giant, type RawOperand } from '../../helpers/referee/handmade.ts';

const ONE = 0x3f800000;
const FAULT: Answer = { fault: true };

const of = (dtype: DType, shape: Shape, word = dtype === 'f32' ? ONE : 1): RawOperand => ({
  dtype,
  shape,
  words: Array<number>(shape.reduce((a, b) => a * b, 1)).fill(word),
});

describe('what the referee takes as an application of', function () {
  this.timeout(120_000);
  let referee: RefereeContract;

  before(async () => {
    referee = await createReferee();
  });

  after(() => referee.close());

  async function expectFault(application: Application, why?: string): Promise<void> {
    expect(await referee.evaluate(check(application)), why).to.deep.equal(FAULT);
  }
  async function expectWord(application: Application, word: number, why?: string): Promise<void> {
    expect(await referee.evaluate(check(application)), why).to.deep.equal({ word });
  }

  const unary = ['sqrt', 'neg', 'abs', 'floor', 'rint', 'pow2ceil'];
  const binary = ['add', 'sub', 'mul', 'div', 'max', 'min', 'quantize', 'residual'];

  for (const op of [...unary, ...binary, 'to_fixed']) {
    it(`${op}: no element that is no value, not even where the operator would give one`, async () => {
      const dtype = op === 'to_fixed' ? 'i32' : op === 'quantize' || op === 'residual' ? 'i8' : 'f32';
      const one = of('f32', [1]);
      const operands = binary.includes(op) ? [one, one] : [one];
      const given = (i: number, word: number): Application => ({
        op,
        result: [dtype, 1],
        operands: operands.with(i, of('f32', [1], word)),
        attributes: op === 'to_fixed' ? [0, 100] : [],
      });
      expect(await referee.evaluate(check(given(0, ONE)))).to.have.property('word');
      for (const [i] of operands.entries()) {
        for (const word of [0x80000000, 0x7f800000, 0xff800000, 0x7fc00000]) {
          await expectFault(given(i, word), `${word.toString(16)} as operand ${i}`);
        }
      }
    });
  }

  it('exp2i, from_i32 and add_i32: no f32', async () => {
    const one = of('i32', [1]);
    for (const [op, dtype, word, operands] of [
      ['exp2i', 'f32', 0x40000000, [one]],
      ['from_i32', 'f32', ONE, [one]],
      ['add_i32', 'i32', 2, [one, one]],
    ] as const) {
      await expectWord({ op, result: [dtype, 1], operands }, word, op);
      for (const [i] of operands.entries()) {
        await expectFault({ op, result: [dtype, 1], operands: [...operands].with(i, of('f32', [1])) }, op);
      }
    }
  });

  it('matmul_nt: no vectors, and no rows without elements', async () => {
    const row = of('i8', [1, 3]);
    await expectWord({ op: 'matmul_nt', result: ['i32', 1, 1], operands: [row, row] }, 3);
    await expectFault({ op: 'matmul_nt', result: ['i32', 1], operands: [of('i8', [3]), of('i8', [3])] });
    await expectFault({ op: 'matmul_nt', result: ['i32'], operands: [of('i8', []), of('i8', [])] });
    const none = empty('i8', [1, 0]);
    await expectFault({ op: 'matmul_nt', result: ['i32', 1, 1], operands: [none, none] });
  });

  it('matmul_nt: no other batch than the result has', async () => {
    const [one, two] = [of('i8', [1, 1, 3]), of('i8', [2, 1, 3])];
    await expectWord({ op: 'matmul_nt', result: ['i32', 2, 1, 1], operands: [two, two] }, 3);
    await expectFault({ op: 'matmul_nt', result: ['i32', 2, 1, 1], operands: [one, two] });
    await expectFault({ op: 'matmul_nt', result: ['i32', 2, 1, 1], operands: [two, one] });
  });

  it('reduce_max and sum_i32: no scalar, and no row without elements', async () => {
    for (const [op, dtype] of [
      ['reduce_max', 'f32'],
      ['sum_i32', 'i32'],
    ] as const) {
      await expectWord({ op, result: [dtype, 1], operands: [of(dtype, [1])] }, dtype === 'f32' ? ONE : 1, op);
      await expectFault({ op, result: [dtype], operands: [of(dtype, [])] }, `${op} of a scalar`);
      await expectFault({ op, result: [dtype, 1], operands: [empty(dtype, [0])] }, `${op} of nothing`);
      await expectFault({ op, result: [dtype, 2, 1], operands: [empty(dtype, [2, 0])] }, `${op} of empty rows`);
    }
  });

  it('gather: no index of another type, though it would be in the table', async () => {
    const table = of('f32', [3, 2]);
    for (const dtype of ['u32', 'i32', 'f32', 'i8'] as const) {
      const one: Application = { op: 'gather', result: ['f32', 1, 2], operands: [table, of(dtype, [1], 0)] };
      if (dtype === 'u32' || dtype === 'i32') await expectWord(one, ONE, dtype);
      else await expectFault(one, dtype);
    }
  });

  it('gather: no scalar for a table', async () => {
    await expectFault({ op: 'gather', result: ['f32'], operands: [of('f32', []), of('u32', [1], 0)] });
    await expectFault({ op: 'gather', result: ['f32', 1], operands: [of('f32', []), of('u32', [1, 1], 0)] });
    await expectFault({ op: 'gather', result: ['f32'], operands: [of('f32', []), of('u32', [], 0)] });
    await expectWord({ op: 'gather', result: ['f32'], operands: [of('f32', [1]), of('u32', [], 0)] }, ONE);
  });

  it('gather: no index of 2^31 and more, however long the table is', async () => {
    const rows = 2 ** 32 - 1;
    for (const [dtype, index, isThere] of [
      ['i32', 2 ** 31 - 1, true],
      ['i32', 2 ** 31, false],
      ['u32', 2 ** 31 - 1, true],
      ['u32', 2 ** 31, false],
    ] as const) {
      const table = giant('f32', [rows], Math.floor((index * 4) / 1_024), ONE);
      const one: Application = { op: 'gather', result: ['f32', 1], operands: [table, of(dtype, [1], index)] };
      if (isThere) await expectWord(one, ONE, `${dtype} ${index}`);
      else await expectFault(one, `${dtype} ${index}`);
    }
  });

  it('one_hot: no index of another type or without axes', async () => {
    for (const dtype of ['u32', 'i32', 'f32', 'i8'] as const) {
      const one: Application = {
        op: 'one_hot',
        result: ['f32', 1, 4],
        operands: [of(dtype, [1], 0)],
        attributes: [4],
      };
      if (dtype === 'u32' || dtype === 'i32') await expectWord(one, ONE, dtype);
      else await expectFault(one, dtype);
    }
    await expectFault({ op: 'one_hot', result: ['f32', 4], operands: [of('u32', [], 0)], attributes: [4] });
  });

  it('one_hot: no result of more axes, and no negative number of classes', async () => {
    const index = of('u32', [2], 0);
    await expectWord({ op: 'one_hot', result: ['f32', 2, 4], operands: [index], attributes: [4] }, ONE);
    await expectFault({ op: 'one_hot', result: ['f32', 2, 4, 1], operands: [index], attributes: [4] });
    const [most, beyond] = [2 ** 31 - 1, 2 ** 32 - 1];
    await expectWord({ op: 'one_hot', result: ['f32', 2, most], operands: [index], attributes: [most] }, ONE);
    await expectFault({ op: 'one_hot', result: ['f32', 2, beyond], operands: [index], attributes: [-1] });
  });

  it('one_hot: no index that is no class', async () => {
    const hot = (word: number): Application => ({
      op: 'one_hot',
      result: ['f32', 1, 4],
      operands: [of('u32', [1], word)],
      attributes: [4],
      element: 3,
    });
    await expectWord(hot(3), ONE);
    for (const word of [4, 2 ** 31, 2 ** 32 - 1]) await expectFault(hot(word), String(word));
  });

  it('transpose: no axis twice, though its extent fits', async () => {
    const square = of('f32', [2, 2]);
    await expectWord({ op: 'transpose', result: ['f32', 2, 2], operands: [square], attributes: [1, 0] }, ONE);
    await expectFault({ op: 'transpose', result: ['f32', 2, 2], operands: [square], attributes: [1, 1] });
    await expectFault({ op: 'transpose', result: ['f32', 2, 2], operands: [square], attributes: [0, 0] });
  });

  it('slice: no negative start or length, however long the axis is', async () => {
    const [most, long] = [2 ** 31 - 1, 2 ** 32 - 1];
    const last = giant('f32', [long], 2 ** 23 - 1, ONE);
    await expectWord({ op: 'slice', result: ['f32', 1], operands: [last], attributes: [0, most, 1] }, ONE);
    const next = giant('f32', [long], 2 ** 23, ONE);
    await expectFault({ op: 'slice', result: ['f32', 1], operands: [next], attributes: [0, -(2 ** 31), 1] });
    const first = giant('f32', [long], 0, ONE);
    await expectWord({ op: 'slice', result: ['f32', most], operands: [first], attributes: [0, 0, most] }, ONE);
    await expectFault({ op: 'slice', result: ['f32', 2 ** 31], operands: [first], attributes: [0, 0, -(2 ** 31)] });
  });

  it('broadcast: no operand of more axes than the result has', async () => {
    const result = ['f32', 2, 3] as const;
    await expectWord({ op: 'broadcast', result, operands: [of('f32', [2, 3])] }, ONE);
    await expectFault({ op: 'broadcast', result, operands: [of('f32', [1, 2, 3])] });
    await expectFault({ op: 'broadcast', result, operands: [of('f32', [2, 3, 1, 1])] });
  });

  it('concat: no axis that the operands lack, though nothing would be joined', async () => {
    const x = of('f32', [2, 3]);
    for (const axis of [2, 5, -1]) {
      await expectFault({ op: 'concat', result: ['f32', 2, 3], operands: [x, x], attributes: [axis] }, `axis ${axis}`);
    }
  });
});
