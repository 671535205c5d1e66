import { expect } from 'chai';

import type { OperandEvidence } from '../../../engine/evidence.ts';
import type { DType, Shape } from '../../../engine/graph/types.ts';
import { operators } from '../../../engine/ops/index.ts';
import { createReferee, type Answer, type Check, type RefereeContract } from '../../helpers/referee/checks.ts';
import { handmade, withByte, withOperand, type RawOperand } from '../../helpers/referee/handmade.ts';

const ONE = 0x3f800000;
const TWO = 0x40000000;
const FAULT: Answer = { fault: true };
const opcodeOf = (op: string): number => operators.get(op)!.opcode;

/** Bits that are no values of their type, and their neighbours that are. */
const encodings: readonly { dtype: DType; none: readonly number[]; values: readonly number[] }[] = [
  {
    dtype: 'f32',
    none: [0x7f800000, 0xff800000, 0x7f800001, 0x7fc00000, 0xffffffff, 0x80000000],
    values: [0x7f7fffff, 0xff7fffff, 0, 1, 0x80000001, 0x007fffff],
  },
  { dtype: 'i8', none: [0x80], values: [0x81, 0x7f, 0, 0xff] },
  { dtype: 'u32', none: [0x80000000, 0xffffffff], values: [0x7fffffff, 0] },
];

/** `count` elements, one of them as given. */
const oneOf = (count: number, element: number, word: number): number[] =>
  Array.from({ length: count }, (_, i) => (i === element ? word : 1));

const words = (shape: Shape, word = 1): number[] => Array<number>(shape.reduce((a, b) => a * b, 1)).fill(word);

function operand(dtype: DType, shape: Shape, leaves?: readonly number[], word = dtype === 'f32' ? ONE : 1): RawOperand {
  return { dtype, shape, words: words(shape, word), ...(leaves && { leaves }) };
}

/** The two leaves of a row of 2,048 bytes. */
const BOTH = [0, 1];

function product(k: number, a: RawOperand = operand('i8', [1, k], BOTH)): Check {
  const result = { dtype: 'i32' as const, shape: [1, 1] };
  return handmade({ opcode: opcodeOf('matmul_nt'), result, operands: [a, operand('i8', [1, k], BOTH)] });
}

function reduction(op: 'reduce_max' | 'reduce_absmax' | 'sum_i32', x: RawOperand): Check {
  const result = { dtype: x.dtype, shape: [...x.shape.slice(0, -1), 1] };
  return handmade({ opcode: opcodeOf(op), result, operands: [x] });
}

describe('what the referee takes as a fault', function () {
  this.timeout(120_000);
  let referee: RefereeContract;

  before(async () => {
    referee = await createReferee();
  });

  after(() => referee.close());

  async function expectAnswer(check: Check, answer: Answer, why?: string): Promise<void> {
    expect(await referee.evaluate(check), why).to.deep.equal(answer);
  }
  const moved = (dtype: DType, word: number): Check =>
    handmade({
      opcode: opcodeOf('reshape'),
      result: { dtype, shape: [4] },
      operands: [{ dtype, shape: [2, 2], words: oneOf(4, 3, word) }],
      element: 3,
    });

  it('is an element whose bits are no value of its type', async () => {
    for (const { dtype, none, values } of encodings) {
      for (const word of none) await expectAnswer(moved(dtype, word), FAULT, `${dtype} ${word.toString(16)}`);
      for (const word of values) {
        const extended = dtype === 'i8' && word > 127 ? word - 256 : word;
        await expectAnswer(moved(dtype, word), { word: extended >>> 0 }, `${dtype} ${word.toString(16)}`);
      }
    }
    await expectAnswer(moved('i32', 0x80000000), { word: 0x80000000 });
  });

  it('is such an element anywhere in a row that is read', async () => {
    const lengths = [1, 7, 8, 9, 31, 32, 33, 255];
    for (const [dtype, none] of [
      ['f32', encodings[0]!.none],
      ['i8', encodings[1]!.none],
    ] as const) {
      for (const length of lengths) {
        for (const element of new Set([0, Math.floor(length / 2), length - 1])) {
          for (const word of none) {
            const x = { dtype, shape: [1, length], words: oneOf(length, element, word) };
            const checks =
              dtype === 'f32'
                ? [reduction('reduce_max', x), reduction('reduce_absmax', x)]
                : [
                    handmade({
                      opcode: opcodeOf('matmul_nt'),
                      result: { dtype: 'i32', shape: [1, 1] },
                      operands: [x, operand('i8', [1, length])],
                    }),
                  ];
            for (const check of checks)
              await expectAnswer(check, FAULT, `${word.toString(16)} at ${element} of ${length}`);
          }
        }
      }
    }
  });

  it('is no such element beside the row that is read', async () => {
    const x = { dtype: 'f32' as const, shape: [2, 3], words: [ONE, ONE, ONE, 0x7f800000, ONE, ONE] };
    await expectAnswer(reduction('reduce_max', x), { word: ONE });
    await expectAnswer({ ...reduction('reduce_max', x), element: 1n }, FAULT);
  });

  it('is a contraction of more than 2,048, or a row of more than 1,024', async () => {
    await expectAnswer(product(2_048), { word: 2_048 });
    await expectAnswer(product(2_049), FAULT);
    await expectAnswer(reduction('reduce_max', operand('f32', [1, 1_024], [0, 1, 2, 3])), { word: ONE });
    await expectAnswer(reduction('reduce_max', operand('f32', [1, 1_025], [0, 1, 2, 3, 4])), FAULT);
    await expectAnswer(reduction('reduce_absmax', operand('f32', [1, 1_024], [0, 1, 2, 3])), { word: ONE });
    await expectAnswer(reduction('reduce_absmax', operand('f32', [1, 1_025], [0, 1, 2, 3, 4])), FAULT);
    await expectAnswer(reduction('sum_i32', operand('i32', [1, 1_024], [0, 1, 2, 3])), { word: 1_024 });
    await expectAnswer(reduction('sum_i32', operand('i32', [1, 1_025], [0, 1, 2, 3, 4])), FAULT);
  });

  it('is a sum beyond i32', async () => {
    const of = (list: readonly number[]) =>
      reduction('sum_i32', { dtype: 'i32', shape: [1, list.length], words: list });
    await expectAnswer(of([0x7ffffffe, 1]), { word: 0x7fffffff });
    await expectAnswer(of([0x7fffffff, 1]), FAULT);
    await expectAnswer(of([0x80000001, -1]), { word: 0x80000000 });
    await expectAnswer(of([0x80000000, -1]), FAULT);
    await expectAnswer(of([0x7fffffff, 0x7fffffff, 0x80000001, 0x80000001]), { word: 0 });
  });

  it('is an operand of more axes than a result can have', async () => {
    const deep = operand('f32', [1, 1, 1, 1, 1, 1, 1]);
    const check = handmade({ opcode: opcodeOf('reshape'), result: { dtype: 'f32', shape: [] }, operands: [deep] });
    await expectAnswer(check, FAULT);
    const six = { ...deep, shape: [1, 1, 1, 1, 1, 1] };
    const allowed = handmade({ opcode: opcodeOf('reshape'), result: { dtype: 'f32', shape: [] }, operands: [six] });
    await expectAnswer(allowed, { word: ONE });
  });

  it('is an operand of so large a shape that its elements could not be counted, without a panic', async () => {
    const huge = operand('f32', [1]);
    const check = handmade({ opcode: opcodeOf('reshape'), result: { dtype: 'f32', shape: [1] }, operands: [huge] });
    const most = Array<number>(6).fill(2 ** 32 - 1);
    const refused = await referee.evaluate(withOperand(check, 0, () => ({ extents: most })));
    expect(refused).to.deep.equal({ error: 'OperandNotUnderRoot', args: [0n] });
  });

  describe('because of the types of operands:', () => {
    const f32 = operand('f32', [2, 3]);
    const i32 = operand('i32', [2, 3]);
    const i8 = operand('i8', [2, 3]);
    const u32 = operand('u32', [2, 3], [0], 0);
    const positions = { ...f32, words: [0, ONE, TWO, 0, ONE, TWO] };
    type Case = readonly [
      op: string,
      result: DType,
      shape: Shape,
      operands: readonly RawOperand[],
      attributes?: readonly number[],
    ];
    const applies: readonly Case[] = [
      ['add', 'f32', [2, 3], [f32, f32]],
      ['add_i32', 'i32', [2, 3], [i32, i32]],
      ['from_i32', 'f32', [2, 3], [i32]],
      ['to_fixed', 'i32', [2, 3], [f32], [0, 100]],
      ['quantize', 'i8', [2, 3], [f32, f32]],
      ['matmul_nt', 'i32', [2, 2], [i8, i8]],
      ['reduce_max', 'f32', [2, 1], [f32]],
      ['reduce_absmax', 'f32', [2, 1], [f32]],
      ['sum_i32', 'i32', [2, 1], [i32]],
      ['reshape', 'u32', [6], [u32]],
      ['transpose', 'f32', [3, 2], [f32], [1, 0]],
      ['slice', 'f32', [2, 2], [f32], [1, 1, 2]],
      ['concat', 'f32', [2, 6], [f32, { ...f32, leaves: [] }], [1]],
      ['broadcast', 'f32', [4, 2, 3], [f32]],
      ['gather', 'f32', [2, 3, 3], [f32, u32]],
      ['one_hot', 'f32', [2, 3, 4], [u32], [4]],
      ['topk_chunk', 'i8', [2, 3], [f32], [2]],
      ['pack_chunk', 'f32', [2, 2], [f32, i8], [2]],
      ['scatter_chunk', 'f32', [2, 4], [f32, positions], [4]],
      ['sort_lanes', 'f32', [2, 3], [f32]],
    ];
    const check = ([op, dtype, shape, operands, attributes = []]: Case): Check =>
      handmade({ opcode: opcodeOf(op), result: { dtype, shape }, operands, attributes });
    /** A type that no operand of the application has, so that what is meant is not computed. */
    const others = (x: RawOperand): RawOperand[] => [
      { ...x, dtype: x.dtype === 'i32' ? 'f32' : 'i32' },
      { ...x, shape: [...x.shape, 1], leaves: [] },
      { ...x, shape: [x.shape[0]! + 1, ...x.shape.slice(1)], words: [...x.words, ...x.words], leaves: [] },
      { ...x, shape: [...x.shape.slice(0, -1), x.shape.at(-1)! + 1], words: [...x.words, ...x.words], leaves: [] },
    ];

    for (const one of applies) {
      const [op, , , operands] = one;
      it(`${op} applied to what it does not take`, async () => {
        const answer = await referee.evaluate(check(one));
        expect(answer, 'what it takes').to.have.property('word');
        for (const [i, given] of operands.entries()) {
          for (const other of others(given)) {
            if (isTaken(op, i, other)) continue;
            const changed = operands.with(i, other);
            const found = await referee.evaluate(check([op, one[1], one[2], changed, one[4] ?? []]));
            expect(found, `operand ${i} ${other.dtype}[${other.shape.join()}]`).to.deep.equal(FAULT);
          }
        }
      });

      it(`${op} with a result that it does not give`, async () => {
        const honest = check(one);
        const wrongType = withByte(honest, 2, one[1] === 'i8' ? 1 : 2);
        if (op !== 'one_hot') await expectAnswer(wrongType, FAULT, 'element type');
        else await expectAnswer(withByte(honest, 2, 3), FAULT, 'element type');
        const lastAxis = 4 + 4 * (one[2].length - 1) + 3;
        await expectAnswer(withByte(honest, lastAxis, one[2].at(-1)! + 1), FAULT, 'another extent');
      });
    }

    /** What is another type, but one that the operator takes as well. */
    function isTaken(op: string, index: number, { dtype, shape }: RawOperand): boolean {
      if (op === 'reduce_max' || op === 'reduce_absmax' || op === 'slice')
        return dtype === 'f32' && shape.length === 2 && shape[0] === 2;
      if (op === 'sum_i32') return dtype === 'i32' && shape.length === 2 && shape[0] === 2;
      if (op === 'reshape') return dtype === 'u32' && shape.length === 3;
      if (op === 'gather' && index === 1) return dtype === 'i32';
      if (op === 'gather') return dtype === 'f32' && shape.length === 2 && shape[0] === 3;
      return op === 'one_hot' && dtype === 'i32';
    }
  });

  it('is an attribute that makes no sense', async () => {
    const x = operand('f32', [2, 3]);
    const of = (op: string, shape: Shape, attributes: readonly number[]) =>
      handmade({ opcode: opcodeOf(op), result: { dtype: 'f32', shape }, operands: [x], attributes });
    for (const [op, shape, attributes] of [
      ['transpose', [3, 2], [1, 1]],
      ['transpose', [3, 2], [-1, 0]],
      ['transpose', [3, 2], [2, 0]],
      ['slice', [2, 2], [1, -1, 2]],
      ['slice', [2, 2], [1, 2, 2]],
      ['slice', [2, 2], [1, 2 ** 31 - 1, 2]],
      ['slice', [2, 2], [1, 0, -2]],
      ['slice', [2, 2], [2, 0, 2]],
      ['slice', [2, 2], [-1, 0, 2]],
    ] as const) {
      await expectAnswer(of(op, shape, attributes), FAULT, `${op} ${attributes.join()}`);
    }
    const joined = (axis: number): Check =>
      handmade({
        opcode: opcodeOf('concat'),
        result: { dtype: 'f32', shape: [2, 6] },
        operands: [x, { ...x, leaves: [] }],
        attributes: [axis],
      });
    for (const axis of [-1, 0, 2, 2 ** 31 - 1]) await expectAnswer(joined(axis), FAULT, `concat ${axis}`);
  });

  it('is an index outside the table, whatever is opened of the table', async () => {
    const table = operand('f32', [3, 2]);
    for (const [dtype, index, inside] of [
      ['u32', 2, true],
      ['u32', 3, false],
      ['i32', -1, false],
      ['u32', 0x80000000, false],
    ] as const) {
      const check = handmade({
        opcode: opcodeOf('gather'),
        result: { dtype: 'f32', shape: [1, 2] },
        operands: [table, { dtype, shape: [1], words: [index] }],
      });
      await expectAnswer(check, inside ? { word: ONE } : FAULT, `${dtype} ${index}`);
      const unread: Partial<OperandEvidence> = { leaves: [] };
      if (!inside)
        await expectAnswer(
          withOperand(check, 0, () => unread),
          FAULT,
          `${dtype} ${index}, nothing opened`,
        );
    }
  });
});
