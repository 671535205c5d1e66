import { expect } from 'chai';
import type { GraphBuilder, Value } from '../../../engine/graph/builder.ts';
import { norms } from '../../../engine/aggregate/norms.ts';
import { centeredClip, clippedMean, coordinateMedian, trimmedMean } from '../../../engine/aggregate/robust.ts';
import { computed, largestDifference, normal } from '../../helpers/composites.ts';

const LENGTH = 96;

type Rows = readonly (readonly number[])[];

/** Honest members: a common direction and noise of their own. */
function honest(members: number, seed = 1, noise = 0.5): number[][] {
  const common = Array.from(normal([LENGTH], 1, 99).data);
  return Array.from({ length: members }, (_, m) => {
    const own = normal([LENGTH], noise, seed + 17 * m).data;
    return common.map((x, i) => Math.fround(x + own[i]!));
  });
}

function byProgram(rows: Rows, aggregate: (graph: GraphBuilder, x: Value) => Value): readonly number[] {
  const [y] = computed([{ shape: [rows.length, rows[0]!.length], data: rows.flat() }], (graph, [x]) => [
    aggregate(graph, x!),
  ]);
  return y!;
}

// The same in double precision, from their definitions.
const norm = (row: readonly number[]) => Math.sqrt(row.reduce((sum, x) => sum + x * x, 0));
const minus = (a: readonly number[], b: readonly number[]) => a.map((x, i) => x - b[i]!);
const sorted = (values: readonly number[]) => values.toSorted((a, b) => a - b);
const lowerMedian = (values: readonly number[]) => sorted(values)[Math.floor((values.length - 1) / 2)]!;
const column = (rows: Rows, i: number) => rows.map((row) => row[i]!);
const meanOf = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const meanRow = (rows: Rows) => rows[0]!.map((_, i) => meanOf(column(rows, i)));
const cutTo = (radius: number) => (row: readonly number[]) =>
  row.map((x) => (norm(row) > radius ? (x * radius) / norm(row) : x));
const trimmed = (rows: Rows, cut: number) =>
  rows[0]!.map((_, i) => meanOf(sorted(column(rows, i)).slice(cut, rows.length - cut)));
const medianRow = (rows: Rows) => trimmed(rows, Math.floor((rows.length - 1) / 2));

function centered(rows: Rows, iterations: number, radius?: number): readonly number[] {
  let center = medianRow(rows);
  const most = radius ?? lowerMedian(rows.map((row) => norm(minus(row, center))));
  for (let i = 0; i < iterations; i++) {
    const step = meanRow(rows.map((row) => cutTo(most)(minus(row, center))));
    center = center.map((x, j) => x + step[j]!);
  }
  return center;
}

describe('aggregates against the same in double precision', function () {
  this.timeout(60_000);

  for (const members of [1, 2, 3, 7, 10]) {
    const rows = honest(members).map((row, m) => row.map((x) => Math.fround(x * (1 + m))));

    it(`of ${members}: the mean with norms clipped to their median`, () => {
      const real = meanRow(rows.map(cutTo(lowerMedian(rows.map(norm)))));
      expect(largestDifference(byProgram(rows, clippedMean), real)).to.be.below(2 ** -10);
    });

    it(`of ${members}: the trimmed mean, and the median`, () => {
      const real = trimmed(rows, Math.min(Math.floor(0.3 * members), Math.floor((members - 1) / 2)));
      expect(
        largestDifference(
          byProgram(rows, (graph, x) => trimmedMean(graph, x, 0.3)),
          real,
        ),
      ).to.be.below(2 ** -10);
      expect(largestDifference(byProgram(rows, coordinateMedian), medianRow(rows))).to.be.below(2 ** -10);
    });

    it(`of ${members}: CenteredClip, with and without a radius`, () => {
      for (const [iterations, radius] of [
        [20, undefined],
        [3, 0.5],
      ] as const) {
        const y = byProgram(rows, (graph, x) => centeredClip(graph, x, { iterations, radius }));
        expect(largestDifference(y, centered(rows, iterations, radius))).to.be.below(2 ** -8);
      }
    });
  }

  it('takes norms of rows of any length, from zeros to the largest elements', () => {
    for (const length of [1, 5, 1024, 1031, 5000]) {
      const rows = [normal([length], 1e-3, 4).data, normal([length], 1, 5).data, new Float32Array(length)];
      const scaled = [...rows, normal([length], 2 ** 38, 6).data].map((row) => Array.from(row));
      byProgram(scaled, norms).forEach((y, r) => {
        const real = norm(scaled[r]!);
        expect(Math.abs(y - real), `${length}, row ${r}`).to.be.at.most(2 ** -11 * real);
      });
    }
  });
});

/** What attackers send who know every honest update. */
const attacks: Record<string, (honestRows: Rows, attackers: number) => Rows> = {
  'flip signs': (rows, n) => Array.from({ length: n }, (_, i) => rows[i]!.map((x) => -x)),
  'scale noise': (_, n) => Array.from({ length: n }, (__, i) => Array.from(normal([LENGTH], 1e6, 1000 + i).data)),
  'send the largest numbers': (_, n) => Array.from({ length: n }, () => Array<number>(LENGTH).fill(2 ** 40)),
  'pull against the mean': (rows, n) => Array.from({ length: n }, () => meanRow(rows).map((x) => Math.fround(-2 * x))),
  'stay a little below': (rows, n) =>
    Array.from({ length: n }, () =>
      rows[0]!.map((_, i) => {
        const values = column(rows, i);
        const mean = meanOf(values);
        return Math.fround(mean - 1.2 * Math.sqrt(meanOf(values.map((x) => (x - mean) ** 2))));
      }),
    ),
};

const cosine = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, x, i) => sum + x * b[i]!, 0) / (norm(a) * norm(b));

describe('aggregates under attack', function () {
  this.timeout(60_000);

  // Where the median of honest members lies among themselves bounds what can be saved from almost half of all.
  for (const [total, attackers, likeness, length] of [
    [10, 3, 0.9, 0.6],
    [16, 7, 0.7, 0.3],
  ] as const) {
    for (const [name, attack] of Object.entries(attacks)) {
      it(`stay near the honest mean when ${attackers} of ${total} ${name}`, () => {
        const good = honest(total - attackers);
        const rows = [...good, ...attack(good, attackers)];
        const real = meanRow(good);
        const trim = attackers / total;
        for (const y of [
          byProgram(rows, (graph, x) => trimmedMean(graph, x, trim)),
          byProgram(rows, (graph, x) => centeredClip(graph, x, { iterations: 20 })),
        ]) {
          expect(cosine(y, real)).to.be.above(likeness);
          expect(norm(y) / norm(real)).to.be.within(length, 1.4);
        }
      });
    }

    it(`clip what ${attackers} of ${total} send to an honest length`, () => {
      const good = honest(total - attackers);
      const rows = [...good, ...attacks['scale noise']!(good, attackers)];
      const share = (total - attackers) / total;
      const y = byProgram(rows, clippedMean);
      expect(cosine(y, meanRow(good))).to.be.above(0.6);
      expect(norm(y)).to.be.below(1.3 * norm(meanRow(good)));
      expect(y.reduce((sum, x, i) => sum + x * meanRow(good)[i]!, 0)).to.be.above(
        0.5 * share * norm(meanRow(good)) ** 2,
      );
    });
  }
});
