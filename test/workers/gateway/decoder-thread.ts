import { expect } from 'chai';

import { createDecoder } from '../../../engine/decoding/decoder.ts';
import type { State } from '../../../engine/graph/state.ts';
import { initialParameters } from '../../../engine/nn/initial.ts';
import { startDecoderThread } from '../../../workers/gateway/decoder-thread.ts';
import type { TokenSource } from '../../../workers/gateway/scheduler.ts';
import { failsWith } from '../../helpers/errors.ts';
import { tinyModelForTests } from '../../helpers/tiny-model.ts';

const sampling = { temperature: 1, topP: 0.9, seed: `0x${'05'.repeat(32)}` } as const;
const promptOf = (n: number) => [65 + n, 97, 98];

describe('a decoder in a thread', function () {
  this.timeout(20_000);
  const tiny = tinyModelForTests({ model: { depth: 1, width: 32, heads: 2, context: 64, vocabulary: 256 } });
  const optionsOf = (slots: number) => ({ ...tiny().model.executor, threads: 1, slots });
  const start = (slots: number, weights: State = tiny().genesis.state): Promise<TokenSource> =>
    startDecoderThread(tiny().model.recipe, weights, optionsOf(slots));
  /** The first tokens of a prompt alone, without a thread. */
  const alone = async (n: number, count: number): Promise<number[]> => {
    const decoder = await createDecoder(tiny().model.recipe, tiny().genesis.state, optionsOf(1));
    decoder.open(promptOf(n), sampling);
    const tokens: number[] = [];
    while (tokens.length < count) tokens.push(...(await decoder.step()).map(({ token }) => token));
    await decoder.close();
    return tokens;
  };

  it("gives every sequence the tokens that it has without one, also in a slot that was another's", async () => {
    const decoder = await start(2);
    expect([0, 1].map((n) => decoder.open(promptOf(n), sampling))).to.deep.equal([0, 1]);
    const found: number[][] = [[], [], []];
    let inFirst = 0;
    while (found[1]!.length < 12) {
      const decoded = decoder.step();
      if (inFirst === 0 && found[0]!.length === 5) {
        decoder.release(0);
        expect(decoder.open(promptOf(2), sampling)).to.equal(0);
        inFirst = 2;
      }
      for (const { slot, token } of await decoded) found[slot === 0 ? inFirst : 1]!.push(token);
    }
    await decoder.close();
    expect(found.slice(0, 2).map(({ length }) => length)).to.deep.equal([5, 12]);
    // It may have come too late for the steps that were asked for already.
    expect(found[2]!.length).to.be.within(5, 7);
    for (const [n, tokens] of found.entries()) expect(tokens).to.deep.equal(await alone(n, tokens.length));
  });

  it('gives a sequence as many tokens as it was opened for', async () => {
    const decoder = await start(2);
    for (const most of [7, 12]) decoder.open(promptOf(0), sampling, most);
    const found: number[][] = [[], []];
    while (found[1]!.length < 9) for (const { slot, token } of await decoder.step()) found[slot]!.push(token);
    expect(found).to.deep.equal([await alone(0, 4), await alone(0, 9)]);
    await decoder.close();
  });

  it('has as many slots as it was given, and takes the prompts that a decoder takes', async () => {
    const decoder = await start(1);
    await failsWith('PROMPT_LENGTH', () => decoder.open([], sampling));
    await failsWith('SAMPLING_INVALID', () => decoder.open([1], { ...sampling, temperature: -1 }));
    await failsWith('SEQUENCE_LENGTH', () => decoder.open([1], sampling, 1));
    expect(decoder.open([1], sampling)).to.equal(0);
    await failsWith('DECODER_FULL', () => decoder.open([1], sampling));
    await decoder.close();
    await failsWith('DECODER_STOPPED', decoder.step());
  });

  it('fails a step as a decoder does where the weights give no finite logits', async () => {
    const { recipe } = tiny().model;
    const weights = initialParameters(recipe);
    weights.tensors.get('head')!.fill(2 ** 127);
    const decoder = await start(1, weights);
    decoder.open([1], sampling);
    await failsWith('FAULT', decoder.step());
    await decoder.close();
  });
});
