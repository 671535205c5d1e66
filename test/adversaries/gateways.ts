import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import OpenAI from 'openai';
import { parseEther, toHex } from 'viem';
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';

import { tensorRoot } from '../../engine/commit/reference.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import type { Call } from '../../sdk/call.ts';
import type { Offer } from '../../sdk/offer.ts';
import { swarmlockFetch } from '../../sdk/openai-fetch.ts';
import { runPledges } from '../../sdk/pledges.ts';
import {
  endPledge,
  pledge,
  pledgeIn,
  readTokenClaim,
  sessionSeed,
  signReceipt,
  type Receipt,
  type SignedReceipt,
} from '../../sdk/receipts.ts';
import { registeredRoute, registerRoute, WHOLE } from '../../sdk/route.ts';
import { readRun } from '../../sdk/run.ts';
import { settledRoots } from '../../sdk/settled-roots.ts';
import { settlementsIn, settleVouchers } from '../../sdk/sessions.ts';
import { approve, deposit } from '../../sdk/stake.ts';
import type { Wallet } from '../../sdk/wallet.ts';
import type { Sender } from '../../workers/lib/sender.ts';
import { createCreditedRun, type CreditedRun } from '../helpers/credits.ts';
import { senderOf, wrapEther } from '../helpers/deployment.ts';
import { startLyingGateway, type Deceit, type LyingGateway, type LyingStream } from '../helpers/lying-gateway.ts';
import { CHAIN_ID, nodeForTests } from '../helpers/node.ts';
import { rootOf } from '../helpers/runs.ts';
import { until } from '../helpers/worker-processes.ts';

const PROMPT = 3;
const TOKEN = 10;
const PART = 8;
const PART_PRICE = PART * TOKEN;
const asked = { model: 'tiny', prompt: 'the quick', max_tokens: 100, temperature: 0 };
const ahead = 9 * PROMPT + PART_PRICE;
/** The prompt and two parts: what may be lost. */
const most = ahead + PART_PRICE;
const settled = rootOf(2);
const other = rootOf(9);

/** Against the real contracts, and a client that knows only the OpenAI library. */
describe('a gateway that cheats its clients', function () {
  this.timeout(60_000);
  const node = nodeForTests();
  const folder = mkdtempSync(join(tmpdir(), 'swarmlock-'));
  const key = privateKeyToAccount(generatePrivateKey());
  let run: CreditedRun;
  let buyer: PrivateKeyAccount;
  let server: Sender;
  let liar: LyingGateway;
  /** Signs under the pledges. */
  const pledged = privateKeyToAccount(generatePrivateKey());
  let id: bigint;

  before(async () => {
    buyer = await node().fundedAccount();
    run = await createCreditedRun(node(), folder, buyer.address, { genesisRoot: settled });
    server = senderOf(node(), await node().fundedAccount());
    const { sessions } = run.deployment;
    const payees = [{ account: server.address, weight: WHOLE }];
    const registered = await serve(registerRoute({ sessions }, payees));
    const place = { chainId: CHAIN_ID, sessions, credits: run.credits, gateway: server.address };
    const prices = { promptPrice: PROMPT, tokenPrice: TOKEN, tokensPerVoucher: PART, due: ahead };
    const route = registeredRoute(registered)!;
    const offer: Offer = { ...place, ...prices, route, root: settled, pledge: undefined };
    liar = await startLyingGateway(offer, key.address);
    await wrapEther(run.deployment, server, parseEther('1'));
    for (const call of [approve, deposit]) await serve(call(run.deployment, parseEther('1')));
    id = await newPledge();
  });
  const serve = (call: Call) => server.send(call, new AbortController().signal);
  const newPledge = async () => pledgeIn(await serve(pledge(run.deployment, run.runId, pledged.address, 15n)))!;
  after(() => {
    liar.stop();
    rmSync(folder, { recursive: true });
  });

  /** A client with a session of its own. */
  const openaiOf = (onReceipt: (receipt: SignedReceipt) => void = () => undefined, needsPledge = false) => {
    const { client } = node();
    const sender = senderOf(node(), buyer);
    const send: Wallet['send'] = (call) => sender.send(call, new AbortController().signal);
    const wallet: Wallet = { address: buyer.address, signTypedData: (data) => buyer.signTypedData(data), send };
    const fetch = swarmlockFetch({
      ...{
        wallet,
        key,
        chainId: CHAIN_ID,
        sessions: run.deployment.sessions,
        credits: run.credits,
      },
      isSettled: settledRoots(() => readRun(client, run.deployment, run.runId)),
      pledges: runPledges(client, run.deployment, run.runId),
      ...{ deposit: 2_000, mostPerRequest: 2_000, silenceMs: 250, onReceipt, needsPledge },
    });
    return new OpenAI({ baseURL: `${liar.url}/v1`, apiKey: 'none', fetch, maxRetries: 0 });
  };
  /** The text that has come, and what went wrong. */
  const complete = async (openai: OpenAI, stream: boolean): Promise<{ text: string; code: string | undefined }> => {
    let text = '';
    try {
      if (!stream) return { text: (await openai.completions.create(asked)).choices[0]!.text, code: undefined };
      for await (const { choices } of await openai.completions.create({ ...asked, stream }))
        text += choices[0]?.text ?? '';
      return { text, code: undefined };
    } catch (error) {
      return { text, code: codeOf(error) };
    }
  };
  /** Draws on chain all that clients have signed. */
  const drawAll = async (): Promise<number> => {
    const vouchers = [...liar.vouchers.values()];
    (liar.vouchers as Map<bigint, unknown>).clear();
    if (vouchers.length === 0) return 0;
    const receipt = await serve(settleVouchers({ ...run.deployment, credits: run.credits }, vouchers));
    return settlementsIn(receipt).reduce((sum, { amount }) => sum + amount, 0);
  };

  /** What the gateway signs for an answer as far as it has come, or something else. */
  const show = async (
    stream: LyingStream,
    said: string,
    changes: Partial<Receipt> = {},
    { signer = pledged, chainId = CHAIN_ID } = {},
  ) => {
    const { session, drawn } = stream.voucher;
    const about = { pledge: id, session, drawn, round: 0, root: settled, seed: sessionSeed(stream.voucher) };
    const answer = { temperature: 0, topP: 1, prompt: 9, tokens: toHex(`the quick${said}`) };
    const receipt = { ...about, ...answer, expiresAt: inHours(2), ...changes };
    const { receipts } = run.deployment;
    if (stream.isOpen) stream.sign(await signReceipt(signer, { chainId, receipts }, receipt));
  };

  const drawnOf = ({ voucher }: LyingStream) => liar.vouchers.get(voucher.session)!.drawn;

  const honest =
    (text: string): Deceit =>
    async (stream) => {
      for (let at = 0; at < text.length; at++) {
        stream.say(text[at]!);
        if (at % PART !== 0 || at + PART >= text.length) continue;
        await show(stream, text.slice(0, at + 1));
        const more = (at / PART + 1) * PART_PRICE;
        stream.ask(more);
        await until('a voucher', () => [...liar.vouchers.values()].find(({ drawn }) => drawn === ahead + more));
      }
      stream.part({ choices: [], usage: usage(9, text.length) });
      await show(stream, text);
      stream.end();
    };
  for (const isPledged of [false, true]) {
    it(`is paid to the unit for what it gives, if it is honest after all${isPledged ? ', and pledged' : ''}`, async () => {
      const text = 'a fox jumps over the lazy dog';
      for (const stream of [true, false]) {
        liar.deceive(honest(text), isPledged ? { pledge: id } : {});
        expect(await complete(openaiOf(), stream)).to.deep.equal({ text, code: undefined });
        expect(await drawAll()).to.equal(9 * PROMPT + 4 * PART_PRICE);
      }
    });
  }

  /** It says four tokens honestly, then this, and then it asks for what it would be paid for the next part. */
  const midway =
    (lie: Deceit): Deceit =>
    (stream) => {
      stream.say('four');
      lie(stream);
      setTimeout(() => stream.isOpen && stream.ask(PART_PRICE), 30);
    };
  const says = (bytes: string | Uint8Array): Deceit => midway(({ raw }) => raw(bytes));
  const parts = (fields: object): Deceit => midway(({ part }) => part(fields));
  const lies: readonly (readonly [title: string, code: string, deceit: Deceit])[] = [
    ['sends what is no JSON', 'ANSWER_INVALID', says('data: {"choices"\n\n')],
    ['sends JSON that is no answer', 'ANSWER_INVALID', says('data: null\n\n')],
    ['sends what is no event', 'ANSWER_INVALID', says('<html>\n\n')],
    ['sends what is no text', 'ANSWER_INVALID', says(Buffer.from('646174613a20ff0a0a', 'hex'))],
    ['sends an event without an end', 'ANSWER_INVALID', says(`data: {"choices": "${'x'.repeat(2 ** 16)}`)],
    ['sends no choices', 'ANSWER_INVALID', parts({ text: 'all' })],
    ['sends a text that is none', 'ANSWER_INVALID', parts({ choices: [{ text: 7 }] })],
    ['counts tokens that did not come', 'ANSWER_INVALID', parts({ choices: [], usage: usage(9, 5) })],
    ['counts a longer prompt', 'ANSWER_INVALID', parts({ choices: [], usage: usage(10, 4) })],
    ['cannot add', 'ANSWER_INVALID', parts({ choices: [], usage: { ...usage(9, 4), total_tokens: 12 } })],
    ['says less than nothing', 'ANSWER_INVALID', parts({ choices: [], usage: usage(9, -1) })],
    ['goes on with other weights', 'WEIGHTS_MISMATCH', midway(({ say }) => say('!', other))],
    ['asks for three parts at once', 'PAYMENT_EXCESSIVE', midway(({ ask }) => ask(3 * PART_PRICE))],
  ];
  for (const [title, code, deceit] of lies) {
    it(`is not paid beyond what it has said when it ${title}`, async () => {
      for (const stream of [true, false]) {
        liar.deceive(deceit);
        const answer = await complete(openaiOf(), stream);
        expect(answer.code).to.equal(code);
        expect(answer.text).to.be.oneOf(stream ? ['', 'four'] : ['']);
        expect(await drawAll()).to.equal(ahead);
      }
    });
  }

  /** It says four tokens honestly, signs this, and asks for what it would be paid for the next part. */
  const signs =
    (changes: (stream: LyingStream) => Partial<Receipt>, by: Parameters<typeof show>[3] = {}): Deceit =>
    async (stream) => {
      stream.say('four');
      await show(stream, 'four', changes(stream), by);
      stream.ask(PART_PRICE);
    };
  const receipts: readonly (readonly [title: string, deceit: Deceit])[] = [
    ['of another key', signs(() => ({}), { signer: privateKeyToAccount(generatePrivateKey()) })],
    ['for another chain', signs(() => ({}), { chainId: 1 })],
    ['of other tokens', signs(() => ({ tokens: toHex('the quickfive') }))],
    ['of fewer tokens', signs(() => ({ tokens: toHex('the quickfou') }))],
    ['of another prompt', signs(() => ({ tokens: toHex('the quiet.four') }))],
    ['of a shorter prompt', signs(() => ({ prompt: 8 }))],
    ['of other weights', signs(() => ({ root: other }))],
    ['of a round that there is not', signs(() => ({ round: 1 }))],
    ['under another pledge', signs(() => ({ pledge: id + 1n }))],
    ['of another session', signs(({ voucher }) => ({ session: voucher.session + 1n }))],
    ['of another request', signs(({ voucher }) => ({ drawn: voucher.drawn - 1 }))],
    ['of a seed of its own', signs(() => ({ seed: other }))],
    ['of another temperature', signs(() => ({ temperature: 1 }))],
    ['of another top-p', signs(() => ({ topP: 0.5 }))],
    ['that nobody can challenge in time', signs(() => ({ expiresAt: inHours(0.9) }))],
    ['that is none', ({ say, raw, ask }) => (say('four'), raw(': receipt {}\n\n'), ask(PART_PRICE))],
  ];
  for (const [title, deceit] of receipts) {
    it(`is not paid beyond what it has said when it is pledged and shows a receipt ${title}`, async () => {
      for (const stream of [true, false]) {
        liar.deceive(deceit, { pledge: id });
        expect(await complete(openaiOf(), stream)).to.deep.include({ code: 'RECEIPT_INVALID' });
        expect(await drawAll()).to.equal(ahead);
      }
    });
  }

  it('is not paid beyond what it has said when it is pledged and shows no receipt of a part', async () => {
    const none: Deceit = (stream) => (stream.say('four'), stream.ask(PART_PRICE));
    const late: Deceit = async (stream) => {
      stream.say('four');
      await show(stream, 'four');
      stream.say('five');
      stream.ask(PART_PRICE);
    };
    const atTheEnd: Deceit = (stream) => (stream.say('four'), stream.end());
    for (const deceit of [none, late, atTheEnd]) {
      liar.deceive(deceit, { pledge: id });
      expect(await complete(openaiOf(), true)).to.deep.equal({
        text: deceit === late ? 'fourfive' : 'four',
        code: 'RECEIPT_MISSING',
      });
      expect(await drawAll()).to.equal(ahead);
    }
  });

  it('can be challenged for each token that it has signed for when it breaks off', async () => {
    const heard: SignedReceipt[] = [];
    const deceit: Deceit = async (stream) => {
      stream.say('four');
      await show(stream, 'four');
      stream.ask(PART_PRICE);
      await until('a voucher', () => drawnOf(stream) > stream.voucher.drawn || undefined);
      stream.say(' and');
      stream.response.end();
    };
    liar.deceive(deceit, { pledge: id });
    const { code } = await complete(
      openaiOf((receipt) => heard.push(receipt)),
      true,
    );
    expect([code, await drawAll()]).to.deep.equal(['ANSWER_INVALID', most]);
    for (const [index, letter] of 'four'.split('').entries()) {
      const claim = await readTokenClaim(node().client, run.deployment, { receipt: heard[0]!, index }, 64);
      const token = { dtype: 'i32', shape: [1], data: Int32Array.of(letter.charCodeAt(0)) } as const;
      expect([claim.start, claim.token]).to.deep.equal([settled, tensorRoot(token)]);
    }
  });

  /** Of two streams at once, one says two parts, and the other asks for a token more than its own receipt is worth. */
  const beside = async (meanwhile: (first: LyingStream) => unknown) => {
    const openai = openaiOf();
    const begun = Promise.withResolvers<LyingStream>();
    liar.deceive(begun.resolve, { pledge: id });
    const other = complete(openai, true);
    const first = await begun.promise;
    first.say('x'.repeat(2 * PART));
    const second: Deceit = async (stream) => {
      stream.say('four');
      await show(stream, 'four');
      stream.ask(5 * TOKEN);
      await pause(50);
      await meanwhile(first);
      await until('a voucher, or the end', () => !stream.isOpen || drawnOf(stream) > stream.voucher.drawn || undefined);
      if (stream.isOpen) stream.end();
    };
    liar.deceive(second, { pledge: id });
    const { code } = await complete(openai, true);
    first.response.destroy();
    await other;
    return code;
  };
  it('is paid nothing by one stream for what another has said without a receipt, when it is pledged', async () => {
    expect(await beside(() => undefined)).to.equal('PAYMENT_EXCESSIVE');
    expect(await drawAll()).to.equal(2 * most);
    expect(await beside((first) => show(first, 'x'.repeat(2 * PART)))).to.equal(undefined);
    expect(await drawAll()).to.be.greaterThan(2 * most);
  });

  const silences: readonly (readonly [title: string, deceit: Deceit, loss: number])[] = [
    ['does not answer', () => undefined, ahead],
    ['begins, and says nothing', ({ raw }) => raw(': \n\n'), ahead],
    ['asks for all it can get, and says nothing', ({ ask }) => ask(PART_PRICE), most],
    ['keeps the connection alive, and says nothing', drip, most],
  ];
  for (const [title, deceit, loss] of silences) {
    it(`gets the prompt and two parts at most when it ${title}`, async () => {
      for (const stream of [true, false]) {
        liar.deceive(deceit);
        expect(await complete(openaiOf(), stream)).to.deep.equal({ text: '', code: 'GATEWAY_SILENT' });
        expect(await drawAll()).to.equal(loss);
      }
    });
  }

  it('gets two parts at most for tokens that it skips', async () => {
    liar.deceive(async (stream) => {
      for (let part = 1; stream.isOpen; part++) {
        stream.say('x');
        stream.ask(part * PART_PRICE);
        await pause(50);
      }
    });
    expect(await complete(openaiOf(), true)).to.deep.include({ code: 'PAYMENT_EXCESSIVE' });
    expect(await drawAll()).to.equal(most);
  });

  it('is not taken at its word when it stops in the middle, whatever the end looks like', async () => {
    const ends: Deceit[] = [({ response }) => response.end(), ({ raw, response }) => (raw('data: {'), response.end())];
    for (const end of ends) {
      liar.deceive((stream) => (stream.say('four'), end(stream)));
      expect(await complete(openaiOf(), true)).to.deep.equal({ text: 'four', code: 'ANSWER_INVALID' });
      expect(await drawAll()).to.equal(ahead);
    }
  });

  it('is not heard any more behind the end', async () => {
    liar.deceive(({ say, raw, ask }) => (say('four'), raw('data: [DONE]\n\n'), ask(PART_PRICE)));
    expect(await complete(openaiOf(), true)).to.deep.equal({ text: 'four', code: undefined });
    expect((await complete(openaiOf(), false)).code).to.equal('ANSWER_INVALID');
    expect(await drawAll()).to.equal(2 * ahead);
  });

  it('gets nothing at all when its offer is for other weights', async () => {
    liar.deceive(() => expect.fail('a session was opened'), { root: other });
    const before = await node().client.getTransactionCount({ address: buyer.address });
    expect((await complete(openaiOf(), true)).code).to.equal('WEIGHTS_MISMATCH');
    expect(await node().client.getTransactionCount({ address: buyer.address })).to.equal(before);
    expect(await drawAll()).to.equal(0);
  });

  it('gets nothing at all when the pledge that it names answers for nothing', async () => {
    const ended = await newPledge();
    await serve(endPledge(run.deployment, ended));
    const before = await node().client.getTransactionCount({ address: buyer.address });
    const ofAnotherRun = id + 2n ** 64n;
    for (const none of [1n, id + 9n, ofAnotherRun, ended, 10n ** 76n]) {
      liar.deceive(() => expect.fail('a session was opened'), { pledge: none });
      expect((await complete(openaiOf(), true)).code).to.equal('PLEDGE_INVALID');
    }
    expect(await node().client.getTransactionCount({ address: buyer.address })).to.equal(before);
    expect(await drawAll()).to.equal(0);
  });

  it('gets nothing at all from who needs a pledge when it names none', async () => {
    liar.deceive(() => expect.fail('a session was opened'));
    expect((await complete(openaiOf(undefined, true), true)).code).to.equal('PLEDGE_MISSING');
    liar.deceive(honest('ab'), { pledge: id });
    expect(await complete(openaiOf(undefined, true), true)).to.deep.equal({ text: 'ab', code: undefined });
    await drawAll();
  });

  it('gets what is paid ahead, and no more, when it answers with other weights than it offers', async () => {
    liar.deceive((stream) => (stream.say('x', other), stream.ask(PART_PRICE)));
    expect(await complete(openaiOf(), true)).to.deep.equal({ text: '', code: 'WEIGHTS_MISMATCH' });
    expect(await drawAll()).to.equal(ahead);
  });

  it('gets nothing for a page, or for an offer without an end', async () => {
    liar.deceive(({ response }) => response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'));
    expect((await complete(openaiOf(), true)).code).to.equal('ANSWER_INVALID');
    expect(await drawAll()).to.equal(ahead);
    liar.deceive(() => undefined, { due: 'x'.repeat(2 ** 17) as never });
    expect((await complete(openaiOf(), true)).code).to.equal('ANSWER_INVALID');
    expect(await drawAll()).to.equal(0);
  });

  it('gets no more by cheating again: what was paid and did not come pays for the next request', async () => {
    const openai = openaiOf();
    liar.deceive(({ ask }) => ask(PART_PRICE));
    for (let i = 0; i < 4; i++) {
      expect((await complete(openai, true)).code).to.be.oneOf(['GATEWAY_SILENT', 'PAYMENT_EXCESSIVE']);
    }
    // A prompt that was read is paid each time.
    expect(await drawAll()).to.be.at.most(most + 3 * 9 * PROMPT + 3 * TOKEN);
  });
});

/** Comments, and all the vouchers that it can get. */
function drip(stream: LyingStream): void {
  stream.ask(PART_PRICE);
  const timer = setInterval(() => (stream.isOpen ? stream.raw(': \n\n') : clearInterval(timer)), 20);
}

/** In seconds since the epoch. */
function inHours(hours: number): number {
  return Math.floor(Date.now() / 1_000 + hours * 3_600);
}

function usage(prompt: number, completion: number) {
  return { prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion };
}

function codeOf(error: unknown): string | undefined {
  if (error instanceof SwarmlockError) return error.code;
  return error instanceof Error ? codeOf(error.cause) : undefined;
}
