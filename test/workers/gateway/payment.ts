import { expect } from 'chai';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { zeroAddress } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

import type { Decoded, Decoder } from '../../../engine/decoding/decoder.ts';
import type { Session } from '../../../sdk/sessions.ts';
import { voucherToken } from '../../../sdk/vouchers.ts';
import { openCashier, type Cashier } from '../../../workers/gateway/cashier.ts';
import { voucherFiles } from '../../../workers/gateway/voucher-files.ts';
import { startLocalGateway, type LocalGateway } from '../../helpers/gateway.ts';
import { recordingLog, silentLog } from '../../helpers/logs.ts';
import { PayingClient, type Told } from '../../../bench/lib/paying-client.ts';
import { tinyModelForTests } from '../../helpers/tiny-model.ts';
import { until } from '../../helpers/worker-processes.ts';

const ROUTE = 7;
const GATEWAY = '0x00000000000000000000000000000000000000a1';
const PROMPT = 3;
const TOKEN = 10;
const PART = 8;
const LEFT = 5_000;
const LOOKUPS = 50;

const domain = {
  chainId: 31_337,
  sessions: zeroAddress,
  credits: '0x00000000000000000000000000000000000000c1',
} as const;
const offer = {
  ...domain,
  gateway: GATEWAY,
  route: ROUTE,
  promptPrice: PROMPT,
  tokenPrice: TOKEN,
  tokensPerVoucher: PART,
};

describe('a gateway that is paid', function () {
  this.timeout(20_000);
  const tiny = tinyModelForTests({ model: { depth: 1, width: 32, heads: 2, context: 64, vocabulary: 256 } });
  const folder = mkdtempSync(join(tmpdir(), 'swarmlock-'));
  /** Sessions as the chain has them. */
  const chain = new Map<bigint, Session>();
  let cashier: Cashier;
  let gateway: LocalGateway;
  let opened = 0;
  /** Reads of the chain. */
  let looks = 0;
  let now = 0;
  const clock = { now: () => (now += 10) };

  const cashierAt = (path: string) =>
    openCashier({
      offer,
      files: voucherFiles(path, silentLog),
      async readSession(id) {
        looks += 1;
        return chain.get(id);
      },
      mostPerSession: 2,
      mostLookups: LOOKUPS,
      clock,
      voucherMs: 400,
    });
  /** Another client with a session of its own. */
  const client = (changes: Partial<Session> = {}, route = ROUTE) => {
    const one = new PayingClient(gateway.url, domain, (BigInt(++opened) << 32n) | BigInt(route));
    const session = { key: one.key.address, left: LEFT, drawn: 0, client: one.key.address, closesAt: undefined };
    chain.set(one.session, { ...session, gateway: GATEWAY, ...changes });
    return one;
  };
  const codeOf = async (response: Response) => [response.status, ((await response.json()) as Told).error.code];

  before(async () => {
    cashier = await cashierAt(join(folder, 'vouchers'));
    gateway = await startLocalGateway(tiny(), { cashier });
  });
  after(async () => {
    await gateway.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const ask = { model: 'tiny', prompt: 'the quick', max_tokens: 20, temperature: 0 };
  const ahead = 9 * PROMPT + PART * TOKEN;
  const whole = 9 * PROMPT + 20 * TOKEN;

  it('asks for payment with its price and what a session must be for', async () => {
    for (const token of [undefined, 'sk-none', 'swarmlock.1.2.3']) {
      const response = await client().post(ask, token);
      expect(response.status).to.equal(402);
      expect(((await response.json()) as Told).error).to.deep.include({
        code: 'payment_required',
        payment: {
          scheme: 'swarmlock-session',
          chain_id: 31_337,
          sessions: domain.sessions,
          credits: domain.credits,
          gateway: GATEWAY,
          route: ROUTE,
          prompt_token_price: PROMPT,
          completion_token_price: TOKEN,
          tokens_per_voucher: PART,
          due: whole,
          root: tiny().genesis.root,
        },
      });
    }
    const error = await new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none' }).completions
      .create({ ...ask, stream: true })
      .catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(OpenAI.APIError);
    expect((error as InstanceType<typeof OpenAI.APIError>).error).to.have.nested.property('payment.due', ahead);
  });

  it('streams to a client that signs a voucher for each part, and takes exactly the price', async () => {
    const payer = client();
    const { text, isDone, asked } = await payer.stream(ask, await payer.token(ahead));
    const free = await startLocalGateway(tiny());
    const { choices } = await new OpenAI({ baseURL: `${free.url}/v1`, apiKey: 'none' }).completions.create(ask);
    await free.stop();
    expect({ text, isDone, asked }).to.deep.equal({ text: choices[0]!.text, isDone: true, asked: 2 });
    const { account } = cashier.customers.get(payer.session)!;
    expect([account.paid, account.promised]).to.deep.equal([whole, whole]);
  });

  it('breaks off what it cannot sign for, and goes on serving', async () => {
    let fails = true;
    const unhandled: unknown[] = [];
    const hear = (reason: unknown) => void unhandled.push(reason);
    process.on('unhandledRejection', hear);
    const sign = () => (fails ? Promise.reject(new Error('no signature')) : Promise.resolve({ signed: true }));
    const other = await startLocalGateway(tiny(), { cashier, notary: { sign } });
    const { session, key } = client();
    const payer = new PayingClient(other.url, domain, session, key);
    const broken = await payer.stream(ask, await payer.token(ahead)).catch((error: unknown) => error);
    expect(broken).to.be.instanceOf(Error);
    fails = false;
    const drawn = cashier.customers.get(session)!.account.promised + ahead;
    expect((await payer.stream(ask, await payer.token(drawn))).isDone).to.equal(true);
    await other.stop();
    process.off('unhandledRejection', hear);
    expect(unhandled).to.deep.equal([]);
  });

  it('takes a voucher for all of an answer that is not streamed, from the OpenAI client, and keeps the rest', async () => {
    const payer = client();
    const apiKey = await payer.token(whole);
    const openai = new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey, maxRetries: 0 });
    const first = await openai.completions.create(ask);
    expect(first.usage!.completion_tokens).to.equal(20);
    const stop = first.choices[0]!.text.slice(2, 4);
    const again = client();
    const shorter = await new OpenAI({
      baseURL: `${gateway.url}/v1`,
      apiKey: await again.token(whole),
    }).completions.create({ ...ask, stop });
    const { account } = cashier.customers.get(again.session)!;
    expect(account.promised).to.equal(9 * PROMPT + shorter.usage!.completion_tokens * TOKEN);
    expect(shorter.usage!.completion_tokens).to.be.lessThan(20);
  });

  it('wants every unit of what is paid ahead', async () => {
    const payer = client();
    expect(await codeOf(await payer.post(ask, await payer.token(whole - 1)))).to.deep.equal([402, 'payment_required']);
    expect((await payer.post(ask, await payer.token(whole))).status).to.equal(200);
  });

  it('stops when a voucher is missing, keeps no slot for it, and takes the price of what it gave', async () => {
    const payer = client();
    const { text, code, isDone } = await payer.stream(ask, await payer.token(ahead), () => undefined);
    expect([code, isDone]).to.deep.equal(['voucher_missing', false]);
    expect(text.length).to.be.within(1, PART);
    const { account, open } = cashier.customers.get(payer.session)!;
    expect([account.promised, open]).to.deep.equal([ahead, 0]);
  });

  it('serves those who pay while others hold back their vouchers', async () => {
    const late = Array.from({ length: 8 }, () => client());
    const stopped = Promise.all(late.map(async (one) => one.stream(ask, await one.token(ahead), () => undefined)));
    const payers = Array.from({ length: 4 }, () => client());
    const served = await Promise.all(payers.map(async (one) => one.stream(ask, await one.token(ahead))));
    expect(served.every(({ isDone }) => isDone)).to.equal(true);
    expect((await stopped).every(({ code }) => code === 'voucher_missing')).to.equal(true);
  });

  it('draws by the voucher where the client has given no seed', async () => {
    const textOf = async (response: Response) => ((await response.json()) as OpenAI.Completion).choices[0]!.text;
    const drawing = { ...ask, temperature: 1 };
    const [payer, other] = [client(), client()];
    const token = await payer.token(2 * whole);
    const first = await textOf(await payer.post(drawing, token));
    expect(await textOf(await payer.post(drawing, token))).to.equal(first);
    expect(await textOf(await other.post(drawing, await other.token(whole)))).not.to.equal(first);
    const seeded = { ...drawing, seed: 7 };
    const second = await textOf(await payer.post(seeded, await payer.token(3 * whole)));
    expect(await textOf(await other.post(seeded, await other.token(2 * whole)))).to.equal(second);
  });

  it('gives nothing for a voucher that was used', async () => {
    const payer = client();
    const token = await payer.token(whole);
    expect((await payer.post(ask, token)).status).to.equal(200);
    const again = await payer.post(ask, token);
    expect(again.status).to.equal(402);
    expect(((await again.json()) as Told).error.payment!.due).to.equal(2 * whole);
    // An older one takes nothing back.
    expect((await payer.bring(await payer.voucher(ahead))).status).to.equal(200);
    expect(cashier.customers.get(payer.session)!.account.paid).to.equal(whole);
  });

  it('refuses forged, truncated and changed vouchers', async () => {
    const payer = client();
    const voucher = await payer.voucher(ahead);
    const stranger = await payer.voucher(ahead, privateKeyToAccount(generatePrivateKey()));
    expect(await codeOf(await payer.bring(stranger))).to.deep.equal([401, 'voucher_forged']);
    expect(await codeOf(await payer.bring({ ...voucher, drawn: ahead + 1 }))).to.deep.equal([401, 'voucher_forged']);
    const truncated = { ...voucher, signature: voucher.signature.slice(0, -2) as `0x${string}` };
    expect(await codeOf(await payer.bring(truncated))).to.deep.equal([400, 'voucher_invalid']);
    expect(await codeOf(await payer.bring({ ...voucher, drawn: 2 ** 48 }))).to.deep.equal([400, 'voucher_invalid']);
    expect(await codeOf(await payer.post(ask, voucherToken({ ...voucher, drawn: whole })))).to.deep.equal([
      401,
      'voucher_forged',
    ]);
    expect((await payer.bring(voucher)).status).to.equal(200);
  });

  it('does not look at the chain for who has not signed, nor for ever for who has', async () => {
    const payer = client();
    await payer.bring(await payer.voucher(ahead));
    looks = 0;
    const stranger = privateKeyToAccount(generatePrivateKey());
    const voucher = await payer.voucher(LEFT + 1, stranger);
    expect(await codeOf(await payer.bring(voucher))).to.deep.equal([401, 'voucher_forged']);
    const nobody = new PayingClient(gateway.url, domain, (999n << 32n) | BigInt(ROUTE));
    const nonsense = { ...(await nobody.voucher(1)), signature: `0x${'ff'.repeat(64)}` as const };
    expect(await codeOf(await nobody.bring(nonsense))).to.deep.equal([401, 'voucher_forged']);
    expect(looks).to.equal(0);
    // A stranger with a key of its own may ask about sessions, so often in a second and not once more.
    now += 1_000;
    const codes: unknown[] = [];
    const tick = clock.now;
    clock.now = () => now;
    for (let i = 0; i <= LOOKUPS; i++) codes.push((await codeOf(await nobody.bring(await nobody.voucher(1))))[1]);
    clock.now = tick;
    expect(looks).to.equal(LOOKUPS);
    expect(codes.slice(0, -1)).to.deep.equal(Array.from({ length: LOOKUPS }, () => 'session_unknown'));
    expect(codes.at(-1)).to.equal('lookups_busy');
    // Known sessions do not wait for it.
    expect((await payer.bring(await payer.voucher(ahead + 1))).status).to.equal(200);
    now += 1_000;
    const other = client();
    expect((await other.bring(await other.voucher(1))).status).to.equal(200);
  });

  it('leaves a session on disk that nobody needs, and has all of it again with the next voucher', async () => {
    const payer = client();
    expect((await payer.post({ ...ask, max_tokens: 4 }, await payer.token(whole))).status).to.equal(200);
    const { paid, promised } = cashier.customers.get(payer.session)!.account;
    await cashier.shelve(payer.session);
    expect(cashier.customers.has(payer.session)).to.equal(false);
    const used = await payer.post(ask, await payer.token(whole));
    expect(((await used.json()) as Told).error.payment!.due).to.equal(promised + whole);
    expect(cashier.customers.get(payer.session)!.account).to.deep.include({ paid, promised });
  });

  it('does not leave a session on disk that is served, or has just paid', async () => {
    const payer = client();
    await payer.bring(await payer.voucher(ahead));
    const paying = cashier.credit(await payer.voucher(ahead + 1));
    await cashier.shelve(payer.session);
    await paying;
    expect(cashier.customers.get(payer.session)!.account.paid).to.equal(ahead + 1);
    const { begin, giveUp, end } = await stuck({ slots: 1, queue: 8 });
    const begun = begin(await payer.token(whole));
    await openOnes(payer, 1);
    await cashier.shelve(payer.session);
    expect(cashier.customers.get(payer.session)!.open).to.equal(1);
    giveUp();
    await begun;
    await openOnes(payer, 0);
    await end();
  });

  it('takes vouchers up to what the session has, and sees what is added', async () => {
    const payer = client({ drawn: 100, left: 200 });
    expect(await codeOf(await payer.bring(await payer.voucher(301)))).to.deep.equal([402, 'voucher_overdrawn']);
    expect((await payer.bring(await payer.voucher(300))).status).to.equal(200);
    chain.set(payer.session, { ...chain.get(payer.session)!, left: 201 });
    expect((await payer.bring(await payer.voucher(301))).status).to.equal(200);
    // What was drawn before is not served again.
    expect(cashier.customers.get(payer.session)!.account.promised).to.equal(100);
  });

  it('serves no session of another gateway, of another route, or that there is not', async () => {
    const elsewhere = client({ gateway: '0x00000000000000000000000000000000000000a2' });
    const otherRoute = client({}, ROUTE + 1);
    const closed = client();
    chain.delete(closed.session);
    for (const payer of [elsewhere, otherRoute, closed])
      expect(await codeOf(await payer.bring(await payer.voucher(ahead)))).to.deep.equal([402, 'session_unknown']);
  });

  it('takes no more vouchers of a session that is being closed, and gives what was paid', async () => {
    const payer = client();
    const { code, text } = await payer.stream(ask, await payer.token(ahead), async (drawn) => {
      cashier.customers.get(payer.session)!.session = { ...chain.get(payer.session)!, closesAt: 1_000 };
      expect(await codeOf(await payer.bring(await payer.voucher(drawn)))).to.deep.equal([402, 'session_closing']);
    });
    expect(code).to.equal('voucher_missing');
    expect(text.length).to.be.within(1, PART);
    expect(await codeOf(await payer.post(ask, await payer.token(whole)))).to.deep.equal([402, 'session_closing']);
  });

  /** A gateway that decodes nothing, and requests to it that last until they are given up. */
  const stuck = async (settings: { slots: number; queue: number }) => {
    const { promise, resolve } = Promise.withResolvers<readonly Decoded[]>();
    const wrap = (decoder: Decoder): Decoder => ({ ...decoder, step: () => promise });
    const { url, stop } = await startLocalGateway(tiny(), { cashier, settings, wrap });
    const gone = new AbortController();
    const begin = (token: string) =>
      fetch(`${url}/v1/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}` },
        body: JSON.stringify(ask),
        signal: gone.signal,
      }).catch(() => undefined);
    const end = async () => {
      resolve([]);
      await stop();
    };
    return { url, begin, giveUp: () => gone.abort(), end };
  };
  const openOnes = (payer: PayingClient, count: number) =>
    until(`${count} requests`, () => (cashier.customers.get(payer.session)?.open === count ? true : undefined));

  it('looks at a session again that nobody has watched, before it is served', async () => {
    const payer = client();
    expect((await payer.post(ask, await payer.token(whole))).status).to.equal(200);
    const settled = { ...chain.get(payer.session)!, drawn: whole, left: LEFT - whole };
    cashier.customers.get(payer.session)!.session = settled;
    chain.set(payer.session, { ...settled, closesAt: 1_000 });
    expect(await codeOf(await payer.post(ask, await payer.token(2 * whole)))).to.deep.equal([402, 'session_closing']);
  });

  it('serves so many requests of one session at the same time, and not one more', async () => {
    const { url, begin, giveUp, end } = await stuck({ slots: 1, queue: 8 });
    const payer = client();
    const token = await payer.token(3 * whole);
    const begun = [begin(token), begin(token)];
    await openOnes(payer, 2);
    const third = await new PayingClient(url, domain, payer.session, payer.key).post(ask, token);
    expect(third.headers.get('retry-after')).to.equal('1');
    expect(await codeOf(third)).to.deep.equal([429, 'session_busy']);
    giveUp();
    await Promise.all(begun);
    await openOnes(payer, 0);
    await end();
    expect((await payer.post(ask, token)).status).to.equal(200);
  });

  it('gives back the whole price of a request that was not begun', async () => {
    const { url, begin, giveUp, end } = await stuck({ slots: 1, queue: 0 });
    const payer = client();
    const first = begin(await payer.token(whole));
    await openOnes(payer, 1);
    const second = new PayingClient(url, domain, payer.session, payer.key);
    expect(await codeOf(await second.post(ask, await payer.token(2 * whole)))).to.deep.equal([429, 'queue_full']);
    giveUp();
    await first;
    await openOnes(payer, 0);
    await end();
    const { paid, promised } = cashier.customers.get(payer.session)!.account;
    expect([paid, promised]).to.deep.equal([2 * whole, 0]);
  });

  it('has every voucher again after a restart; what a killed one had not given is lost to the client, and only that', async () => {
    const payer = client();
    await payer.bring(await payer.voucher(whole));
    const killed = await cashierAt(join(folder, 'vouchers'));
    const after = killed.customers.get(payer.session)!;
    expect([after.voucher!.drawn, after.account.paid, after.account.promised]).to.deep.equal([whole, whole, whole]);
    await cashier.close();
    const stopped = await cashierAt(join(folder, 'vouchers'));
    const { account, voucher } = stopped.customers.get(payer.session)!;
    expect([voucher!.signature, account.paid, account.promised]).to.deep.equal([after.voucher!.signature, whole, 0]);
    expect(stopped.customers.size).to.equal(readdirSync(join(folder, 'vouchers')).length);
  });

  it('reports a voucher that is damaged on disk, and starts with the others', async () => {
    const payer = client();
    await payer.bring(await payer.voucher(whole));
    writeFileSync(join(folder, 'vouchers', '1.json'), '{"session":"1"');
    const { log, lines } = recordingLog();
    const kept = await voucherFiles(join(folder, 'vouchers'), log).load();
    expect(kept.some(({ voucher }) => voucher.session === payer.session)).to.equal(true);
    expect(lines.map(({ code }) => code as string)).to.deep.equal(['VOUCHER_CORRUPT']);
    rmSync(join(folder, 'vouchers', '1.json'));
  });
});
