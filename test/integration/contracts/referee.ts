import { expect } from 'chai';
import type { Hex } from 'viem';

import { datasetRoot, type Dataset } from '../../../engine/data/dataset.ts';
import { batchPositions } from '../../../engine/data/batch.ts';
import { operators } from '../../../engine/ops/index.ts';
import {
  createReferee,
  ZERO,
  type Answer,
  type BatchSource,
  type RefereeContract,
} from '../../helpers/referee/checks.ts';
import { answerOf, fuzzOperator, otherOperators } from '../../helpers/referee/fuzz.ts';
import { wordOf } from '../../helpers/referee/scalar-fuzz.ts';
import { vectorsOf, type Vector } from '../../helpers/vectors.ts';

const CASES = 30;
const SEED = 1;
/** Elements of one golden vector that are asked for, evenly spread; larger outputs repeat a pattern. */
const ELEMENTS = 40;

/** Operators whose operands of i32 must have a bound, which inputs do not have. */
const needBounds = new Set(['add_i32', 'sum_i32', 'fused']);

describe('the referee', function () {
  this.timeout(120_000);
  let referee: RefereeContract;

  before(async () => {
    referee = await createReferee();
  });

  after(() => referee.close());

  for (const op of operators.keys()) {
    it(`${op}: recomputes every golden vector from openings`, async () => {
      for (const vector of vectorsOf(op).vectors) await expectVector(op, vector);
    });
  }

  for (const op of otherOperators) {
    it(`${op}: agrees with the reference and the lowered program on random applications`, async () => {
      const { elements } = await fuzzOperator(op, { cases: CASES, seed: SEED, referee });
      expect(elements).to.be.at.least(CASES);
    });
  }

  /** Its operands as inputs and as constants; the first one always by way of a node. */
  async function expectVector(op: string, vector: Vector): Promise<void> {
    const { inputs, attributes, batch, type, output } = vector;
    const needsBounds = needBounds.has(op) && inputs.some(({ dtype }) => dtype === 'i32');
    const ways = needsBounds ? (['constant'] as const) : (['input', 'constant'] as const);
    const source = batch && sourceOf(batch, type.shape);
    for (const held of ways) {
      const operands = inputs.map((tensor) => ({ tensor, held }));
      const application = { op, operands, type, attributes, batch };
      const count = output?.data.length ?? 1;
      for (let i = 0; i < count; i += Math.ceil(count / ELEMENTS)) {
        const answer = await answerOf(application, i, referee, source);
        expect(answer, `${vector.title}, element ${i}`).to.deep.equal(expectedOf(vector, i));
      }
    }
  }
});

/** A vector that faults has one element. */
function expectedOf({ type, output }: Vector, element: number): Answer {
  return output === undefined ? { fault: true } : { word: wordOf(type.dtype, output.data[element]!) };
}

/** A dataset that holds the rows of a batch where its member reads them. */
function sourceOf(batch: Uint32Array, [rows = 1, length = 1]: readonly number[]): BatchSource {
  const participant: Hex = `0x${'7a'.repeat(20)}`;
  const train = new Uint32Array(1_000);
  for (let step = 0; ; step++) {
    const positions = batchPositions(ZERO, participant, step, rows, train.length, length - 1);
    const sorted = positions.toSorted((a, b) => a - b);
    if (sorted.some((start, i) => i > 0 && start - sorted[i - 1]! < length)) continue;
    positions.forEach((start, row) => train.set(batch.subarray(row * length, (row + 1) * length), start));
    const vocabulary = 2 ** 31;
    const heldOut = new Uint32Array(0);
    const root = datasetRoot(train, heldOut, vocabulary);
    const dataset: Dataset = { tokenizer: 'any', vocabulary, train, heldOut, root };
    return { seed: ZERO, participant, step, dataset };
  }
}
