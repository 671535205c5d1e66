import { expect } from 'chai';
import { compressed, decompressed } from '../../../engine/compress/sparseloco.ts';
import { magnitudeNumber } from '../../../engine/compress/magnitudes.ts';
import { twoBits } from '../../../engine/compress/two_bits.ts';
import { computed, normal, type Numbers } from '../../helpers/composites.ts';

const CHUNK = 64;
const K = 8;
const DECAY = 0.95;

/** Values of each chunk with their positions, and the error that is left; all by the composite. */
function compress(update: Numbers, error: Numbers) {
  const [positions, values, left, sent] = computed([update, error], (graph, [u, e]) => {
    const result = compressed(graph, u!, e!, { k: K, decay: DECAY });
    return [result.positions, result.values, result.error, decompressed(graph, result, CHUNK)];
  });
  return { positions: positions!, values: values!, left: left!, sent: sent! };
}

const zeros: Numbers = { shape: [3, CHUNK], data: new Float32Array(3 * CHUNK) };

function quantised(row: ArrayLike<number>): readonly number[] {
  const [y] = computed([{ shape: [1, row.length], data: row }], (graph, [x]) => [twoBits(graph, x!)]);
  return y!;
}

describe('the compression of an update', function () {
  this.timeout(60_000);

  it('keeps the largest magnitudes of every chunk of the update and what is left of the error', () => {
    const [update, error] = [normal([3, CHUNK], 1e-3, 1), normal([3, CHUNK], 1e-3, 2)];
    const { positions, sent } = compress(update, error);
    const wanted = Array.from(update.data, (u, i) => Math.fround(Math.fround(error.data[i]! * Math.fround(DECAY)) + u));
    for (let chunk = 0; chunk < 3; chunk++) {
      const row = wanted.slice(chunk * CHUNK, (chunk + 1) * CHUNK);
      const order = row.map((_, i) => i).toSorted((a, b) => Math.abs(row[b]!) - Math.abs(row[a]!) || a - b);
      const largest = order.slice(0, K).toSorted((a, b) => a - b);
      expect(positions.slice(chunk * K, (chunk + 1) * K)).to.deep.equal(largest);
      row.forEach((x, i) => {
        const y = sent[chunk * CHUNK + i]!;
        if (largest.includes(i)) expect(Math.sign(y)).to.equal(Math.sign(x));
        else expect(y).to.equal(0);
      });
    }
  });

  it('loses nothing: what is sent and the next error are the update and the decayed error', () => {
    const [update, error] = [normal([3, CHUNK], 1e-3, 3), normal([3, CHUNK], 1e-2, 4)];
    const { sent, left } = compress(update, error);
    left.forEach((e, i) => {
      const wanted = Math.fround(Math.fround(error.data[i]! * Math.fround(DECAY)) + update.data[i]!);
      expect(e).to.equal(Math.fround(wanted - sent[i]!));
    });
  });

  it('sends an update in full over the rounds, though each sends an eighth of it', () => {
    const update = normal([3, CHUNK], 1, 5);
    let error = zeros;
    const sum = new Float64Array(3 * CHUNK);
    const rounds = 80;
    for (let round = 0; round < rounds; round++) {
      const { sent, left } = compress(update, error);
      sent.forEach((x, i) => (sum[i]! += x));
      error = { shape: update.shape, data: left };
    }
    const dot = (x: ArrayLike<number>) => Array.from(update.data).reduce((total, u, i) => total + u * x[i]!, 0);
    expect(dot(sum) / dot(update.data) / rounds).to.be.within(0.25, 1);
  });

  it('sends zeros for chunks of zeros', () => {
    const { positions, sent, left } = compress(zeros, zeros);
    expect(positions.slice(0, K)).to.deep.equal([0, 1, 2, 3, 4, 5, 6, 7]);
    expect([...sent, ...left].every((x) => x === 0)).to.equal(true);
  });
});

describe('values in two bits', function () {
  this.timeout(60_000);

  it('have their sign and the rounded mean magnitude of those above or not above the mean', () => {
    const row = normal([1, 64], 0.02, 6).data;
    const sizes = Array.from(row, Math.abs);
    const meanOf = (list: readonly number[]) => list.reduce((a, b) => a + b, 0) / list.length;
    const mean = meanOf(sizes);
    const [larger, smaller] = [meanOf(sizes.filter((x) => x > mean)), meanOf(sizes.filter((x) => x <= mean))];
    quantised(row).forEach((y, i) => {
      const real = sizes[i]! > mean ? larger : smaller;
      expect(Math.sign(y)).to.equal(Math.sign(row[i]!));
      expect(Math.abs(Math.abs(y) / real - 1)).to.be.below(0.13);
    });
  });

  it('are two magnitudes of three significant bits at most, whatever the row', () => {
    const rows: Record<string, readonly number[]> = {
      zeros: Array<number>(8).fill(0),
      equal: Array<number>(8).fill(-0.3),
      'one alone': [0, 0, 0, 5, 0, 0, 0, 0],
      'nearly equal': [1, 1.0000001, 1, 1, -1, -1.0000001, 1, 1],
      subnormal: [1e-42, -1e-42, 1e-45, 0, 0, 0, 0, 0],
      'far apart': [1, 1e-30, -1e-30, 1e-12, 1, -1, 1e-38, -1e-45],
      huge: [1e38, -1e38, 3e38, 1, 1, -1, 0, 0],
      largest: Array<number>(8).fill(-(2 ** 40)),
      'one value': [7],
      '64 values': Array.from(normal([64], 1, 9).data),
    };
    for (const [name, row] of Object.entries(rows)) {
      const magnitudes = new Set(quantised(row).map(Math.abs));
      expect(magnitudes.size, name).to.be.within(1, 2);
      for (const magnitude of magnitudes) expect(magnitudeNumber(magnitude), `${name}: ${magnitude}`).to.be.a('number');
    }
    expect(quantised(rows['zeros']!)).to.deep.equal(rows['zeros']);
    expect(quantised(rows['equal']!)).to.deep.equal(Array<number>(8).fill(-0.3125));
    expect(quantised(rows['one alone']!)).to.deep.equal(rows['one alone']);
    expect(quantised(rows['subnormal']!).every((x) => x === 0)).to.equal(true);
    expect(quantised(rows['largest']!)).to.deep.equal(rows['largest']);
  });
});
