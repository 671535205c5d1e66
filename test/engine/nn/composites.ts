import { expect } from 'chai';
import { crossEntropy, logarithm } from '../../../engine/nn/cross_entropy.ts';
import { sigmoid } from '../../../engine/nn/mlp.ts';
import { rmsNorm } from '../../../engine/nn/norm.ts';
import { rowSum, slice, slicedMatmul } from '../../../engine/nn/sliced.ts';
import { softmax, TABLE_UNITS } from '../../../engine/nn/softmax.ts';
import { cosineAndSine, exponential } from '../../../engine/nn/tables.ts';
import { adamW, learningRateAt, ratesAt, type AdamWOptions } from '../../../engine/optim/adamw.ts';
import { computed, largestDifference, normal } from '../../helpers/composites.ts';

function rowsOf(data: ArrayLike<number>, width: number): number[][] {
  return Array.from({ length: data.length / width }, (_, row) =>
    Array.from(data).slice(row * width, (row + 1) * width),
  );
}

describe('composites against the real functions', () => {
  it('computes exponentials, cosines and sines of tables to double precision', () => {
    for (let x = -700; x <= 700; x += 3.7) expect(Math.abs(exponential(x) / Math.exp(x) - 1)).to.be.below(1e-12);
    for (let x = 0; x < 2000; x += 0.73) {
      const { cosine, sine } = cosineAndSine(x);
      expect(Math.abs(cosine - Math.cos(x))).to.be.below(1e-9);
      expect(Math.abs(sine - Math.sin(x))).to.be.below(1e-9);
    }
  });

  it('normalises rows of any magnitude, a row of zeros to zeros, and a lone outlier to its length', () => {
    const width = 64;
    const x = normal([5, width], 1);
    const data = Float32Array.from(x.data);
    data.subarray(width, 2 * width).forEach((_, i, row) => (row[i]! *= 1e-20));
    data.subarray(2 * width, 3 * width).forEach((_, i, row) => (row[i]! *= 1e20));
    data.fill(0, 3 * width, 4 * width);
    data.fill(0, 4 * width);
    data[4 * width + 7] = -3;
    const [y] = computed([{ shape: x.shape, data }], (graph, [value]) => [rmsNorm(graph, value!)]);
    rowsOf(data, width).forEach((row, r) => {
      const rms = Math.sqrt(row.reduce((sum, v) => sum + v * v, 0) / width);
      const real = row.map((v) => (rms === 0 ? 0 : v / rms));
      const error = largestDifference(y!.slice(r * width, (r + 1) * width), real);
      expect(error, `row ${r}`).to.be.below(2 ** -9 * Math.max(...real.map(Math.abs), 1));
    });
  });

  it('sums rows within n 2^-bits of their largest magnitude', () => {
    const x = normal([4, 256], 1e-6);
    const [y] = computed([x], (graph, [value]) => [rowSum(graph, value!)]);
    rowsOf(x.data, 256).forEach((row, r) => {
      const largest = Math.max(...row.map(Math.abs));
      expect(Math.abs(y![r]! - row.reduce((a, b) => a + b, 0))).to.be.below(256 * 2 ** -15 * largest);
    });
  });

  it('takes softmax within its stated error', () => {
    const x = normal([6, 50], 3);
    const [p] = computed([x], (graph, [value]) => [softmax(graph, graph.mul(value!, TABLE_UNITS))]);
    rowsOf(x.data, 50).forEach((row, r) => {
      const e = row.map((v) => Math.exp(v - Math.max(...row)));
      const real = e.map((v) => v / e.reduce((a, b) => a + b, 0));
      const most = Math.max(...real);
      real.forEach((q, i) => {
        expect(Math.abs(p![r * 50 + i]! - q)).to.be.below(q * 2 ** -8 + most * 2 ** -13);
      });
    });
  });

  it('takes logarithms of integers within 2^-19', () => {
    const z = Float32Array.from({ length: 3000 }, (_, i) =>
      i < 1500 ? i + 1 : Math.floor(2 ** (10 + (i % 140) / 10)),
    );
    const [y] = computed([{ shape: [z.length], data: z }], (graph, [value]) => [logarithm(graph, value!, 25)]);
    z.forEach((value, i) => expect(Math.abs(y![i]! - Math.log(value)), `ln ${value}`).to.be.below(2 ** -19));
  });

  it('takes the sigmoid within 2^-9, and saturates beyond 16', () => {
    const x = Float32Array.from({ length: 400 }, (_, i) => i / 8 - 25);
    const [y] = computed([{ shape: [400], data: x }], (graph, [value]) => [sigmoid(graph, value!)]);
    x.forEach((value, i) => expect(Math.abs(y![i]! - 1 / (1 + Math.exp(-value)))).to.be.below(2 ** -9));
  });

  it('multiplies more finely with two slices than with one', () => {
    const [a, b] = [normal([8, 64], 1, 2), normal([9, 64], 0.1, 3)];
    const real = rowsOf(a.data, 64).flatMap((x) =>
      rowsOf(b.data, 64).map((y) => x.reduce((s, v, k) => s + v * y[k]!, 0)),
    );
    const errorWith = (count: 1 | 2) => {
      const [y] = computed([a, b], (graph, [p, q]) => [
        slicedMatmul(graph, slice(graph, p!, count), slice(graph, q!, count)),
      ]);
      return largestDifference(y!, real);
    };
    const largest = Math.max(...real.map(Math.abs));
    expect(errorWith(1)).to.be.below(0.03 * largest);
    expect(errorWith(2)).to.be.below(3e-4 * largest);
  });

  it('splits contractions above 2,048 without changing the sum', () => {
    const [a, b] = [normal([2, 4096], 1, 4), normal([3, 4096], 1, 5)];
    const [y] = computed([a, b], (graph, [p, q]) => [slicedMatmul(graph, slice(graph, p!, 2), slice(graph, q!, 2))]);
    const real = rowsOf(a.data, 4096).flatMap((x) =>
      rowsOf(b.data, 4096).map((z) => x.reduce((s, v, k) => s + v * z[k]!, 0)),
    );
    expect(largestDifference(y!, real)).to.be.below(0.05);
  });

  it('takes cross-entropy and its gradient within their stated errors', () => {
    const logits = normal([6, 20], 2, 6);
    const targets = Uint32Array.of(0, 19, 3, 3, 7, 11);
    const [loss, gradient] = computed([logits], (graph, [value]) => {
      const result = crossEntropy(graph, value!, graph.constant('u32', [6], targets));
      return [result.loss, result.gradient];
    });
    const rows = rowsOf(logits.data, 20).map((row) => {
      const total = row.reduce((sum, v) => sum + Math.exp(v), 0);
      return row.map((v) => Math.exp(v) / total);
    });
    const real = rows.reduce((sum, p, i) => sum - Math.log(p[targets[i]!]!), 0) / 6;
    expect(Math.abs(loss![0]! - real)).to.be.below(2 ** -9);
    const slopes = rows.flatMap((p, i) => p.map((q, j) => (q - (j === targets[i] ? 1 : 0)) / 6));
    expect(largestDifference(gradient!, slopes)).to.be.below(2 ** -10);
  });
});

describe('AdamW', () => {
  const options: AdamWOptions = {
    learningRate: 0.01,
    warmupSteps: 3,
    steps: 20,
    finalFraction: 0.1,
    beta1: 0.9,
    beta2: 0.95,
    epsilon: 1e-8,
    weightDecay: 0.1,
  };

  it('warms up to its rate, falls by the cosine to its final fraction, and stays there', () => {
    expect(learningRateAt(options, 0)).to.be.closeTo(0.01 / 3, 1e-12);
    expect(learningRateAt(options, 2)).to.equal(0.01);
    expect(learningRateAt(options, 20)).to.be.closeTo(0.001, 1e-9);
    expect(learningRateAt(options, 500)).to.be.closeTo(0.001, 1e-9);
  });

  it('takes the step of Loshchilov and Hutter', () => {
    const [p, m, v, g] = [normal([40], 1, 7), normal([40], 0.1, 8), normal([40], 0.1, 9), normal([40], 1, 10)];
    const second = { shape: v.shape, data: Array.from(v.data, (x) => x * x) };
    const t = 5;
    const [next] = computed([p, m, second, g, { shape: [1], data: [t] }], (graph, [a, b, c, d, step]) => {
      const rates = ratesAt(graph, options, step!);
      return [adamW(graph, { parameter: a!, first: b!, second: c! }, d!, rates, options).parameter];
    });
    const rate = learningRateAt(options, t);
    Array.from(p.data).forEach((x, i) => {
      const first = 0.9 * m.data[i]! + 0.1 * g.data[i]!;
      const squared = 0.95 * second.data[i]! + 0.05 * g.data[i]! ** 2;
      const direction = first / (1 - 0.9 ** (t + 1)) / (Math.sqrt(squared / (1 - 0.95 ** (t + 1))) + 1e-8);
      expect(next![i]!).to.be.closeTo(x * (1 - rate * 0.1) - rate * direction, 1e-6);
    });
  });
});
