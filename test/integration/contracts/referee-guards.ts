import { expect } from 'chai';
import type { Hex } from 'viem';

import { hashFromBytes } from '../../../engine/commit/hash.ts';
import { EMPTY, hashNode } from '../../../engine/commit/tree.ts';
import type { OperandEvidence } from '../../../engine/evidence.ts';
import { operators } from '../../../engine/ops/index.ts';
import { createReferee, ZERO, type Answer, type Check, type RefereeContract } from '../../helpers/referee/checks.ts';
import { handmade, rawDescriptor, withByte, withOperand } from '../../helpers/referee/handmade.ts';

const ONE = 0x3f800000;
const TWO = 0x40000000;
const opcodeOf = (op: string): number => operators.get(op)!.opcode;

/** 1 + 2, in tensors of 600 elements that take three leaves. */
const COUNT = 600;
const sum = handmade({
  opcode: opcodeOf('add'),
  result: { dtype: 'f32', shape: [3, 200] },
  operands: [
    { dtype: 'f32', shape: [3, 200], words: Array<number>(COUNT).fill(ONE) },
    { dtype: 'f32', shape: [3, 200], words: Array<number>(COUNT).fill(TWO) },
  ],
});
/** The largest of a row that lies on two leaves. */
const STRADDLE = 255;
const maximum = handmade({
  opcode: opcodeOf('reduce_max'),
  result: { dtype: 'f32', shape: [4, 1] },
  operands: [
    {
      dtype: 'f32',
      shape: [4, STRADDLE],
      words: Array.from({ length: 4 * STRADDLE }, (_, i) => ONE + i),
      leaves: [0, 1],
    },
  ],
  element: 1,
});

type Leaves = OperandEvidence['leaves'];
const flipped = (hex: Hex): Hex => `${hex.slice(0, -1)}${hex.endsWith('0') ? '1' : '0'}` as Hex;

describe('the guards of the referee', function () {
  this.timeout(120_000);
  let referee: RefereeContract;

  before(async () => {
    referee = await createReferee();
  });

  after(() => referee.close());

  async function expectAnswer(check: Check, answer: Answer): Promise<void> {
    expect(await referee.evaluate(check)).to.deep.equal(answer);
  }
  const refused = (error: string, ...args: readonly unknown[]): Answer => ({ error, args });

  it('accept what the others vary', async () => {
    await expectAnswer(sum, { word: 0x40400000 });
    await expectAnswer(maximum, { word: ONE + 2 * STRADDLE - 1 });
  });

  it('give the same answer or none, however little gas there is', async () => {
    const enough = await referee.gasOf(maximum);
    const answer = await referee.evaluate(maximum);
    let answers = 0;
    for (let gas = 30_000; gas < enough + 2_000; gas += 499) {
      const found = await referee.evaluate(maximum, gas).catch(() => undefined);
      if (found === undefined || ('error' in found && found.error === 'HashFailed')) continue;
      expect(found, `with ${gas} gas`).to.deep.equal(answer);
      answers += 1;
    }
    expect(answers).to.be.at.least(1);
  });

  describe('on the descriptor', () => {
    it('refuse any number of bytes but 96', async () => {
      await expectAnswer({ ...sum, descriptor: sum.descriptor.slice(0, -2) as Hex }, refused('DescriptorInvalid'));
      await expectAnswer({ ...sum, descriptor: `${sum.descriptor}00` }, refused('DescriptorInvalid'));
      await expectAnswer({ ...sum, descriptor: '0x' }, refused('DescriptorInvalid'));
    });

    it('refuse a type that no tensor has', async () => {
      await expectAnswer(withByte(sum, 2, 0), refused('DescriptorInvalid'));
      await expectAnswer(withByte(sum, 2, 5), refused('DescriptorInvalid'));
      await expectAnswer(withByte(sum, 3, 7), refused('DescriptorInvalid'));
      await expectAnswer(withByte(sum, 11, 0), refused('DescriptorInvalid'));
    });

    it('refuse an operand of no known kind', async () => {
      await expectAnswer(withByte(sum, 60, 4), refused('DescriptorInvalid'));
    });

    it('refuse an opcode that nothing has', async () => {
      for (const opcode of [0, 12, 15, 23, 34, 39, 43, 47, 55, 63, 65]) {
        await expectAnswer(withByte(sum, 1, opcode), refused('UnknownOpcode', opcode));
      }
      await expectAnswer(withByte(sum, 0, 1), refused('UnknownOpcode', 257));
    });

    it('refuse an operator with another number of operands', async () => {
      for (const { opcode, name } of operators.values()) {
        if (name === 'fused') continue;
        const wrong = rawDescriptor(opcode, { dtype: 'f32', shape: [1] }, [], name === 'load_batch' ? 1 : 3);
        await expectAnswer({ ...sum, descriptor: wrong, element: 0n }, refused('DescriptorInvalid'));
      }
    });
  });

  it('refuse an element that the result does not have, however large', async () => {
    for (const element of [BigInt(COUNT), 2n ** 64n, 2n ** 256n - 1n]) {
      await expectAnswer({ ...sum, element }, refused('ElementOutOfRange', element, BigInt(COUNT)));
    }
  });

  it('refuse another number of operands or of roots', async () => {
    const [first, second] = sum.evidence.operands as [OperandEvidence, OperandEvidence];
    const given = (operands: readonly OperandEvidence[]): Check => ({
      ...sum,
      evidence: { ...sum.evidence, operands },
    });
    await expectAnswer(given([first]), refused('WrongOperands', 1n, 2n));
    await expectAnswer(given([first, second, second]), refused('WrongOperands', 3n, 2n));
    const inputs = [ZERO];
    await expectAnswer({ ...sum, context: { ...sum.context, inputs } }, refused('WrongOperands', 1n, 2n));
  });

  describe('on an operand', () => {
    const changes: Record<string, (operand: OperandEvidence) => Partial<OperandEvidence>> = {
      'another element type': () => ({ dtype: 3 }),
      'another shape of as many elements': () => ({ extents: [200, 3] }),
      'another rank': () => ({ extents: [3, 200, 1] }),
      'another tree': ({ tree }) => ({ tree: flipped(tree) }),
      'no siblings': () => ({ siblings: [] }),
      'a sibling too many': ({ siblings }) => ({ siblings: [...siblings, EMPTY] }),
      'another sibling': ({ siblings }) => ({ siblings: [flipped(siblings[0]!)] }),
      'a rank that is no byte': () => ({ extents: Array<number>(258).fill(1) }),
    };
    for (const [title, change] of Object.entries(changes)) {
      it(`refuse ${title}`, async () => {
        await expectAnswer(withOperand(sum, 0, change), refused('OperandNotUnderRoot', 0n));
        await expectAnswer(withOperand(sum, 1, change), refused('OperandNotUnderRoot', 1n));
      });
    }

    it('refuse the tensor of another place', async () => {
      const { operands } = sum.evidence;
      const swapped = { ...sum, evidence: { ...sum.evidence, operands: operands.toReversed() } };
      await expectAnswer(swapped, refused('OperandNotUnderRoot', 0n));
    });

    it('refuse an index that the path does not reach, though its low bits fit', async () => {
      await expectAnswer(withByte(sum, 67, 2), refused('OperandNotUnderRoot', 0n));
      await expectAnswer(withByte(sum, 64, 0x80), refused('OperandNotUnderRoot', 0n));
    });

    it('take an operand of an input from the root given for it', async () => {
      const inputs = [sum.context.trace, ZERO];
      const fromInput = { ...withByte(sum, 60, 2), context: { ...sum.context, inputs } };
      await expectAnswer(fromInput, { word: 0x40400000 });
      const elsewhere = { ...fromInput, context: { ...sum.context, inputs: [ZERO, sum.context.trace] } };
      await expectAnswer(elsewhere, refused('OperandNotUnderRoot', 0n));
    });

    it('take a constant from its part of the program alone', async () => {
      // The two operands are the constants, the second of the program's four trees.
      const { trace } = sum.context;
      const [descriptors, layouts] = [hashNode(EMPTY, EMPTY), hashNode(EMPTY, trace)];
      const above = [descriptors, hashNode(layouts, EMPTY)];
      const program = hashNode(hashNode(descriptors, trace), hashNode(layouts, EMPTY));
      const constant = { ...withByte(sum, 60, 3), context: { ...sum.context, program } };
      const withPath = (path: readonly Hex[]): Check =>
        withOperand(constant, 0, ({ siblings }) => ({ siblings: [...siblings, ...path] }));
      await expectAnswer(withPath(above), { word: 0x40400000 });
      for (const path of [[], above.slice(0, 1), above.toReversed(), [...above, EMPTY]]) {
        await expectAnswer(withPath(path), refused('OperandNotUnderRoot', 0n));
      }
      await expectAnswer(
        withOperand(constant, 0, () => ({ siblings: [above[1]!] })),
        refused('OperandNotUnderRoot', 0n),
      );
      await expectAnswer(
        withOperand(constant, 0, () => ({ siblings: above })),
        refused('OperandNotUnderRoot', 0n),
      );
    });
  });

  describe('on leaves', () => {
    const leaves = (change: (leaves: Leaves) => Leaves) => (operand: OperandEvidence) => ({
      leaves: change(operand.leaves),
    });

    it('refuse a leaf that is missing or too many', async () => {
      await expectAnswer(
        withOperand(
          sum,
          1,
          leaves(() => []),
        ),
        refused('WrongLeaves', 1n, 0n, 1n),
      );
      await expectAnswer(
        withOperand(
          sum,
          1,
          leaves(([a]) => [a!, a!]),
        ),
        refused('WrongLeaves', 1n, 2n, 1n),
      );
      await expectAnswer(
        withOperand(
          maximum,
          0,
          leaves(([a]) => [a!]),
        ),
        refused('WrongLeaves', 0n, 1n, 2n),
      );
      await expectAnswer(
        withOperand(
          maximum,
          0,
          leaves(([a, b]) => [a!, b!, b!]),
        ),
        refused('WrongLeaves', 0n, 3n, 2n),
      );
    });

    it('refuse leaves in another order', async () => {
      await expectAnswer(
        withOperand(
          maximum,
          0,
          leaves((all) => all.toReversed()),
        ),
        refused('LeafNotUnderRoot', 0n, 0n),
      );
      await expectAnswer(
        withOperand(
          maximum,
          0,
          leaves(([a]) => [a!, a!]),
        ),
        refused('LeafNotUnderRoot', 0n, 1n),
      );
    });

    it('refuse other bytes, lengths and siblings', async () => {
      const changes: readonly ((leaf: Leaves[number]) => Partial<Leaves[number]>)[] = [
        ({ data }) => ({ data: flipped(data) }),
        ({ data }) => ({ data: data.slice(0, -2) as Hex }),
        ({ data }) => ({ data: `${data}00` }),
        () => ({ data: '0x' }),
        ({ siblings }) => ({ siblings: siblings.slice(1) }),
        ({ siblings }) => ({ siblings: [...siblings, EMPTY] }),
        ({ siblings }) => ({ siblings: siblings.toReversed() }),
      ];
      for (const change of changes) {
        const broken = withOperand(
          sum,
          0,
          leaves(([leaf]) => [{ ...leaf!, ...change(leaf!) }]),
        );
        await expectAnswer(broken, refused('LeafNotUnderRoot', 0n, 0n));
      }
    });

    it('refuse a leaf of another place, even where it holds the same', async () => {
      await expectAnswer({ ...maximum, element: 3n }, refused('LeafNotUnderRoot', 0n, 0n));
    });

    it('refuse a node shown as a leaf', async () => {
      // The preimage of the lowest node is 64 bytes: no leaf hash of them is that node's.
      const shape = [32, 16];
      const words = Array<number>(512).fill(ONE);
      const two = handmade({
        opcode: opcodeOf('neg'),
        result: { dtype: 'f32', shape },
        operands: [{ dtype: 'f32', shape, words }],
      });
      await expectAnswer(two, { word: 0xbf800000 });
      const { siblings } = two.evidence.operands[0]!.leaves[0]!;
      const children = hashFromBytes(Buffer.from(`${siblings[0]!.slice(2)}${siblings[0]!.slice(2)}`, 'hex'));
      const shown = withOperand(two, 0, () => ({ leaves: [{ data: children, siblings: [] }] }));
      await expectAnswer(shown, refused('LeafNotUnderRoot', 0n, 0n));
    });

    it('refuse leaves of an operand that is not read', async () => {
      const half = { dtype: 'f32' as const, shape: [2], words: [ONE, TWO] };
      const joined = handmade({
        opcode: opcodeOf('concat'),
        result: { dtype: 'f32', shape: [4] },
        operands: [half, { ...half, leaves: [] }],
      });
      await expectAnswer(joined, { word: ONE });
      const [first] = joined.evidence.operands as [OperandEvidence, OperandEvidence];
      const both = withOperand(joined, 1, () => ({ leaves: first.leaves }));
      await expectAnswer(both, refused('WrongLeaves', 1n, 1n, 0n));
    });
  });
});
