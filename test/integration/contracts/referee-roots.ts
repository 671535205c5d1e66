import { expect } from 'chai';

import { hashFromBytes, bytesFromHash, sha256, type Hash } from '../../../engine/commit/hash.ts';
import { EMPTY, hashLeaf, hashNode } from '../../../engine/commit/tree.ts';
import { operators } from '../../../engine/ops/index.ts';
import { createReferee, ZERO, type Answer, type Check, type RefereeContract } from '../../helpers/referee/checks.ts';
import { handmade, withByte, withOperand } from '../../helpers/referee/handmade.ts';

const ONE = 0x3f800000;
const NEG = operators.get('neg')!.opcode;
const opcodeOf = (op: string): number => operators.get(op)!.opcode;

function words(...list: readonly number[]): Buffer {
  const bytes = Buffer.alloc(4 * list.length);
  list.forEach((word, i) => bytes.writeUInt32LE(word, 4 * i));
  return bytes;
}

/** Minus the first of two elements, whose tree is whatever was committed. */
function negated(tree: Hash, data: Uint8Array, siblings: readonly Hash[]): Check {
  const opened = [{ data: hashFromBytes(data), siblings }];
  const x = { dtype: 'f32' as const, shape: [2], tree, opened };
  return handmade({ opcode: NEG, result: { dtype: 'f32', shape: [2] }, operands: [x] });
}

/** One u32 token of a dataset whose header and tree were committed, whatever they hold. */
function loaded(trainTokens: number, data: Uint8Array, siblings: readonly Hash[], dtype = 4, shape = [1, 1]): Check {
  const vocabulary = 65_537;
  const trainRoot = siblings.reduce(hashNode, hashLeaf(data));
  const header = Buffer.alloc(21);
  header[0] = 4;
  header.writeUInt32BE(vocabulary, 1);
  header.writeBigUInt64BE(BigInt(trainTokens), 5);
  const dataset = hashFromBytes(sha256(header, bytesFromHash(trainRoot), bytesFromHash(EMPTY)));
  const leaf = { data: hashFromBytes(data), siblings };
  const tokens = {
    vocabulary,
    trainTokens: BigInt(trainTokens),
    heldOutTokens: 0n,
    trainRoot,
    heldOutRoot: EMPTY,
    leaf,
  };
  const honest = handmade({ opcode: opcodeOf('load_batch'), result: { dtype, shape }, operands: [] });
  return { ...honest, context: { ...honest.context, dataset }, evidence: { operands: [], tokens } };
}

describe('the referee, where a root holds what no honest party commits to,', function () {
  this.timeout(120_000);
  let referee: RefereeContract;

  before(async () => {
    referee = await createReferee();
  });

  after(() => referee.close());

  async function expectAnswer(check: Check, answer: Answer): Promise<void> {
    expect(await referee.evaluate(check)).to.deep.equal(answer);
  }
  const minusOne: Answer = { word: 0x80000000 + ONE };
  const notUnderRoot: Answer = { error: 'OperandNotUnderRoot', args: [0n] };
  const wrongLeaf: Answer = { error: 'LeafNotUnderRoot', args: [0n, 0n] };
  const wrongTokens: Answer = { error: 'TokensNotUnderRoot', args: [] };

  it('refuses a leaf of another length than its tensor has', async () => {
    const [two, three] = [words(ONE, ONE), words(ONE, ONE, ONE)];
    await expectAnswer(negated(hashLeaf(two), two, []), minusOne);
    await expectAnswer(negated(hashLeaf(three), three, []), wrongLeaf);
  });

  it('refuses a leaf of a deeper tree than its tensor has', async () => {
    const two = words(ONE, ONE);
    await expectAnswer(negated(hashNode(hashLeaf(two), EMPTY), two, [EMPTY]), wrongLeaf);
  });

  it('refuses a tensor of more axes than a byte can count', async () => {
    const x = { dtype: 'f32' as const, tree: EMPTY, opened: [] };
    const of = (axes: number): Check => {
      const operands = [{ ...x, shape: Array<number>(axes).fill(1) }];
      return handmade({ opcode: NEG, result: { dtype: 'f32', shape: [1] }, operands });
    };
    await expectAnswer(of(255), { fault: true });
    await expectAnswer(of(256), notUnderRoot);
    await expectAnswer(of(257), notUnderRoot);
  });

  it('refuses a result of more axes than there are, though an attribute would be the extent', async () => {
    const one = { dtype: 'f32' as const, shape: [1, 1, 1, 1, 1, 1], words: [ONE] };
    const check = handmade({
      opcode: opcodeOf('reshape'),
      result: { dtype: 'f32', shape: one.shape },
      attributes: [1],
      operands: [one],
    });
    await expectAnswer(check, { word: ONE });
    await expectAnswer(withByte(check, 3, 7), { error: 'DescriptorInvalid', args: [] });
  });

  it('refuses a constant whose index leads out of the tree of constants', async () => {
    const two = words(ONE, ONE);
    const check = negated(hashLeaf(two), two, []);
    // The operand alone is the trace: here the constants have two places, and the tree beside them the same.
    const places = hashNode(check.context.trace, EMPTY);
    const beside = hashNode(EMPTY, EMPTY);
    const program = hashNode(hashNode(beside, places), hashNode(places, beside));
    const constant = { ...withByte(check, 60, 3), context: { ...check.context, trace: ZERO, program } };
    const withPath = (one: Check, siblings: readonly Hash[]): Check => withOperand(one, 0, () => ({ siblings }));
    const [left, right] = [hashNode(beside, places), hashNode(places, beside)];
    await expectAnswer(withPath(constant, [EMPTY, beside, right]), minusOne);
    await expectAnswer(withPath(withByte(constant, 67, 2), [EMPTY, beside, left]), notUnderRoot);
  });

  describe('of tokens,', () => {
    const tenLevels = Array<Hash>(10).fill(EMPTY);

    it('reads them from leaves as long and as deep as their number demands', async () => {
      await expectAnswer(loaded(1, words(7), tenLevels), { word: 7 });
      await expectAnswer(loaded(1, words(7, 7), tenLevels), wrongTokens);
      await expectAnswer(loaded(1, words(7), [...tenLevels, EMPTY]), wrongTokens);
      await expectAnswer(loaded(1, words(7), tenLevels.slice(1)), wrongTokens);
    });

    it('gives them as u32 of two axes alone', async () => {
      for (const dtype of [1, 2, 3]) await expectAnswer(loaded(1, words(7), tenLevels, dtype), { fault: true });
      for (const shape of [[], [1], [1, 1, 1]]) {
        await expectAnswer(loaded(1, words(7), tenLevels, 4, shape), { fault: true });
      }
    });
  });
});
