import { expect } from 'chai';

import { createDecoder, type Decoder } from '../../../engine/decoding/decoder.ts';
import { elastic, type Sized } from '../../../workers/gateway/elastic-decoder.ts';
import { failsWith } from '../../helpers/errors.ts';
import { tinyModelForTests } from '../../helpers/tiny-model.ts';

const CONTEXT = 64;
const sampling = { temperature: 1, topP: 0.9, seed: `0x${'05'.repeat(32)}` } as const;
const promptOf = (n: number) => [65 + n, 97, 98];

describe('an elastic decoder', function () {
  this.timeout(20_000);
  const tiny = tinyModelForTests({ model: { depth: 1, width: 32, heads: 2, context: CONTEXT, vocabulary: 256 } });
  let used: number[];

  const load = (slots: number): Promise<Decoder> => {
    const { model, genesis } = tiny();
    return createDecoder(model.recipe, genesis.state, { ...model.executor, slots });
  };
  /** Notes the size of the decoder of each step. */
  const sizes = async (...slots: readonly number[]): Promise<readonly Sized[]> =>
    Promise.all(
      slots.map(async (count) => {
        const decoder = await load(count);
        const step = () => {
          used.push(count);
          return decoder.step();
        };
        return { slots: count, decoder: { ...decoder, step } };
      }),
    );

  beforeEach(() => {
    used = [];
  });

  it('gives every sequence the tokens that it has alone, while sequences come and go', async () => {
    const alone: number[][] = [];
    for (let n = 0; n < 4; n++) {
      const decoder = await load(1);
      decoder.open(promptOf(n), sampling);
      const tokens: number[] = [];
      while (tokens.length < 50) tokens.push(...(await decoder.step()).map(({ token }) => token));
      alone.push(tokens);
      await decoder.close();
    }
    const decoder = elastic(await sizes(1, 2, 4));
    const found = new Map<number, number[]>();
    const open = (n: number) => found.set(decoder.open(promptOf(n), sampling), []);
    open(0);
    for (let step = 0; step < 45; step++) {
      if (step === 5) open(1);
      if (step === 10) [2, 3].forEach(open);
      if (step === 15) [1, 2, 3].forEach((slot) => decoder.release(slot));
      for (const { slot, token } of await decoder.step()) found.get(slot)!.push(token);
    }
    await decoder.close();
    // The last move reads more than one invocation does.
    expect(found.get(0)!.length).to.be.within(40, 44);
    for (const [slot, tokens] of found) expect(tokens).to.deep.equal(alone[slot]!.slice(0, tokens.length));
    expect([...new Set(used)]).to.deep.equal([1, 2, 4]);
  });

  it('moves to a larger one at once, and to a smaller one when that was enough for 16 steps', async () => {
    const decoder = elastic(await sizes(1, 2));
    const [first, second] = [decoder.open(promptOf(0), sampling), decoder.open(promptOf(1), sampling)];
    await decoder.step();
    decoder.release(second);
    for (let step = 0; step < 17; step++) await decoder.step();
    expect(used).to.deep.equal([2, ...Array.from({ length: 15 }, () => 2), 1, 1]);
    decoder.open(promptOf(1), sampling);
    await decoder.step();
    expect(used.at(-1)).to.equal(2);
    // What has not been read yet need not be read again.
    [first, 1].forEach((slot) => decoder.release(slot));
    decoder.open(promptOf(2), sampling);
    await decoder.step();
    expect(used.at(-1)).to.equal(1);
    await decoder.close();
  });

  it('has as many slots as the largest', async () => {
    const decoder = elastic(await sizes(1, 2));
    [0, 1].forEach((n) => decoder.open(promptOf(n), sampling));
    await failsWith('DECODER_FULL', () => decoder.open(promptOf(2), sampling));
    await decoder.close();
  });
});
