import { setImmediate as turn } from 'node:timers/promises';
import { expect } from 'chai';

import { createDecoder, type DecoderOptions } from '../../../engine/decoding/decoder.ts';
import { continuationProgram } from '../../../engine/decoding/programs.ts';
import { continuationRequest, drawAt, type SamplingOptions } from '../../../engine/decoding/request.ts';
import { createState, type State } from '../../../engine/graph/state.ts';
import { initialParameters } from '../../../engine/nn/initial.ts';
import { createExecutor, type ExecutorOptions } from '../../../engine/onnx/executor.ts';
import { chooseKernel } from '../../../engine/onnx/self_test.ts';
import { logitsProgram } from '../../../engine/programs.ts';
import type { Recipe, RecipeInput } from '../../../engine/recipe.ts';
import { failsWith } from '../../helpers/errors.ts';
import { tinyRecipe } from '../../helpers/recipes.ts';

const greedy: SamplingOptions = { temperature: 0, topP: 1, seed: `0x${'01'.repeat(32)}` };
const warm: SamplingOptions = { ...greedy, temperature: 1, topP: 0.9 };

const shapes: Record<string, Partial<RecipeInput>> = {
  'squared ReLU, two blocks, two heads': {},
  'SwiGLU, three blocks, one head': {
    model: { depth: 3, width: 16, heads: 1, context: 12, vocabulary: 256, mlp: 'swiglu', expansion: 2 },
  },
  'two slices of everything, four heads': {
    model: { depth: 1, width: 32, heads: 4, context: 9, vocabulary: 256 },
    slices: { activations: 2, hidden: 2, weights: 2, scores: 2, values: 2, probabilities: 2, head: 2 },
  },
};

/** Logits at every position of a text, by the forward pass of training. */
async function forwardLogits(recipe: Recipe, parameters: State, text: readonly number[], options: ExecutorOptions) {
  const { context, vocabulary } = recipe.model;
  const executor = await createExecutor(logitsProgram(recipe), options);
  const output = createState(executor.program.output);
  const batch = new Uint32Array(context + 1);
  batch.set(text.slice(0, context));
  await executor.run([parameters], output, batch);
  await executor.close();
  const logits = output.tensors.get('logits')!;
  return text.map((_, at) => Array.from(logits.slice(at * vocabulary, (at + 1) * vocabulary)));
}

type Found = { readonly slot: number; readonly prompt: readonly number[]; tokens: number[]; logits: number[][] };

/** What a decoder gives after a prompt: its tokens, and the logits of each. */
async function decode(
  { recipe, parameters }: { recipe: Recipe; parameters: State },
  prompts: readonly (readonly number[])[],
  options: DecoderOptions,
  sampling: SamplingOptions = greedy,
) {
  const decoder = await createDecoder(recipe, parameters, options);
  const found = prompts.map((prompt): Found => ({
    slot: decoder.open(prompt, sampling),
    prompt,
    tokens: [],
    logits: [],
  }));
  const isOpen = () => found.some(({ prompt, tokens }) => prompt.length + tokens.length <= recipe.model.context);
  while (isOpen())
    for (const { slot, token, logits } of await decoder.step()) {
      const sequence = found.find((one) => one.slot === slot)!;
      sequence.tokens.push(token);
      sequence.logits.push(Array.from(logits));
    }
  await decoder.close();
  return found;
}

const text = (recipe: Recipe, seed: number) =>
  Array.from({ length: recipe.model.context }, (_, i) => (i * 37 + seed * 101 + (i % 3) * seed) % 256);

describe('a decoder', function () {
  this.timeout(60_000);
  let options: ExecutorOptions;
  before(async () => {
    options = { kernel: await chooseKernel(), threads: 1 };
  });
  const modelOf = (fields: Partial<RecipeInput> = {}) => {
    const recipe = tinyRecipe(fields);
    return { recipe, parameters: initialParameters(recipe) };
  };

  for (const [name, fields] of Object.entries(shapes)) {
    describe(`of ${name}`, () => {
      for (const chunk of [1, 4, 7]) {
        it(`has the logits of training's forward pass, reading ${chunk} tokens of a prompt at a time`, async () => {
          const model = modelOf(fields);
          const prompts = [1, 5, 8].map((length, seed) => text(model.recipe, seed).slice(0, length));
          const found = await decode(model, prompts, { ...options, slots: 4, chunk });
          for (const { prompt, tokens, logits } of found) {
            const whole = [...prompt, ...tokens];
            expect(whole.length).to.equal(model.recipe.model.context + 1);
            const forward = await forwardLogits(model.recipe, model.parameters, whole.slice(0, -1), options);
            expect(logits).to.deep.equal(forward.slice(prompt.length - 1));
            tokens.forEach((token, i) => expect(token).to.equal(logits[i]!.indexOf(Math.max(...logits[i]!))));
          }
        });
      }
    });
  }

  it('gives a sequence the same tokens and logits whatever its neighbours, and whenever they come and go', async () => {
    const model = modelOf();
    const prompt = text(model.recipe, 1).slice(0, 5);
    const [alone] = await decode(model, [prompt], { ...options, slots: 1, chunk: 1 }, warm);
    const decoder = await createDecoder(model.recipe, model.parameters, { ...options, slots: 3, chunk: 4 });
    const others = [2, 3].map((seed) => decoder.open(text(model.recipe, seed).slice(0, 3 + 4 * seed), warm));
    await decoder.step();
    const slot = decoder.open(prompt, warm);
    const found: { token: number; logits: number[] }[] = [];
    while (found.length < alone!.tokens.length) {
      for (const one of await decoder.step())
        if (one.slot === slot) found.push({ token: one.token, logits: Array.from(one.logits) });
      if (found.length === 2) decoder.release(others[0]!);
      // A slot that was used is as good as a new one.
      if (found.length === 4) expect(decoder.open(text(model.recipe, 5), warm)).to.equal(others[0]);
    }
    await decoder.close();
    expect(found).to.deep.equal(alone!.tokens.map((token, i) => ({ token, logits: alone!.logits[i]! })));
  });

  it('gives all the same tokens while more come than few rows hold, and while the few that stay close up', async () => {
    const model = modelOf();
    const prompts = [1, 6, 3, 9, 2, 7].map((length, seed) => text(model.recipe, seed).slice(0, length));
    const alone: Found[] = [];
    for (const prompt of prompts)
      alone.push(...(await decode(model, [prompt], { ...options, slots: 1, chunk: 4 }, warm)));
    const decoder = await createDecoder(model.recipe, model.parameters, { ...options, slots: 6, chunk: 4 });
    const found = new Map<number, number[]>();
    const open = (n: number) => found.set(n, []) && expect(decoder.open(prompts[n]!, warm)).to.equal(n);
    for (let step = 0; step < 8; step++) {
      if (step === 0) open(0);
      if (step === 1) [1, 2, 3, 4, 5].forEach(open);
      // Those of the last rows stay.
      if (step === 4) [0, 1, 2].forEach((slot) => decoder.release(slot));
      if (step === 5) [3, 4].forEach((slot) => decoder.release(slot));
      for (const { slot, token } of await decoder.step()) found.get(slot)!.push(token);
    }
    await decoder.close();
    for (const [n, tokens] of found) expect(tokens).to.deep.equal(alone[n]!.tokens.slice(0, tokens.length));
    expect([...found.values()].map(({ length }) => length)).to.deep.equal([4, 2, 3, 2, 4, 6]);
  });

  it('takes the others on by a token while it reads a prompt by chunks', async () => {
    const model = modelOf();
    const decoder = await createDecoder(model.recipe, model.parameters, { ...options, slots: 2, chunk: 4 });
    const first = decoder.open(text(model.recipe, 1).slice(0, 1), greedy);
    const slots = async () => (await decoder.step()).map(({ slot }) => slot);
    expect(await slots()).to.deep.equal([first]);
    const second = decoder.open(text(model.recipe, 2).slice(0, 9), greedy);
    expect(await slots()).to.deep.equal([first]);
    expect(await slots()).to.deep.equal([first]);
    expect(await slots()).to.have.members([first, second]);
    await decoder.close();
  });

  it('gives a sequence as many tokens as it was opened for', async () => {
    const model = modelOf();
    const decoder = await createDecoder(model.recipe, model.parameters, { ...options, slots: 2, chunk: 4 });
    const prompt = text(model.recipe, 1).slice(0, 5);
    const [few, all] = [decoder.open(prompt, warm, 7), decoder.open(prompt, warm)];
    const found = new Map<number, number[]>([few, all].map((slot) => [slot, []]));
    for (let step = 0; step <= model.recipe.model.context; step++)
      for (const { slot, token } of await decoder.step()) found.get(slot)!.push(token);
    expect(found.get(all)!.length).to.equal(model.recipe.model.context + 1 - prompt.length);
    expect(found.get(few)).to.deep.equal(found.get(all)!.slice(0, 2));
    await decoder.close();
  });

  it('has the tokens and logits of the program that a claim is about', async () => {
    const model = modelOf();
    const prompt = text(model.recipe, 2).slice(0, 6);
    const [{ tokens, logits }] = (await decode(model, [prompt], { ...options, slots: 2 }, warm)) as [Found];
    const executor = await createExecutor(continuationProgram(model.recipe), options);
    const output = createState(executor.program.output);
    for (const [i, token] of tokens.entries()) {
      const request = continuationRequest(model.recipe, [...prompt, ...tokens.slice(0, i)], warm);
      await executor.run([model.parameters, request], output);
      expect(output.tensors.get('token')![0]).to.equal(token);
      expect(Array.from(output.tensors.get('logits')!)).to.deep.equal(logits[i]);
    }
    await executor.close();
    expect(new Set(tokens).size).to.be.greaterThan(1);
  });

  it('draws by seed and position alone', () => {
    const draws = Array.from({ length: 200 }, (_, position) => drawAt(warm.seed, position));
    expect(draws).to.deep.equal(draws.map((_, position) => drawAt(warm.seed, position)));
    expect(drawAt(`0x${'02'.repeat(32)}`, 0)).not.to.equal(draws[0]);
    expect(new Set(draws).size).to.equal(200);
    expect(draws.every((draw) => Number.isInteger(draw) && draw >= 0 && draw < 2 ** 24)).to.equal(true);
    const mean = draws.reduce((a, b) => a + b) / draws.length / 2 ** 24;
    expect(mean).to.be.within(0.4, 0.6);
  });

  it('takes as many sequences as it has slots, and prompts that fit the context', async () => {
    const { recipe, parameters } = modelOf();
    const { context } = recipe.model;
    const decoder = await createDecoder(recipe, parameters, { ...options, slots: 2, chunk: 1 });
    await failsWith('PROMPT_LENGTH', () => decoder.open([], greedy));
    await failsWith('PROMPT_LENGTH', () => decoder.open(Array<number>(context + 1).fill(1), greedy));
    await failsWith('PROMPT_TOKEN', () => decoder.open([256], greedy));
    await failsWith('SAMPLING_INVALID', () => decoder.open([1], { ...greedy, temperature: -1 }));
    await failsWith('SAMPLING_INVALID', () => decoder.open([1], { ...greedy, temperature: NaN }));
    await failsWith('SAMPLING_INVALID', () => decoder.open([1], { ...greedy, temperature: 101 }));
    await failsWith('SAMPLING_INVALID', () => decoder.open([1], { ...greedy, topP: 1.1 }));
    for (const most of [1, 1.5, NaN, context + 2]) {
      await failsWith('SEQUENCE_LENGTH', () => decoder.open([1], greedy, most));
    }
    decoder.release(decoder.open([1], greedy, 2));
    decoder.release(decoder.open([1], greedy, context + 1));
    expect(decoder.open([0], { ...greedy, temperature: 100 })).to.equal(0);
    expect(decoder.open(Array<number>(context).fill(255), { ...greedy, topP: 0 })).to.equal(1);
    await failsWith('DECODER_FULL', () => decoder.open([1], greedy));
    decoder.release(0);
    expect(decoder.open([1], greedy)).to.equal(0);
    await decoder.close();
  });

  it('gives nothing to a sequence that takes a slot during a step, and then what it gives any', async () => {
    const model = modelOf();
    const [before, after] = [1, 2].map((seed) => text(model.recipe, seed).slice(0, 5)) as [number[], number[]];
    const [alone] = await decode(model, [after], { ...options, slots: 1 });
    const decoder = await createDecoder(model.recipe, model.parameters, { ...options, slots: 1 });
    const slot = decoder.open(before, greedy);
    const step = decoder.step();
    decoder.release(slot);
    expect(decoder.open(after, greedy)).to.equal(slot);
    expect(await step).to.deep.equal([]);
    const [first] = await decoder.step();
    expect(first!.token).to.equal(alone!.tokens[0]);
    expect(Array.from(first!.logits)).to.deep.equal(alone!.logits[0]);
    await decoder.close();
  });

  it('gives nothing to it either where one invocation of the step was done, and others are not', async () => {
    const model = modelOf();
    const [reader, writer, next] = [4, 1, 4].map((length, seed) => text(model.recipe, seed).slice(0, length));
    const [alone] = await decode(model, [next!], { ...options, slots: 1 });
    const decoder = await createDecoder(model.recipe, model.parameters, { ...options, slots: 2, chunk: 4 });
    let isDone = false;
    for (let turns = 0; !isDone; turns++) {
      const slots = [reader!, writer!].map((prompt) => decoder.open(prompt, greedy));
      const step = decoder.step();
      void step.then(() => (isDone = true));
      for (let i = 0; i < turns; i++) await turn();
      if (!isDone) {
        decoder.release(slots[0]!);
        expect(decoder.open(next!, greedy)).to.equal(slots[0]);
        expect((await step).map(({ slot }) => slot)).to.deep.equal([slots[1]]);
        isDone = false;
        const found = (await decoder.step()).find(({ slot }) => slot === slots[0]);
        expect(found!.token).to.equal(alone!.tokens[0]);
      }
      slots.forEach((slot) => decoder.release(slot));
    }
    await decoder.close();
  });

  it('gives no token where the weights give no finite logits', async () => {
    const { recipe, parameters } = modelOf();
    const { width } = recipe.model;
    // One logit: infinite above all others, infinite below them, and neither.
    for (const weight of [2 ** 127, -(2 ** 127), 2 ** 100]) {
      parameters.tensors
        .get('head')!
        .fill(0)
        .fill(weight, 7 * width, 8 * width);
      const decoder = await createDecoder(recipe, parameters, { ...options, slots: 1, chunk: 1 });
      decoder.open([1], greedy);
      if (Math.abs(weight) > 2 ** 100) await failsWith('FAULT', decoder.step());
      else expect((await decoder.step())[0]!.logits.every(Number.isFinite)).to.equal(true);
      await decoder.close();
    }
  });

  it('has nothing to do without a sequence, or when all are at their end', async () => {
    const { recipe, parameters } = modelOf();
    const decoder = await createDecoder(recipe, parameters, { ...options, slots: 1, chunk: 8 });
    expect(await decoder.step()).to.deep.equal([]);
    decoder.open(text(recipe, 1), greedy);
    expect(await decoder.step()).to.deep.equal([]);
    expect((await decoder.step()).length).to.equal(1);
    expect(await decoder.step()).to.deep.equal([]);
    await decoder.close();
  });
});
