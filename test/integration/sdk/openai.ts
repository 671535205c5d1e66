import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { createWalletClient, hexToBytes, http, parseEther } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

import { complete } from '../../../docs/examples/openai.ts';
import { byteTokenizer } from '../../../engine/data/tokenizer.ts';
import { swarmlockActions } from '../../../sdk/actions.ts';
import { swarmlockFetch, type SwarmlockFetchOptions } from '../../../sdk/openai-fetch.ts';
import { runPledges } from '../../../sdk/pledges.ts';
import { answeredIn, pledgeIn, receiptObject, type SignedReceipt } from '../../../sdk/receipts.ts';
import { registeredRoute } from '../../../sdk/route.ts';
import { readRun } from '../../../sdk/run.ts';
import { readSession } from '../../../sdk/sessions.ts';
import { settledRoots } from '../../../sdk/settled-roots.ts';
import { parseVoucherToken } from '../../../sdk/vouchers.ts';
import { viemWallet } from '../../../sdk/wallet.ts';
import { systemClock } from '../../../workers/lib/clock.ts';
import { openCashier, type Cashier } from '../../../workers/gateway/cashier.ts';
import { gatewayConfig } from '../../../workers/gateway/config.ts';
import type { Customer } from '../../../workers/gateway/customer.ts';
import { createNotary } from '../../../workers/gateway/notary.ts';
import type { Offer } from '../../../workers/gateway/payment-required.ts';
import { voucherFiles } from '../../../workers/gateway/voucher-files.ts';
import { createCreditedRun, type CreditedRun } from '../../helpers/credits.ts';
import { senderOf, wrapEther } from '../../helpers/deployment.ts';
import { failsWith } from '../../helpers/errors.ts';
import { needed, startLocalGateway, type LocalGateway } from '../../helpers/gateway.ts';
import { silentLog } from '../../helpers/logs.ts';
import { CHAIN_ID, nodeForTests } from '../../helpers/node.ts';
import { tinyModelForTests } from '../../helpers/tiny-model.ts';

const PROMPT = 3;
const TOKEN = 10;
const PART = 8;
const asked = { model: 'tiny', prompt: 'the quick', max_tokens: 20, temperature: 0 };
const whole = 9 * PROMPT + 20 * TOKEN;

describe('the fetch that pays for the OpenAI client', function () {
  this.timeout(60_000);
  const node = nodeForTests();
  const tiny = tinyModelForTests({ model: { depth: 1, width: 32, heads: 2, context: 64, vocabulary: 256 } });
  const folder = mkdtempSync(join(tmpdir(), 'swarmlock-'));
  const key = privateKeyToAccount(generatePrivateKey());
  let run: CreditedRun;
  let offer: Offer;
  let cashier: Cashier;
  let gateway: LocalGateway;
  let owner: ReturnType<typeof clientOf>;

  const clientOf = (account = privateKeyToAccount(generatePrivateKey())) =>
    createWalletClient({ account, chain: node().client.chain, transport: http(node().rpcUrl), pollingInterval: 10 });
  const payerWith = (changes: Partial<SwarmlockFetchOptions> = {}) => {
    const { sessions } = run.deployment;
    const { credits } = run;
    const limits = { deposit: 1_000, mostPerRequest: 500 };
    const isSettled = settledRoots(() => readRun(node().client, run.deployment, run.runId));
    const pledges = runPledges(node().client, run.deployment, run.runId);
    const place = { chainId: CHAIN_ID, sessions, credits, isSettled, pledges };
    return swarmlockFetch({ wallet: viemWallet(owner), key, ...place, ...limits, ...changes });
  };
  const openaiWith = (fetch: typeof globalThis.fetch, maxRetries = 0) =>
    new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', fetch, maxRetries });
  const streamed = async (openai: OpenAI): Promise<string> => {
    let text = '';
    for await (const { choices } of await openai.completions.create({ ...asked, stream: true }))
      text += choices[0]!.text;
    return text;
  };
  const cashierAt = (name: string, offer: Offer) =>
    openCashier({
      offer,
      files: voucherFiles(join(folder, name), silentLog),
      readSession: (id) => readSession(node().client, offer, id),
      mostPerSession: 4,
      mostLookups: 100,
      clock: systemClock,
      voucherMs: 2_000,
    });
  /** The same gateway with a pledge, from now on. */
  const startPledged = async (): Promise<{ readonly pledged: LocalGateway; readonly id: bigint }> => {
    const { deployment, runId } = run;
    const { client } = node();
    const account = await node().fundedAccount();
    await wrapEther(deployment, senderOf(node(), account), parseEther('1'));
    const { stake, receipts } = clientOf(account).extend(swarmlockActions(deployment));
    await stake.approve(parseEther('1'));
    await stake.deposit(parseEther('1'));
    const id = pledgeIn(await receipts.pledge(runId, account.address, parseEther('1')))!;
    const config = gatewayConfig.parse({ ...needed, chainId: CHAIN_ID });
    const state = await readRun(client, deployment, runId);
    const notary = createNotary({ config, deployment, clock: systemClock, signer: account }, id, state);
    const cashier = await cashierAt('pledged', { ...offer, pledge: id });
    return { pledged: await startLocalGateway(tiny(), { cashier, notary }), id };
  };
  const customers = () => [...cashier.customers.values()];
  const transactions = () => node().client.getTransactionCount({ address: owner.account.address });

  before(async () => {
    const account = await node().fundedAccount();
    owner = clientOf(account);
    const { root: genesisRoot } = tiny().genesis;
    run = await createCreditedRun(node(), folder, account.address, { genesisRoot });
    const { sessions } = run.deployment;
    const server = clientOf(await node().fundedAccount());
    const payees = [{ account: server.account.address, weight: 1_000_000 }];
    const registered = await server.extend(swarmlockActions(run.deployment)).sessions.registerRoute(payees);
    const at = { sessions, credits: run.credits };
    const prices = { promptPrice: PROMPT, tokenPrice: TOKEN, tokensPerVoucher: PART };
    const route = registeredRoute(registered)!;
    offer = { ...at, ...prices, chainId: CHAIN_ID, gateway: server.account.address, route };
    cashier = await cashierAt('vouchers', offer);
    gateway = await startLocalGateway(tiny(), { cashier });
  });
  beforeEach(() => {
    (cashier.customers as Map<bigint, unknown>).clear();
  });
  after(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true });
  });

  it('opens one session, pays prompts ahead and answers while they are read, and nothing else', async () => {
    const openai = openaiWith(payerWith());
    const before = await transactions();
    const { choices, usage } = await openai.completions.create(asked);
    expect(usage!.completion_tokens).to.equal(20);
    expect(await streamed(openai)).to.equal(choices[0]!.text);
    const chat = await openai.chat.completions.create({
      model: 'tiny',
      messages: [{ role: 'user', content: 'hi' }],
      max_tokens: 9,
    });
    const [customer, ...others] = customers();
    expect(others).to.deep.equal([]);
    const chatPrice = chat.usage!.prompt_tokens * PROMPT + 9 * TOKEN;
    const { paid, promised } = customer!.account;
    expect([paid, promised]).to.deep.equal([2 * whole + chatPrice, 2 * whole + chatPrice]);
    expect((await transactions()) - before).to.equal(2);
  });

  it('is all that the OpenAI client needs, by the example', async () => {
    const place = { baseURL: `${gateway.url}/v1`, model: 'tiny', runId: run.runId };
    const { choices } = await openaiWith(payerWith()).completions.create(asked);
    expect(await complete(owner, run.deployment, place, asked.prompt)).to.equal(choices[0]!.text);
    const [, { id, account }] = customers() as unknown as [Customer, Customer];
    expect([account.paid, account.promised]).to.deep.equal([whole, whole]);
    expect(await readSession(node().client, offer, id)).to.deep.include({ left: 10_000, drawn: 0 });
  });

  it('pays several streams at the same time from one session', async () => {
    const openai = openaiWith(payerWith({ deposit: 3_000 }));
    const texts = await Promise.all([1, 2, 3].map(() => streamed(openai)));
    expect(new Set(texts).size).to.equal(1);
    const [customer, ...others] = customers();
    expect([others.length, customer!.account.promised]).to.deep.equal([0, 3 * whole]);
  });

  it('pays streams that are opened together and read one after the other', async () => {
    const openai = openaiWith(payerWith({ deposit: 3_000 }));
    const open = () => openai.completions.create({ ...asked, max_tokens: 40, stream: true });
    const streams = await Promise.all([open(), open(), open()]);
    const texts: string[] = [];
    for (const stream of streams) {
      let text = '';
      for await (const { choices } of stream) text += choices[0]!.text;
      texts.push(text);
    }
    expect(new Set(texts).size).to.equal(1);
    const [customer] = customers();
    expect(customer!.account.promised).to.equal(3 * (9 * PROMPT + 40 * TOKEN));
  });

  it('has a receipt for each part of what a pledged gateway answers, several at a time, with seeds and without', async () => {
    const { pledged, id } = await startPledged();
    try {
      const heard: SignedReceipt[] = [];
      const fetch = payerWith({ deposit: 3_000, onReceipt: (receipt) => void heard.push(receipt) });
      const openai = new OpenAI({ baseURL: `${pledged.url}/v1`, apiKey: 'none', fetch, maxRetries: 0 });
      const texts = await Promise.all([1, 2, 3].map(() => streamed(openai)));
      expect(texts).to.deep.equal(Array.from(texts, () => texts[0]));
      // With the first or second token of each of three parts but the last, which is paid by then, and at the end. The
      // tenth token completes no character.
      expect(heard.map(answeredIn).toSorted((a, b) => a - b)).to.deep.equal([1, 1, 2, 9, 9, 11, 20, 20, 20]);
      expect(heard.every(({ pledge }) => pledge === id)).to.equal(true);
      const sampled = { model: 'tiny', temperature: 1.3, top_p: 0.7, max_tokens: 9, stop: 'zz' };
      const chat = await openai.chat.completions.create({
        ...sampled,
        messages: [{ role: 'user', content: [{ type: 'text', text: 'höi' }] }],
      });
      const [last] = heard.slice(-1);
      const said = byteTokenizer.decode(hexToBytes(last!.tokens));
      expect(said).to.equal(`user: höi\nassistant:${chat.choices[0]!.message.content}`);
      expect((chat as unknown as { receipt: unknown }).receipt).to.deep.equal(receiptObject(last!));
      await openai.completions.create({ ...sampled, prompt: [1, 2, 255], seed: 7 });
      await openai.completions.create({ ...sampled, prompt: ['ab'] });
    } finally {
      await pledged.stop();
    }
  });

  it('adds to the session before there is too little in it', async () => {
    const openai = openaiWith(payerWith({ deposit: 500 }));
    for (let i = 0; i < 4; i++) expect((await streamed(openai)).length).to.be.greaterThan(0);
    const session = await readSession(node().client, offer, customers()[0]!.id);
    expect(session!.left).to.equal(1_500);
  });

  it('opens another session when the gateway closes one, and asks for the end of what is open', async () => {
    const payer = payerWith();
    const openai = openaiWith(payer);
    await streamed(openai);
    const [first] = customers();
    first!.session = { ...first!.session!, closesAt: 1 };
    await streamed(openai);
    expect(customers()).to.have.length(2);
    const closed = await payer.close();
    expect(closed).to.deep.equal([customers()[1]!.id]);
    expect((await readSession(node().client, offer, closed[0]!))!.closesAt).to.be.a('number');
  });

  it('leaves other requests alone, and shows no key of the client', async () => {
    const seen: (string | null)[] = [];
    const listening: typeof fetch = (input, init) => {
      const request = new Request(input, init);
      if (request.url.endsWith('/completions')) seen.push(request.headers.get('authorization'));
      return fetch(request);
    };
    const openai = openaiWith(payerWith({ fetch: listening }));
    expect((await openai.models.list()).data.map(({ id }) => id)).to.deep.equal(['tiny']);
    await streamed(openai);
    expect(seen[0]).to.equal(null);
    expect(parseVoucherToken(seen[1]!.replace('Bearer ', ''))!.drawn).to.equal(9 * PROMPT + PART * TOKEN);
  });

  /** A gateway that wants to be paid, and answers then as it likes. */
  const falseGateway = (changes: object, answer: (bring: (drawn: number) => string) => string): typeof fetch => {
    const payment = {
      scheme: 'swarmlock-session',
      chain_id: CHAIN_ID,
      sessions: offer.sessions,
      credits: offer.credits,
      gateway: offer.gateway,
      route: offer.route,
      prompt_token_price: PROMPT,
      completion_token_price: TOKEN,
      tokens_per_voucher: PART,
      due: 9 * PROMPT + PART * TOKEN,
      root: tiny().genesis.root,
      ...changes,
    };
    return async (input, init) => {
      const { headers, url } = new Request(input, init);
      if (url.endsWith('/vouchers')) {
        brought.push((JSON.parse(String((init as { body: string }).body)) as { drawn: number }).drawn);
        return Response.json({});
      }
      if (headers.get('authorization') === null) {
        return Response.json({ error: { code: 'payment_required', payment } }, { status: 402 });
      }
      const body = `${answer((drawn) => `: voucher ${drawn}\n\n`)}data: [DONE]\n\n`;
      return new Response(body, { headers: { 'content-type': 'text/event-stream' } });
    };
  };
  let brought: number[] = [];
  const said = (text: string) =>
    `data: ${JSON.stringify({ system_fingerprint: tiny().genesis.root, choices: [{ text }] })}\n\n`;
  const post = (payer: typeof fetch, request: object = asked) =>
    payer('http://gateway/v1/completions', { method: 'POST', body: JSON.stringify(request) });

  it('takes no offer for other credits, another contract, another chain or other weights, and sends nothing then', async () => {
    const before = await transactions();
    for (const change of [{ credits: offer.sessions }, { sessions: offer.credits }, { chain_id: 1 }]) {
      await failsWith('OFFER_MISMATCH', post(payerWith({ fetch: falseGateway(change, () => '') })));
    }
    const other = falseGateway({ root: `0x${'42'.repeat(32)}` }, () => '');
    await failsWith('WEIGHTS_MISMATCH', post(payerWith({ fetch: other })));
    expect(await transactions()).to.equal(before);
  });

  it('signs for the prompt, two parts and what it has received at most, whatever it is asked for', async () => {
    const most = 9 * PROMPT + 2 * PART * TOKEN;
    const streamOf = async (due: number, text: string, more: object = {}) => {
      brought = [];
      const payer = payerWith({ fetch: falseGateway({}, (bring) => said(text) + bring(due)) });
      const answer = await post(payer, { ...asked, max_tokens: 100, stream: true, ...more });
      return answer.text();
    };
    await streamOf(most, '');
    expect(brought).to.deep.equal([most]);
    await failsWith('PAYMENT_EXCESSIVE', streamOf(most + 1, ''));
    expect(brought).to.deep.equal([]);
    await streamOf(most + 3 * TOKEN, 'abc');
    expect(brought).to.deep.equal([most + 3 * TOKEN]);
    await failsWith('PAYMENT_EXCESSIVE', streamOf(most + 3 * TOKEN + 1, 'abc'));
    // What may begin a stop sequence is not sent before it is known.
    await streamOf(most + 5 * TOKEN, 'abc', { stop: 'zz' });
    await failsWith('PAYMENT_EXCESSIVE', streamOf(most + 5 * TOKEN + 1, 'abc', { stop: 'zz' }));
  });

  it('signs for no more than a request may cost, or has asked for', async () => {
    const ask = (due: number, request: object) =>
      post(payerWith({ fetch: falseGateway({ due, tokens_per_voucher: 32 }, () => said('')) }), request);
    const limit = 9 * PROMPT + 20 * TOKEN;
    expect((await ask(limit, asked)).status).to.equal(200);
    await failsWith('PAYMENT_EXCESSIVE', ask(limit + 1, asked));
    const endless = { ...asked, max_tokens: undefined };
    expect((await ask(500, endless)).status).to.equal(200);
    await failsWith('PAYMENT_EXCESSIVE', ask(501, endless));
    await failsWith('OPTION_INVALID', () => payerWith({ deposit: 499 }));
  });

  it('signs at once for all requests that wait to be answered', async () => {
    let refusals = 0;
    const counting: typeof fetch = async (input, init) => {
      const response = await fetch(input, init);
      if (response.status === 402) refusals += 1;
      return response;
    };
    const openai = openaiWith(payerWith({ deposit: 3_000, fetch: counting }));
    await streamed(openai);
    refusals = 0;
    await Promise.all([1, 2, 3, 4].map(() => streamed(openai)));
    expect(refusals).to.be.at.most(4);
  });

  it('takes what was paid for an answer that did not come as paid for the next one', async () => {
    const most = 9 * PROMPT + 2 * PART * TOKEN;
    let due = 0;
    const payer = payerWith({ fetch: falseGateway({}, (bring) => bring(due) + 'nonsense\n\n') });
    const stream = async () => (await post(payer, { ...asked, stream: true })).text();
    due = most;
    await failsWith('ANSWER_INVALID', stream());
    // The prompt may have been read, and three tokens be on the way.
    due = 2 * most - 2 * PART * TOKEN + 3 * TOKEN;
    brought = [];
    await failsWith('ANSWER_INVALID', stream());
    due += 9 * PROMPT + 3 * TOKEN + 1;
    await failsWith('PAYMENT_EXCESSIVE', stream());
  });
});
