import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';

import { startFleet } from '../cli/demo/fleet.ts';
import { projectRoot } from '../cli/demo/hardhat.ts';
import { SwarmlockError } from '../engine/errors.ts';
import { initialParameters } from '../engine/nn/initial.ts';
import type { Recipe } from '../engine/recipe.ts';
import { voucherToken } from '../sdk/vouchers.ts';
import { createFp32Decoder } from './baseline/decoding.ts';
import { log, median, numberOption } from './lib/bench.ts';
import { ASKED, DONE, eventsOf, type PayingClient } from './lib/paying-client.ts';
import { measuredRecipe } from './lib/recipes.ts';
import { MODEL, PROMPT_PRICE, startServing, TOKEN_PRICE, type Serving } from './lib/serving.ts';

export const description = 'tokens that a gateway streams in a second, free and for vouchers, against plain fp32';

export const options = [
  numberOption('--rounds <n>', 'times that everything is measured', 15),
  numberOption('--tokens <n>', 'tokens of every stream', 96),
  numberOption('--width <n>', 'width of the model', 512),
  numberOption('--depth <n>', 'layers of the model', 8),
];

const STREAMS = 16;
const CONTEXT = 128;
const PROMPT = 'To be, or not to';
const PART = 32;

/** A client, and what it has promised so far. */
type Purse = { readonly payer: PayingClient; promised: number };

type Options = { readonly rounds: number; readonly tokens: number; readonly width: number; readonly depth: number };

/** Seconds of each in one round. */
type Round = {
  readonly one: number;
  readonly firstToken: number;
  readonly many: number;
  readonly paid: number;
  readonly fp1: number;
  readonly fp16: number;
};

/**
 * Everything through HTTP but the fp32 decoder, whose tokens go nowhere. `ratioToFp32` is the lower of one stream's and of
 * 16; what is compared takes turns, and ratios are medians over rounds.
 */
export async function run(given: Record<string, unknown>): Promise<object> {
  const { rounds, tokens, width, depth } = given as Options;
  const recipe = measuredRecipe({ depth, width, heads: Math.max(4, width / 64), context: CONTEXT }, { batch: 1 });
  await mkdir(join(projectRoot, '.swarmlock'), { recursive: true });
  const folder = await mkdtemp(join(projectRoot, '.swarmlock', 'serve-'));
  const fleet = startFleet();
  try {
    const serving = await startServing({ recipe, folder, slots: STREAMS, sessions: STREAMS }, fleet);
    log(`two gateways serve; ${rounds} rounds of ${tokens} tokens`);
    const measured = await measure(serving, recipe, rounds, tokens);
    await fleet.stop();
    await rm(folder, { recursive: true, force: true });
    return { width, depth, context: CONTEXT, tokens, ...figuresOf(measured, tokens) };
  } finally {
    await fleet.stop();
  }
}

async function measure(serving: Serving, recipe: Recipe, rounds: number, tokens: number): Promise<readonly Round[]> {
  const [fp1, fp16] = [await timedFp32(recipe, 1), await timedFp32(recipe, STREAMS)];
  const purses = serving.payers.map((payer): Purse => ({ payer, promised: 0 }));
  const found: Round[] = [];
  for (let round = 0; round <= rounds; round++) {
    const { seconds: one, firstToken } = await stream(serving.free, tokens);
    const free = () => timed(() => Promise.all(purses.map(() => stream(serving.free, tokens))));
    const pay = async () => {
      const payments = await Promise.all(purses.map((purse) => paymentFor(purse, tokens)));
      return timed(() => Promise.all(purses.map(({ payer }, i) => stream(payer.url, tokens, payments[i]))));
    };
    // What is run later in a round is slower on some machines: neither is, on average.
    const before = await free();
    const paid = ((await pay()) + (await pay())) / 2;
    const many = (before + (await free())) / 2;
    const measured = { one, firstToken, many, paid, fp1: await fp1(tokens), fp16: await fp16(tokens) };
    // The first round warms everything up.
    if (round > 0) found.push(measured);
  }
  return found;
}

function figuresOf(rounds: readonly Round[], tokens: number) {
  const over = (value: (round: Round) => number) => median(rounds.map(value));
  const [ratio1, ratio16] = [over(({ one, fp1 }) => fp1 / one), over(({ many, fp16 }) => fp16 / many)];
  return {
    tokensPerSecond1: tokens / over(({ one }) => one),
    tokensPerSecond16: (STREAMS * tokens) / over(({ many }) => many),
    timeToFirstTokenMs: 1e3 * over(({ firstToken }) => firstToken),
    voucherOverheadPercent: 100 * over(({ many, paid }) => paid / many - 1),
    streamGain: over(({ one, many }) => (STREAMS * one) / many),
    ratio1,
    ratio16,
    ratioToFp32: Math.min(ratio1, ratio16),
  };
}

const ask = (tokens: number) => ({ model: MODEL, prompt: PROMPT, max_tokens: tokens, temperature: 0 });

/** How a stream is paid: with the request, and when a voucher is asked for. */
type Payment = { readonly token: string; pay(): Promise<unknown> };

/** One stream, read to its end in the same way whether it is paid or not. */
async function stream(
  url: string,
  tokens: number,
  payment?: Payment,
): Promise<{ readonly seconds: number; readonly firstToken: number }> {
  const start = performance.now();
  const body = JSON.stringify({ ...ask(tokens), stream: true });
  const headers = payment === undefined ? {} : { authorization: `Bearer ${payment.token}` };
  const response = await fetch(`${url}/v1/completions`, { method: 'POST', headers, body });
  let firstToken: number | undefined;
  let last: string | undefined;
  for await (const event of eventsOf(response)) {
    firstToken ??= (performance.now() - start) / 1e3;
    last = event;
    if (event.startsWith(ASKED)) void payment!.pay();
  }
  if (last !== DONE) throw new SwarmlockError('A stream has ended early', { code: 'STREAM_BROKEN' });
  return { seconds: (performance.now() - start) / 1e3, firstToken: firstToken! };
}

/** A voucher for the prompt and the first part of a stream, and one for each further part: clients sign on machines of their own. */
async function paymentFor(purse: Purse, tokens: number): Promise<Payment> {
  const { payer } = purse;
  const prompt = purse.promised + PROMPT.length * PROMPT_PRICE;
  purse.promised = prompt + tokens * TOKEN_PRICE;
  const parts = Array.from({ length: Math.ceil(tokens / PART) }, (_, part) => Math.min(tokens, (part + 1) * PART));
  const signed = await Promise.all(parts.map((paid) => payer.voucher(prompt + paid * TOKEN_PRICE)));
  return { token: voucherToken(signed.shift()!), pay: () => payer.bring(signed.shift()!) };
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1e3;
}

/** Seconds in which plain fp32 reads the prompt and decodes as many tokens, one by one. */
async function timedFp32(recipe: Recipe, streams: number): Promise<(tokens: number) => Promise<number>> {
  const decoder = await createFp32Decoder(recipe, initialParameters(recipe).tensors, streams, 1);
  return (tokens) =>
    timed(async () => {
      let last = Array.from({ length: streams }, () => PROMPT.charCodeAt(0));
      for (let position = 0; position < tokens; position++) last = await decoder.step(last, position);
    });
}
