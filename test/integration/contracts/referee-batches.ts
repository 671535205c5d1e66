import { expect } from 'chai';
import type { Hex } from 'viem';

import { EMPTY } from '../../../engine/commit/tree.ts';
import { batchPositions, loadBatch } from '../../../engine/data/batch.ts';
import { datasetRoot, type Dataset } from '../../../engine/data/dataset.ts';
import { shardsOf, tokensRoot } from '../../../engine/data/shards.ts';
import type { TokensEvidence } from '../../../engine/evidence.ts';
import { invocationOfOne, type Application } from '../../helpers/programs.ts';
import { checkOf, createReferee, type Answer, type Check, type RefereeContract } from '../../helpers/referee/checks.ts';

const ROWS = 3;
const LENGTH = 9;
const seed: Hex = `0x${'5e'.repeat(32)}`;
const participant: Hex = `0x${'7a'.repeat(20)}`;
const step = 7;

/** 16-bit tokens on three leaves, the last one not full. */
function datasetOf(train: Dataset['train'], vocabulary: number): Dataset {
  const heldOut = train.slice(0, 20);
  return { tokenizer: 'any', vocabulary, train, heldOut, root: datasetRoot(train, heldOut, vocabulary) };
}
const dataset = datasetOf(
  Uint16Array.from({ length: 1_300 }, (_, i) => i * 3),
  60_000,
);

async function checkAt(element: number, of: Dataset = dataset): Promise<Check> {
  const batch = loadBatch(of, { seed, participant, step, rows: ROWS, context: LENGTH - 1 });
  const type = { dtype: 'u32' as const, shape: [ROWS, LENGTH] };
  const application: Application = { op: 'load_batch', operands: [], type, attributes: [ROWS, LENGTH], batch };
  const invocation = invocationOfOne(application);
  const node = invocation.program.nodes.findIndex((each) => each?.op === 'load_batch');
  return checkOf(invocation, [], node, element, { seed, participant, step, dataset: of });
}

function withTokens(check: Check, change: (tokens: TokensEvidence) => Partial<TokensEvidence>): Check {
  const { evidence } = check;
  return { ...check, evidence: { ...evidence, tokens: { ...evidence.tokens, ...change(evidence.tokens) } } };
}

describe('the batch that the referee reads', function () {
  this.timeout(120_000);
  let referee: RefereeContract;

  before(async () => {
    referee = await createReferee();
  });

  after(() => referee.close());

  const refused: Answer = { error: 'TokensNotUnderRoot', args: [] };
  async function expectAnswer(check: Check, answer: Answer, why?: string): Promise<void> {
    expect(await referee.evaluate(check), why).to.deep.equal(answer);
  }

  it('is the one of the seed, the member and the step', async () => {
    const batch = loadBatch(dataset, { seed, participant, step, rows: ROWS, context: LENGTH - 1 });
    for (let i = 0; i < ROWS * LENGTH; i++) await expectAnswer(await checkAt(i), { word: batch[i]! }, `element ${i}`);
    const check = await checkAt(0);
    for (const other of [
      { seed: `0x${'5f'.repeat(32)}` as Hex },
      { participant: `0x${'7b'.repeat(20)}` as Hex },
      { step: step + 1 },
    ]) {
      const found = await referee.evaluate({ ...check, context: { ...check.context, ...other } });
      expect(found).not.to.deep.equal({ word: batch[0]! });
    }
  });

  it('starts at most where a whole row still fits', async () => {
    const shortest = datasetOf(dataset.train.slice(0, LENGTH), 60_000);
    expect(batchPositions(seed, participant, step, ROWS, LENGTH, LENGTH - 1)).to.deep.equal([0, 0, 0]);
    await expectAnswer(await checkAt(LENGTH - 1, shortest), { word: (LENGTH - 1) * 3 });
    // A dataset of one token less has no such row: whoever claims one is wrong.
    const tooShort = datasetOf(dataset.train.slice(0, LENGTH - 1), 60_000);
    await expectAnswer(againstHeader(await checkAt(0, shortest), tooShort), { fault: true });
  });

  it('comes from the dataset of the run alone', async () => {
    const check = await checkAt(4);
    const changes: readonly ((tokens: TokensEvidence) => Partial<TokensEvidence>)[] = [
      () => ({ vocabulary: 59_999 }),
      () => ({ vocabulary: 65_537 }),
      () => ({ trainTokens: 1_299n }),
      () => ({ heldOutTokens: 21n }),
      ({ heldOutRoot }) => ({ trainRoot: heldOutRoot }),
      ({ trainRoot }) => ({ heldOutRoot: trainRoot }),
    ];
    for (const change of changes) await expectAnswer(withTokens(check, change), refused);
    const context = { ...check.context, dataset: EMPTY };
    await expectAnswer({ ...check, context }, refused);
  });

  it('comes from the leaf that holds the token', async () => {
    const check = await checkAt(0);
    const { leaf } = check.evidence.tokens;
    const others = await Promise.all(Array.from({ length: ROWS }, (_, row) => checkAt(row * LENGTH)));
    const elsewhere = others.map(({ evidence }) => evidence.tokens.leaf).find(({ data }) => data !== leaf.data);
    expect(elsewhere, 'rows on several leaves').not.to.equal(undefined);
    for (const broken of [
      elsewhere!,
      { ...leaf, data: `${leaf.data.slice(0, -2)}99` as Hex },
      { ...leaf, data: leaf.data.slice(0, -4) as Hex },
      { ...leaf, data: `${leaf.data}0000` as Hex },
      { ...leaf, siblings: leaf.siblings.slice(1) },
      { ...leaf, siblings: [...leaf.siblings, EMPTY] },
      { ...leaf, siblings: leaf.siblings.with(0, EMPTY) },
    ]) {
      await expectAnswer(
        withTokens(check, () => ({ leaf: broken })),
        refused,
      );
    }
  });

  it('has no token that is not below 2^31', async () => {
    const tokens = (word: number) =>
      datasetOf(
        Uint32Array.from({ length: LENGTH }, () => word),
        2 ** 32 - 1,
      );
    await expectAnswer(await checkAt(3, tokens(2 ** 31 - 1)), { word: 2 ** 31 - 1 });
    await expectAnswer(await checkAt(3, tokens(2 ** 31)), { fault: true });
  });
});

/** The same check against another dataset, of which the header alone is shown. */
function againstHeader(check: Check, { train, heldOut, vocabulary, root }: Dataset): Check {
  const shown = withTokens(check, () => ({
    vocabulary,
    trainTokens: BigInt(train.length),
    heldOutTokens: BigInt(heldOut.length),
    trainRoot: tokensRoot(shardsOf(train)),
    heldOutRoot: tokensRoot(shardsOf(heldOut)),
    leaf: { data: '0x', siblings: [] },
  }));
  return { ...shown, context: { ...check.context, dataset: root } };
}
