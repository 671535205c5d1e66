import { expect } from 'chai';
import fc from 'fast-check';

import { tokenOf } from '../../../engine/decoding/sample.ts';
import { DRAW_BITS, LEAST_TEMPERATURE, sampled } from '../../../engine/nn/sampling.ts';
import { TABLE_UNITS } from '../../../engine/nn/softmax.ts';
import { evaluate } from '../../../engine/reference.ts';
import type { GraphBuilder } from '../../../engine/graph/builder.ts';
import type { DType, Tensor } from '../../../engine/graph/types.ts';
import { failsWith } from '../../helpers/errors.ts';
import { exactKernels, invocationOf, loweredOutcome, outputsAmong, referenceOutcome } from '../../helpers/programs.ts';

type Row = {
  readonly logits: readonly number[];
  readonly temperature: number;
  readonly topP: number;
  readonly draw: number;
};

const arrays = { f32: Float32Array, i32: Int32Array };
const held = (dtype: 'f32' | 'i32', shape: readonly number[], values: readonly number[]) => ({
  tensor: { dtype: dtype as DType, shape, data: arrays[dtype].from(values) } satisfies Tensor,
  held: 'input' as const,
});

const invocationFor = (rows: readonly Row[]) =>
  invocationOf(
    [
      held(
        'f32',
        [rows.length, rows[0]!.logits.length],
        rows.flatMap(({ logits }) => logits),
      ),
      held(
        'f32',
        [rows.length],
        rows.map(({ temperature }) => temperature),
      ),
      held(
        'f32',
        [rows.length],
        rows.map(({ topP }) => topP),
      ),
      held(
        'i32',
        [rows.length],
        rows.map(({ draw }) => draw),
      ),
    ],
    (graph: GraphBuilder, [logits, temperature, topP, draw]) => [
      sampled(graph, logits!, { temperature: temperature!, topP: topP!, draw: draw! }),
    ],
  );

/** The tokens that the program gives, which are those that a decoder takes without it. */
function tokensOf(rows: readonly Row[]): readonly number[] {
  const { program, states } = invocationFor(rows);
  const values = evaluate(program, states).map((tensor) => tensor && Array.from(tensor.data));
  const tokens = outputsAmong(program, values)[0]!;
  const taken = rows.map(({ logits, draw, ...row }) => tokenOf(Float32Array.from(logits), row, () => draw));
  expect(taken).to.deep.equal(tokens);
  return tokens;
}

/** Logits of which each is so many halvings below zero. */
const halved = (powers: readonly number[]) => powers.map((power) => -power * Math.LN2);

/** What the rules say of weights 2^(14 - power), the largest of which is one less. */
function expectedOf(powers: readonly number[], topP: number, draw: number): number {
  const least = Math.min(...powers);
  const weights = powers.map((power) => Math.min(2 ** (14 - power + least), 2 ** 14 - 1));
  const whole = weights.reduce((a, b) => a + b);
  const needed = Math.ceil(Math.fround(Math.fround(topP) * whole));
  let threshold = 0;
  let sum = 0;
  for (const weight of weights.toSorted((a, b) => b - a)) {
    if (sum >= needed && sum > 0) break;
    threshold = weight;
    sum += weight;
  }
  const kept = weights.map((weight) => (weight >= threshold ? weight : 0));
  const total = kept.reduce((a, b) => a + b);
  const place = Math.min(Math.floor(Math.fround((draw / 2 ** DRAW_BITS) * total)), total - 1);
  let running = 0;
  return kept.findIndex((weight) => (running += weight) > place);
}

describe('sampling', function () {
  this.timeout(20_000);
  const row = { temperature: 0, topP: 1, draw: 0 };

  it('takes the likeliest token without temperature, the first of several, however small the difference', () => {
    expect(
      tokensOf([
        { ...row, logits: [1, 3, 2, 3] },
        { ...row, logits: [-5, -5, -5, -5] },
        { ...row, logits: [1, 1 + 2 ** -23, 1, 1] },
        { ...row, logits: [0, 0, 2 ** -149, 0] },
        { ...row, logits: [-(2 ** 100), -(2 ** 99), -(2 ** 101), 0] },
      ]),
    ).to.deep.equal([1, 0, 1, 2, 3]);
  });

  it('samples from the least temperature on, and not below', () => {
    const logits = [0, 0, 0, 0];
    const draw = 2 ** DRAW_BITS - 1;
    expect(
      tokensOf([
        { ...row, logits, draw, temperature: LEAST_TEMPERATURE * (1 - 2 ** -20) },
        { ...row, logits, draw, temperature: LEAST_TEMPERATURE },
      ]),
    ).to.deep.equal([0, 3]);
  });

  it('draws each token by its weight among the likeliest that have the part asked for', () => {
    const power = fc.integer({ min: 0, max: 12 });
    const cases = fc.record({
      powers: fc.array(power, { minLength: 7, maxLength: 7 }),
      topP: fc.double({ min: 0, max: 1, noNaN: true }),
      draw: fc.oneof(fc.integer({ min: 0, max: 2 ** DRAW_BITS - 1 }), fc.constant(2 ** DRAW_BITS - 1)),
    });
    fc.assert(
      fc.property(fc.array(cases, { minLength: 5, maxLength: 5 }), (rows) => {
        const asked = rows.map(({ powers, ...rest }) => ({ ...rest, logits: halved(powers), temperature: 1 }));
        const expected = rows.map(({ powers, topP, draw }) => expectedOf(powers, topP, draw));
        expect(tokensOf(asked)).to.deep.equal(expected);
      }),
      { numRuns: 60 },
    );
  });

  it('makes what is unlikely likelier with a higher temperature', () => {
    const logits = halved([0, 4]);
    const at = (temperature: number, part: number) => ({ ...row, logits, temperature, draw: part * 2 ** DRAW_BITS });
    // Weights are 16 to 1, and 2 to 1 at four times the temperature.
    expect(tokensOf([at(1, 0.9375), at(1, 0.9453125), at(4, 0.65625), at(4, 0.671875)])).to.deep.equal([0, 1, 0, 1]);
  });

  it('has the same bits lowered, over a vocabulary of 256', async () => {
    const logits = (seed: number) => Array.from({ length: 256 }, (_, i) => Math.fround(Math.sin(i * seed) * 6));
    const rows = Array.from({ length: 12 }, (_, seed) => ({
      ...{
        logits: logits(seed),
        temperature: seed / 9,
        topP: ((7 * seed) % 41) / 41,
        draw: (seed * 3_999_971) % 2 ** 24,
      },
    }));
    expect(new Set(tokensOf(rows)).size).to.be.greaterThan(6);
    const invocation = invocationFor(rows);
    for (const kernel of await exactKernels())
      expect(await loweredOutcome(invocation, kernel)).to.deep.equal(referenceOutcome(invocation));
  });

  it('is refused for more tokens than can be sorted', async () => {
    const most = { ...row, logits: Array<number>(256).fill(0) };
    expect(tokensOf([most])).to.deep.equal([0]);
    await failsWith('GRAPH_INVALID', () => tokensOf([{ ...most, logits: [...most.logits, 0] }]));
  });

  it('has no token without the program, either, where a score is beyond every number', async () => {
    const largest = 2 ** 127 / (TABLE_UNITS / LEAST_TEMPERATURE);
    for (const temperature of [0, LEAST_TEMPERATURE]) {
      const of = (logit: number) => [{ ...row, temperature, logits: [0, logit] }];
      expect(tokensOf(of(largest))).to.deep.equal([1]);
      for (const logit of [4 * largest, -4 * largest]) {
        await failsWith('FAULT', () => tokenOf(Float32Array.from([0, logit]), of(logit)[0]!, () => 0));
        await failsWith('FAULT', () => tokensOf(of(logit)));
      }
    }
  });
});
