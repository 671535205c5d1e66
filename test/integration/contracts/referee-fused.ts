import { expect } from 'chai';

import type { DType, Shape } from '../../../engine/graph/types.ts';
import { operators } from '../../../engine/ops/index.ts';
import { createReferee, type Answer, type Check, type RefereeContract } from '../../helpers/referee/checks.ts';
import { handmade, withByte, withOperand, type RawOperand } from '../../helpers/referee/handmade.ts';

const [ZERO, ONE, TWO, THREE, FOUR] = [0, 0x3f800000, 0x40000000, 0x40400000, 0x40800000];
const NEGATIVE = 0x80000000;
const LARGEST = 0x7f7fffff;
const FAULT: Answer = { fault: true };

/** An operator, or a number that may be none, and the sources that it reads: operands from 0 on, results from 4 on. */
type Instruction = readonly [op: string | number, a: number, b?: number];

const opcodeOf = (op: string | number): number => (typeof op === 'number' ? op : operators.get(op)!.opcode);

/** Two instructions in an attribute, the first in the high half. */
function attributesOf(line: readonly Instruction[]): number[] {
  const halves = line.map(([op, a, b = 0]) => (opcodeOf(op) << 8) | (a << 4) | b);
  return Array.from({ length: 8 }, (_, i) => ((halves[2 * i] ?? 0) << 16) | (halves[2 * i + 1] ?? 0));
}

const of = (word: number, dtype: DType = 'f32', shape: Shape = [2]): RawOperand => ({
  dtype,
  shape,
  words: Array<number>(shape.reduce((a, b) => a * b, 1)).fill(word),
});
const int = (word: number): RawOperand => of(word, 'i32');

/** The second element of a line over these operands. */
function check(line: readonly Instruction[], operands: readonly RawOperand[], result: Shape = [2]): Check {
  return handmade({
    opcode: opcodeOf('fused'),
    result: { dtype: 'f32', shape: result },
    attributes: attributesOf(line),
    operands,
    element: 1,
  });
}

describe('what the referee makes of operators that stand for several', function () {
  this.timeout(120_000);
  let referee: RefereeContract;

  before(async () => {
    referee = await createReferee();
  });

  after(() => referee.close());

  async function expectAnswer(one: Check, answer: Answer, why?: string): Promise<void> {
    expect(await referee.evaluate(one), why).to.deep.equal(answer);
  }

  it('fused: is what its operators give one after the other', async () => {
    // (a + b) * c - a / d
    const line = [
      ['add', 0, 1],
      ['mul', 4, 2],
      ['div', 0, 3],
      ['sub', 5, 6],
    ] as const;
    await expectAnswer(check(line, [of(ONE), of(TWO), of(FOUR), of(ONE)]), { word: 0x41300000 }, '11');
  });

  it('fused: gives of each operator what the operator gives alone', async () => {
    const [a, b] = [0xc0133333, 0x40200001];
    for (const op of ['add', 'sub', 'mul', 'div', 'max', 'min', 'neg', 'abs', 'floor', 'rint', 'sqrt', 'from_i32']) {
      const isBinary = ['add', 'sub', 'mul', 'div', 'max', 'min'].includes(op);
      const first = op === 'from_i32' ? int(-7) : of(op === 'sqrt' ? b : a);
      const operands = isBinary ? [first, of(b)] : [first];
      const alone = handmade({ opcode: opcodeOf(op), result: { dtype: 'f32', shape: [2] }, operands });
      const expected = await referee.evaluate(alone);
      expect(expected, op).to.have.property('word');
      await expectAnswer(check([[op, 0, isBinary ? 1 : 0]], operands), expected, op);
    }
    const sum = [
      ['add_i32', 0, 1],
      ['from_i32', 4],
    ] as const;
    await expectAnswer(check(sum, [int(-3), int(5)]), { word: TWO }, 'add_i32');
  });

  it('fused: reads the element of its index', async () => {
    const shape = [3, 100];
    const words = Array.from({ length: 300 }, (_, i) => ONE + i);
    const rows = { ...check([['neg', 0]], [{ dtype: 'f32', shape, words, leaves: [1] }], shape), element: 299n };
    await expectAnswer(rows, { word: NEGATIVE + ONE + 299 });
  });

  it('fused: has no more than 12 instructions', async () => {
    const doubled = (count: number): Instruction[] =>
      Array.from({ length: count }, (_, i) => (i === 0 ? ['add', 0, 0] : ['add', 3 + i, 3 + i]));
    await expectAnswer(check(doubled(12), [of(ONE)]), { word: ONE + 12 * 0x00800000 });
    await expectAnswer(check([...doubled(12), ['add', 0, 0]], [of(ONE)]), FAULT, '13');
    await expectAnswer(check([...doubled(12), ...doubled(4)], [of(ONE)]), FAULT, '16');
  });

  it('fused: ends at an instruction of zeros', async () => {
    await expectAnswer(
      check(
        [
          ['neg', 0],
          [0, 0],
          ['abs', 4],
        ],
        [of(ONE)],
      ),
      { word: NEGATIVE + ONE },
    );
    await expectAnswer(check([], [of(ONE)]), FAULT, 'no instruction');
    await expectAnswer(check([], [of(ONE), of(ONE), of(ONE), of(ONE)]), FAULT, 'no instruction, but all operands');
  });

  it('fused: takes no operator that has attributes, another result or no meaning', async () => {
    for (const opcode of [0, 12, 15, 16, 17, 18, 19, 20, 22, 23, 32, 34, 40, 41, 42, 48, 64, 127, 128, 255]) {
      await expectAnswer(check([[opcode, 1, 0]], [of(ONE), of(ONE)]), FAULT, `opcode ${opcode}`);
    }
  });

  it('fused: takes only sources of the type that an instruction reads', async () => {
    const operands = [of(ONE), int(1), of(1, 'i8'), of(1, 'u32')];
    for (const line of [
      [['add', 1, 0]],
      [['add', 0, 1]],
      [['neg', 1]],
      [['neg', 2]],
      [['neg', 3]],
      [['from_i32', 0]],
      [['from_i32', 2]],
      [['from_i32', 3]],
      [
        ['add_i32', 1, 0],
        ['from_i32', 4],
      ],
      [
        ['add_i32', 0, 1],
        ['from_i32', 4],
      ],
      [
        ['from_i32', 1],
        ['from_i32', 4],
      ],
      [
        ['add_i32', 1, 1],
        ['add', 4, 0],
      ],
    ] as Instruction[][]) {
      await expectAnswer(check(line, operands), FAULT, JSON.stringify(line));
    }
    await expectAnswer(check([['neg', 0]], operands), { word: NEGATIVE + ONE });
    await expectAnswer(check([['from_i32', 1]], operands), { word: ONE });
  });

  it('fused: takes only sources that are there before the instruction', async () => {
    for (const line of [
      [['neg', 1]],
      [['neg', 3]],
      [['neg', 4]],
      [['add', 0, 1]],
      [['add', 0, 4]],
      [
        ['neg', 5],
        ['neg', 0],
      ],
      [
        ['add', 0, 15],
        ['neg', 4],
      ],
    ] as Instruction[][]) {
      await expectAnswer(check(line, [of(ONE)]), FAULT, JSON.stringify(line));
    }
  });

  it('fused: has a result of f32', async () => {
    const sum = check([['add_i32', 0, 1]], [int(1), int(1)]);
    await expectAnswer(sum, FAULT, 'an i32 that is said to be f32');
    await expectAnswer(withByte(sum, 2, 3), FAULT, 'an i32');
    const line = check([['neg', 0]], [of(ONE)]);
    for (const dtype of [2, 3, 4]) await expectAnswer(withByte(line, 2, dtype), FAULT, `element type ${dtype}`);
  });

  it('fused: takes operands of the shape of the result alone', async () => {
    const sum = [['add', 0, 1]] as const;
    await expectAnswer(check(sum, [of(ONE), of(ONE)]), { word: TWO });
    for (const shape of [[3], [1], [2, 1], [1, 2], []]) {
      await expectAnswer(check(sum, [of(ONE, 'f32', shape), of(ONE)]), FAULT, `[${shape.join()}] first`);
      await expectAnswer(check(sum, [of(ONE), of(ONE, 'f32', shape)]), FAULT, `[${shape.join()}] second`);
    }
  });

  it('fused: has no result of an element that is no value, wherever it is', async () => {
    const sum = [
      ['add', 0, 1],
      ['add', 4, 2],
      ['add', 5, 3],
    ] as const;
    const operands = [of(ONE), of(ZERO), of(ZERO), of(ONE)];
    await expectAnswer(check(sum, operands), { word: TWO });
    for (const [i] of operands.entries()) {
      for (const word of [NEGATIVE, 0x7f800000, 0xff800000, 0x7fc00000]) {
        await expectAnswer(check(sum, operands.with(i, of(word))), FAULT, `${word.toString(16)} as operand ${i}`);
      }
    }
    // min and max would hide it, and it is read even where no instruction does.
    await expectAnswer(check([['min', 0, 1]], [of(ONE), of(0x7f800000)]), FAULT, 'hidden by min');
    await expectAnswer(check([['neg', 0]], [of(ONE), of(0x7f800000)]), FAULT, 'of no instruction');
  });

  it('fused: has no result where any instruction has none', async () => {
    const operands = [of(ONE), of(ZERO), of(LARGEST), int(0x7fffffff)];
    for (const instruction of [
      ['div', 0, 1],
      ['add', 2, 2],
      ['mul', 2, 2],
      ['sqrt', 4],
      ['add_i32', 3, 3],
    ] as const) {
      const line: Instruction[] = [['neg', 0], instruction, ['add', 0, 0]];
      await expectAnswer(check(line, operands), FAULT, instruction.join(' '));
      await expectAnswer(check(line.slice(0, 2), operands), FAULT, `${instruction.join(' ')} at the end`);
    }
    // The same where they have one.
    for (const instruction of [
      ['div', 1, 0],
      ['add', 2, 4],
      ['mul', 2, 4],
      ['sqrt', 1],
    ] as const) {
      await expectAnswer(check([['neg', 0], instruction, ['add', 0, 0]], operands), { word: TWO });
    }
  });

  it('fused: gives +0 after each instruction, as after each operator', async () => {
    await expectAnswer(check([['neg', 0]], [of(ZERO)]), { word: ZERO });
    const twice = [
      ['mul', 0, 1],
      ['neg', 4],
      ['add', 5, 5],
    ] as const;
    await expectAnswer(check(twice, [of(ZERO), of(NEGATIVE + THREE)]), { word: ZERO });
  });

  it('fused: has each operand opened once', async () => {
    const sum = check([['add', 0, 1]], [of(ONE), of(TWO)]);
    const [first, second] = sum.evidence.operands as [(typeof sum.evidence.operands)[0], never];
    const given = (operands: Check['evidence']['operands']): Check => ({
      ...sum,
      evidence: { ...sum.evidence, operands },
    });
    await expectAnswer(sum, { word: THREE });
    await expectAnswer(given([first]), { error: 'WrongOperands', args: [1n, 2n] });
    await expectAnswer(given([first, second, second]), { error: 'WrongOperands', args: [3n, 2n] });
    for (const [i] of sum.evidence.operands.entries()) {
      const unopened = withOperand(sum, i, () => ({ leaves: [] }));
      await expectAnswer(unopened, { error: 'WrongLeaves', args: [BigInt(i), 0n, 1n] });
    }
  });

  it('reduce_absmax: is the largest magnitude of a row, whatever its sign', async () => {
    const [least, subnormal] = [1, 0x007fffff];
    for (const [words, word] of [
      [[ONE, NEGATIVE + TWO], TWO],
      [[NEGATIVE + ONE, NEGATIVE + TWO, ONE], TWO],
      [[TWO, NEGATIVE + ONE], TWO],
      [[NEGATIVE + LARGEST, LARGEST - 1], LARGEST],
      [[ZERO, NEGATIVE + least], least],
      [[NEGATIVE + subnormal, least, ZERO], subnormal],
      [[ZERO], ZERO],
      [[ZERO, ZERO, ZERO], ZERO],
      [[NEGATIVE + ONE], ONE],
    ] as const) {
      // At both ends of rows that fill words of eight, or do not.
      for (const length of [words.length, 7, 8, 9, 16, 17]) {
        if (length < words.length) continue;
        const rest = Array<number>(length - words.length).fill(ZERO);
        for (const row of [
          [...words, ...rest],
          [...rest, ...words],
        ]) {
          const x: RawOperand = { dtype: 'f32', shape: [2, length], words: [...row.map(() => LARGEST), ...row] };
          const largest = handmade({
            opcode: opcodeOf('reduce_absmax'),
            result: { dtype: 'f32', shape: [2, 1] },
            operands: [x],
            element: 1,
          });
          await expectAnswer(largest, { word }, row.map((each) => each.toString(16)).join());
        }
      }
    }
  });

  it('fused: has no result without operands', async () => {
    for (const line of [[], [['neg', 0]], [['neg', 4]]] as Instruction[][]) await expectAnswer(check(line, []), FAULT);
  });
});
