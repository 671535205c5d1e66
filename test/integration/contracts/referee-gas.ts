import { expect } from 'chai';

import { operators } from '../../../engine/ops/index.ts';
import { createReferee, type RefereeContract } from '../../helpers/referee/checks.ts';
import { gasOfLargest, largestCheckOf } from '../../helpers/referee/largest.ts';

/** Gas of `evaluate` as a transaction of its own; a game adds its verdict and its own calldata. */
const limits: Record<string, number> = {
  matmul_nt: 350_000,
  reduce_max: 330_000,
  reduce_absmax: 330_000,
  sum_i32: 330_000,
  topk_chunk: 330_000,
  scatter_chunk: 430_000,
  sort_lanes: 300_000,
  // Four operands.
  fused: 400_000,
};
const LIMIT = 220_000;

describe('the gas of the referee', function () {
  this.timeout(120_000);
  let referee: RefereeContract;

  before(async () => {
    referee = await createReferee();
  });

  after(() => referee.close());

  for (const op of operators.keys()) {
    it(`leaves room for the verdict, however large the operands of ${op}`, async () => {
      expect(await referee.evaluate(largestCheckOf(op))).to.have.property('word');
      expect(await gasOfLargest(op, referee)).to.be.at.most(limits[op] ?? LIMIT);
    });
  }
});
