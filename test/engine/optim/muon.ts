import { expect } from 'chai';
import { NEWTON_SCHULZ, muon, orthogonalised } from '../../../engine/optim/muon.ts';
import { trainingProgram } from '../../../engine/programs.ts';
import type { Optimizer } from '../../../engine/recipe.ts';
import { computed, largestDifference, normal, type Numbers } from '../../helpers/composites.ts';
import { tinyRecipe, tinyRecipeInput } from '../../helpers/recipes.ts';

type Matrix = readonly (readonly number[])[];

const rowsOf = ({ shape, data }: Numbers): Matrix =>
  Array.from({ length: shape[0]! }, (_, row) => Array.from(data).slice(row * shape[1]!, (row + 1) * shape[1]!));
const transposed = (a: Matrix): Matrix => a[0]!.map((_, column) => a.map((row) => row[column]!));
const product = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) => transposed(b).map((column) => row.reduce((sum, x, k) => sum + x * column[k]!, 0)));
const combined = (x: number, a: Matrix, y: number, b: Matrix): Matrix =>
  a.map((row, i) => row.map((value, j) => x * value + y * b[i]![j]!));

/** Newton-Schulz in double precision. */
function plain(x: Matrix, iterations: number): Matrix {
  if (x.length > x[0]!.length) return transposed(plain(transposed(x), iterations));
  const norm = Math.sqrt(x.flat().reduce((sum, value) => sum + value * value, 0));
  const [a, b, c] = NEWTON_SCHULZ;
  let next = combined(1 / (norm || 1), x, 0, x);
  for (let i = 0; i < iterations; i++) {
    const gram = product(next, transposed(next));
    const polynomial = combined(b, gram, c, product(gram, gram));
    next = combined(a, next, 1, product(polynomial, next));
  }
  return next;
}

const orthogonal = (x: Numbers, iterations = 5) =>
  computed([x], (graph, [value]) => [orthogonalised(graph, value!, iterations)])[0]!;

/** A matrix whose singular values fall off as in a gradient: the sum of few outer products, and noise. */
function lowRank(rows: number, columns: number): Numbers {
  const [u, v, noise] = [normal([rows, 3], 1, 5), normal([3, columns], 1, 6), normal([rows, columns], 1e-3, 7)];
  const signal = product(rowsOf(u), rowsOf(v)).flat();
  return { shape: [rows, columns], data: signal.map((value, i) => value + noise.data[i]!) };
}

describe('Muon', function () {
  this.timeout(60_000);

  for (const [name, x] of Object.entries({
    'a wide matrix': normal([16, 48]),
    'a tall matrix': normal([64, 32]),
    'a larger matrix': normal([96, 384]),
    'tiny elements': normal([24, 24], 1e-20),
    'few large singular values': lowRank(32, 64),
  })) {
    it(`orthogonalises as Newton-Schulz in double precision, within 2^-6 of the largest element: ${name}`, () => {
      const expected = plain(rowsOf(x), 5).flat();
      const largest = Math.max(...expected.map(Math.abs));
      expect(largestDifference(orthogonal(x), expected)).to.be.below(2 ** -6 * largest);
    });
  }

  it('brings singular values near one: rows of the shorter side are nearly orthonormal', () => {
    const y = rowsOf({ shape: [16, 64], data: orthogonal(normal([16, 64])) });
    product(y, transposed(y)).forEach((row, i) =>
      row.forEach((value, j) => expect(value).to.be.closeTo(i === j ? 1 : 0, i === j ? 0.45 : 0.3)),
    );
  });

  it('leaves a matrix of zeros as it is', () => {
    expect(orthogonal({ shape: [8, 8], data: new Float32Array(64) }).every((value) => value === 0)).to.equal(true);
  });

  it('steps along its momentum by the rate, at the size of AdamW, and decays weights apart from that', () => {
    const shape = [16, 32];
    const options = { momentum: 0.95, iterations: 5 } as Optimizer<'muon'>;
    const [p, m, g] = [normal(shape, 0.1, 1), normal(shape, 1e-3, 2), normal(shape, 1e-3, 3)];
    const [next, first] = computed([p, m, g], (graph, [parameter, before, gradient]) => {
      const rates = { rate: graph.scalar(0.01), keep: graph.scalar(0.999) };
      const after = muon(graph, { parameter: parameter!, first: before! }, gradient!, rates, options);
      return [after.parameter, after.first];
    });
    const velocity = combined(0.95, rowsOf(m), 0.05, rowsOf(g));
    expect(largestDifference(first!, velocity.flat())).to.be.below(1e-9);
    const direction = plain(combined(0.95, velocity, 0.05, rowsOf(g)), 5);
    const expected = combined(0.999, rowsOf(p), -0.01 * 0.2 * Math.sqrt(32), direction).flat();
    expect(largestDifference(next!, expected)).to.be.below(0.01 * 0.2 * 2 ** -6);
  });

  it('stays within the gas of a final check in a model of width 1,024', () => {
    const model = { ...tinyRecipeInput.model, width: 1_024, context: 1_024, heads: 8 };
    const optimizer = { name: 'muon', learningRate: 1e-3, steps: 100 } as const;
    expect(() => trainingProgram(tinyRecipe({ model, optimizer }))).not.to.throw();
  });
});
