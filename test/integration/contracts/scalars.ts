import { expect } from 'chai';

import {
  createScalarContract,
  fuzzScalar,
  scalarOperators,
  wordOf,
  type Result,
  type ScalarContract,
} from '../../helpers/referee/scalar-fuzz.ts';
import { feeds, type Batch, type Pair } from '../../helpers/referee/scalar-operands.ts';
import { vectorsOf, type Vector } from '../../helpers/vectors.ts';

const CASES = 2_000;
const SEED = 1;

/** What one element may cost, with the loop of the probe: the bound of a final check relies on it. */
const gasLimitOf = (op: string): number => (op === 'residual' ? 3_500 : 2_100);

/** Operators that have a result for all finite operands, if addends keep their bounds. */
const total = new Set(['max', 'min', 'neg', 'abs', 'floor', 'rint', 'exp2i', 'from_i32', 'add_i32']);

const notFinite = [0x7f800000, 0xff800000, 0x7fc00000, 0x7f800001, 0xffffffff];
const ONE = 0x3f800000;

describe('the scalar operators of the referee', function () {
  this.timeout(120_000);
  let contract: ScalarContract;

  before(async () => {
    contract = await createScalarContract();
  });

  after(() => contract.close());

  for (const op of scalarOperators) {
    it(`${op}: has the results of the golden vectors`, async () => {
      for (const vector of vectorsOf(op).vectors) {
        const { results } = await contract.evaluate(op, batchOf(vector));
        expect(results, vector.title).to.deep.equal(resultsOf(vector));
      }
    });

    it(`${op}: agrees with the reference and the lowered program on hostile operands`, async () => {
      const { faults, gas } = await fuzzScalar(op, { cases: CASES, seed: SEED, contract });
      if (total.has(op)) expect(faults).to.equal(0);
      else expect(faults).to.be.within(1, CASES / 2);
      expect(gas, 'gas of an element').to.be.below(gasLimitOf(op));
    });
  }

  for (const op of scalarOperators.filter((name) => feeds[name]!.operands.includes('f32'))) {
    it(`${op}: faults for an operand that is not finite`, async () => {
      const first = notFinite.map((word): Pair => [word, ONE]);
      const second = feeds[op]!.operands.length === 2 ? notFinite.map((word): Pair => [ONE, word]) : [];
      const batch = { attributes: [0, 2 ** 31 - 1], pairs: [...first, ...second] };
      const { results } = await contract.evaluate(op, batch);
      expect(results).to.deep.equal(batch.pairs.map(() => undefined));
      const { results: finite } = await contract.evaluate(op, { ...batch, pairs: [[ONE, ONE]] });
      expect(finite[0], 'of finite operands').to.be.a('number');
    });
  }
});

function batchOf({ inputs: [a, b], attributes }: Vector): Batch {
  const word = (tensor: typeof a, i: number): number => {
    if (tensor === undefined) return 0;
    // The bits as they are written, with the sign of zeros.
    return tensor.dtype === 'f32' ? new Uint32Array(tensor.data.buffer)[i]! : tensor.data[i]! >>> 0;
  };
  return { attributes, pairs: Array.from(a!.data, (_, i): Pair => [word(a, i), word(b, i)]) };
}

/** A vector that faults has one element. */
function resultsOf({ output }: Vector): readonly Result[] {
  return output === undefined ? [undefined] : Array.from(output.data, (value) => wordOf(output.dtype, value));
}
