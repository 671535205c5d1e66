import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { Agent, request, type IncomingMessage } from 'node:http';
import { join } from 'node:path';

import { startFleet } from '../cli/demo/fleet.ts';
import { projectRoot } from '../cli/demo/hardhat.ts';
import { SwarmlockError } from '../engine/errors.ts';
import { initialParameters } from '../engine/nn/initial.ts';
import type { Recipe } from '../engine/recipe.ts';
import { voucherToken, type SignedVoucher } from '../sdk/vouchers.ts';
import { createFp32Decoder } from './baseline/decoding.ts';
import { log, median, numberOption } from './lib/bench.ts';
import { ASKED, DONE, eventsOf, type PayingClient } from './lib/paying-client.ts';
import { measuredRecipe } from './lib/recipes.ts';
import { AMOUNT, MODEL, PROMPT_PRICE, startServing, TOKEN_PRICE } from './lib/serving.ts';

export const description = 'tokens that a gateway streams in a second, paid ahead and by vouchers, against plain fp32';

export const options = [
  numberOption('--rounds <n>', 'times that everything is measured', 25),
  numberOption('--tokens <n>', 'tokens of every stream', 96),
  numberOption('--width <n>', 'width of the model', 512),
  numberOption('--depth <n>', 'layers of the model', 8),
];

const STREAMS = 16;
const CONTEXT = 128;
const PROMPT = 'To be, or not to';
const PART = 32;

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
 * 16; what is compared takes turns, and ratios are medians over rounds. Vouchers are held against streams of the same
 * gateway that were paid long ago: two processes differ by more than vouchers cost.
 */
export async function run(given: Record<string, unknown>): Promise<object> {
  const { rounds, tokens, width, depth } = given as Options;
  const recipe = measuredRecipe({ depth, width, heads: Math.max(4, width / 64), context: CONTEXT }, { batch: 1 });
  await mkdir(join(projectRoot, '.swarmlock'), { recursive: true });
  const folder = await mkdtemp(join(projectRoot, '.swarmlock', 'serve-'));
  const fleet = startFleet();
  try {
    const payers = await startServing({ recipe, folder, slots: STREAMS, sessions: 2 * STREAMS }, fleet);
    log(`a gateway serves; ${rounds} rounds of ${tokens} tokens`);
    const measured = await measure(payers, recipe, rounds, tokens);
    await fleet.stop();
    await rm(folder, { recursive: true, force: true });
    return { width, depth, context: CONTEXT, tokens, ...figuresOf(measured, tokens) };
  } finally {
    await fleet.stop();
  }
}

async function measure(
  payers: readonly PayingClient[],
  recipe: Recipe,
  rounds: number,
  tokens: number,
): Promise<readonly Round[]> {
  const [fp1, fp16] = [await timedFp32(recipe, 1), await timedFp32(recipe, STREAMS)];
  const ahead = await Promise.all(payers.slice(STREAMS).map(paidAhead));
  const purses = payers.slice(0, STREAMS).map((payer) => purseOf(payer, tokens));
  const all = (payments: readonly Payment[]) => timed(() => Promise.all(payments.map((one) => stream(tokens, one))));
  const found: Round[] = [];
  for (let round = 0; round <= rounds; round++) {
    const { seconds: one, firstToken } = await stream(tokens, ahead[0]!);
    const pay = async () => all(await Promise.all(purses.map((payment) => payment())));
    // What is run later in a round is slower on some machines: neither is, on average.
    const before = await all(ahead);
    const paid = ((await pay()) + (await pay())) / 2;
    const many = (before + (await all(ahead))) / 2;
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

/** How a stream is paid: with the request, and when a voucher is asked for. */
type Payment = { readonly payer: PayingClient; readonly token: string; pay(): Promise<void> };

/** One stream, read to its end in the same way however it is paid. */
async function stream(
  tokens: number,
  { payer, token, pay }: Payment,
): Promise<{ readonly seconds: number; readonly firstToken: number }> {
  const start = performance.now();
  const asked = { model: MODEL, prompt: PROMPT, max_tokens: tokens, temperature: 0, stream: true };
  const response = await payer.post(asked, token);
  let firstToken: number | undefined;
  let last: string | undefined;
  for await (const event of eventsOf(response)) {
    firstToken ??= (performance.now() - start) / 1e3;
    last = event;
    if (event.startsWith(ASKED)) void pay();
  }
  if (last !== DONE) throw new SwarmlockError('A stream has ended early', { code: 'STREAM_BROKEN' });
  return { seconds: (performance.now() - start) / 1e3, firstToken: firstToken! };
}

/** One voucher for all that the session has: only the first stream brings something new. */
async function paidAhead(payer: PayingClient): Promise<Payment> {
  return { payer, token: await payer.token(AMOUNT), pay: async () => undefined };
}

/**
 * For each stream a voucher for the prompt and the first part, and one for each further part. They are signed before, and
 * brought with the least that takes: clients have machines of their own.
 */
function purseOf(payer: PayingClient, tokens: number): () => Promise<Payment> {
  let promised = 0;
  return async () => {
    const prompt = promised + PROMPT.length * PROMPT_PRICE;
    promised = prompt + tokens * TOKEN_PRICE;
    const parts = Array.from({ length: Math.ceil(tokens / PART) }, (_, part) => Math.min(tokens, (part + 1) * PART));
    const signed = await Promise.all(parts.map((paid) => payer.voucher(prompt + paid * TOKEN_PRICE)));
    return { payer, token: voucherToken(signed.shift()!), pay: () => bring(payer.url, signed.shift()!) };
  };
}

const agent = new Agent({ keepAlive: true });

async function bring(url: string, { session, drawn, signature }: SignedVoucher): Promise<void> {
  const body = JSON.stringify({ drawn, signature });
  const asked = request(`${url}/v1/sessions/${session}/vouchers`, { agent, method: 'POST' });
  asked.end(body);
  const [response] = (await once(asked, 'response')) as [IncomingMessage];
  response.resume();
  if (response.statusCode !== 200) throw new SwarmlockError('A voucher was refused', { code: 'VOUCHER_REFUSED' });
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
