import { expect } from 'chai';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import OpenAI from 'openai';
import { parseEther, type Address } from 'viem';
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';

import { endow } from '../../bench/lib/credits.ts';
import { PayingClient, type Told } from '../../bench/lib/paying-client.ts';
import { approve } from '../../sdk/credits.ts';
import { swarmlockFetch } from '../../sdk/openai-fetch.ts';
import { runPledges } from '../../sdk/pledges.ts';
import { readRun } from '../../sdk/run.ts';
import { settledRoots } from '../../sdk/settled-roots.ts';
import {
  closeSession,
  openedSession,
  openSession,
  readCloseDelay,
  readSession,
  refundSession,
} from '../../sdk/sessions.ts';
import type { Wallet } from '../../sdk/wallet.ts';
import { deployServing, senderOf } from '../helpers/deployment.ts';
import { CHAIN_ID, nodeForTests } from '../helpers/node.ts';
import { closed, openSocket } from '../helpers/sockets.ts';
import { createTinyRun, RUN, type TinyRun } from '../helpers/tiny-run.ts';
import { until, WorkerProcesses, type WorkerProcess } from '../helpers/worker-processes.ts';

const GATEWAY = 'workers/gateway/main.ts';
const PROMPT = 5;
const TOKEN = 10;
const PART = 4;
const ask = { model: 'tiny', prompt: 'daug', max_tokens: 12, temperature: 0 };
const ahead = 4 * PROMPT + PART * TOKEN;
const whole = 4 * PROMPT + 12 * TOKEN;

/** Against a gateway as a process and the real contracts, while somebody else is served. */
describe('a client that cheats a gateway', function () {
  this.timeout(60_000);
  const node = nodeForTests();
  const folder = mkdtempSync(join(tmpdir(), 'swarmlock-'));
  const gatewayKey = generatePrivateKey();
  let run: TinyRun;
  let owner: PrivateKeyAccount;
  let at: { readonly sessions: Address; readonly credits: Address };
  let processes: WorkerProcesses;
  let gateway: WorkerProcess;
  let url: string;
  let honest: OpenAI;
  let text: string;

  const launch = async (name: string): Promise<WorkerProcess> => {
    const started = processes.start(name, GATEWAY, gatewayKey, {
      SWARMLOCK_PORT: '0',
      SWARMLOCK_SLOTS: '2',
      SWARMLOCK_MODEL_NAME: 'tiny',
      SWARMLOCK_SESSIONS: at.sessions,
      SWARMLOCK_PROMPT_PRICE: String(PROMPT),
      SWARMLOCK_TOKEN_PRICE: String(TOKEN),
      SWARMLOCK_TOKENS_PER_VOUCHER: String(PART),
      SWARMLOCK_VOUCHER_MS: '500',
      SWARMLOCK_SETTLE_MS: '1',
      SWARMLOCK_REQUEST_MS: '1000',
    });
    await until('a gateway', () => started.log('listening')[0]);
    return started;
  };
  const send: Wallet['send'] = (call) => senderOf(node(), owner).send(call, new AbortController().signal);
  const sessionOf = ({ session }: PayingClient) => readSession(node().client, at, session);
  /** A client with a session of its own. */
  const payerWith = async (amount = 1_000, of = gateway): Promise<PayingClient> => {
    const key = privateKeyToAccount(generatePrivateKey());
    const { gateway: address, route } = of.log('offer')[0] as unknown as { gateway: Address; route: number };
    const receipt = await send(openSession(at, { gateway: address, route, key: key.address, amount }));
    const place = of.log('listening')[0]!['url'] as string;
    return new PayingClient(place, { chainId: CHAIN_ID, ...at }, openedSession(receipt)!, key);
  };
  const codeOf = async (response: Response) => ((await response.json()) as Partial<Told>).error?.code;
  const stream = async (): Promise<string> => {
    let said = '';
    for await (const { choices } of await honest.completions.create({ ...ask, stream: true })) said += choices[0]!.text;
    return said;
  };
  /** What comes of an attack while somebody else streams, and is served to the end. */
  const meanwhile = async <T>(attack: () => Promise<T>): Promise<T> => {
    const others = stream();
    const outcome = await attack();
    expect(await others).to.equal(text);
    expect(await stream()).to.equal(text);
    return outcome;
  };
  /** The gateway has drawn what it has given, to the unit. */
  const drawn = (payer: PayingClient, amount: number) =>
    until('a settlement', async () => ((await sessionOf(payer))!.drawn === amount ? true : undefined));

  before(async () => {
    run = await createTinyRun(node(), folder);
    const { SWARMLOCK_DATA: _, SWARMLOCK_MAX_JOINING_PRICE: __, ...settings } = run.settings;
    processes = new WorkerProcesses(folder, settings);
    owner = await node().fundedAccount();
    await node().control.setBalance({ address: privateKeyToAccount(gatewayKey).address, value: parseEther('10') });
    const { sessions } = await deployServing(node(), join(folder, 'serving'));
    const credits = await endow(node().client, run.deployment, { runId: RUN, sessions, owner: owner.address });
    at = { sessions, credits };
    gateway = await launch('gateway');
    url = gateway.log('listening')[0]!['url'] as string;
    const fetch = swarmlockFetch({
      ...{ ...at, chainId: CHAIN_ID, key: privateKeyToAccount(generatePrivateKey()) },
      wallet: { address: owner.address, signTypedData: (data) => owner.signTypedData(data), send },
      isSettled: settledRoots(() => readRun(node().client, run.deployment, RUN)),
      pledges: runPledges(node().client, run.deployment, RUN),
      ...{ deposit: 100_000, mostPerRequest: 1_000 },
    });
    honest = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', fetch, maxRetries: 0 });
    text = await stream();
    await send(approve(credits, sessions, 2n ** 64n));
    expect(text.length).to.be.greaterThan(0);
  });
  after(async () => {
    await processes.killAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it('gets one answer for a voucher that it shows eight times at once', async () => {
    const payer = await payerWith();
    const token = await payer.token(whole);
    const answers = await meanwhile(() => Promise.all(Array.from({ length: 8 }, () => payer.post(ask, token))));
    expect(answers.filter(({ status }) => status === 200)).to.have.length(1);
    expect(answers.filter(({ status }) => status === 402)).to.have.length(7);
    await drawn(payer, whole);
    // Nor another one once it is settled.
    expect(await codeOf(await payer.post(ask, token))).to.equal('payment_required');
  });

  it('gets nothing for vouchers that are forged, cut off, changed or overdrawn', async () => {
    const payer = await payerWith(whole);
    const voucher = await payer.voucher(ahead);
    const codes = await meanwhile(async () => [
      await codeOf(await payer.bring(await payer.voucher(ahead, privateKeyToAccount(generatePrivateKey())))),
      await codeOf(await payer.bring({ ...voucher, signature: voucher.signature.slice(0, -2) as `0x${string}` })),
      await codeOf(await payer.bring({ ...voucher, drawn: whole })),
      await codeOf(await payer.bring(await payer.voucher(whole + 1))),
      await codeOf(await payer.post(ask, (await payer.token(whole)).slice(0, -2))),
    ]);
    const refusals = ['voucher_forged', 'voucher_invalid', 'voucher_forged', 'voucher_overdrawn', 'payment_required'];
    expect(codes).to.deep.equal(refusals);
    expect((await sessionOf(payer))!.drawn).to.equal(0);
    expect((await payer.post(ask, await payer.token(whole))).status).to.equal(200);
    await drawn(payer, whole);
  });

  it('gets what it has paid when it stops signing, and the gateway has lost nothing', async () => {
    const payer = await payerWith();
    const { text: got, code } = await meanwhile(async () =>
      payer.stream(ask, await payer.token(ahead), () => undefined),
    );
    expect(code).to.equal('voucher_missing');
    expect(text.startsWith(got)).to.equal(true);
    expect(got.length).to.be.at.most(PART);
    await drawn(payer, ahead);
  });

  it('gets no more when it closes its session in mid-stream, and the gateway draws what it has given', async () => {
    const payer = await payerWith();
    const streamed = await meanwhile(async () =>
      payer.stream(ask, await payer.token(ahead), async () => {
        await send(closeSession(at, payer.session));
        await until('the closing', async () => (await sessionOf(payer))!.closesAt);
        // Vouchers that pay for no part, until the gateway has seen it.
        let drawn = ahead;
        await until('a refusal', async () =>
          (await codeOf(await payer.bring(await payer.voucher(++drawn)))) === 'session_closing' ? true : undefined,
        );
      }),
    );
    expect(streamed.isDone).to.equal(false);
    expect(streamed.text.length).to.be.at.most(PART);
    const { drawn: taken } = (await until('a settlement', async () => {
      const session = await sessionOf(payer);
      return session!.drawn > 0 ? session : undefined;
    }))!;
    expect(taken).to.be.within(ahead, ahead + PART * TOKEN);
  });

  it('gets nothing for a session that it has taken back', async () => {
    const payer = await payerWith();
    await send(closeSession(at, payer.session));
    await node().control.increaseTime({ seconds: await readCloseDelay(node().client, at) });
    await send(refundSession(at, payer.session));
    const late = await meanwhile(async () => payer.post(ask, await payer.token(whole)));
    expect(await codeOf(late)).to.equal('session_unknown');
  });

  it('gets nothing for a voucher at another gateway of the same key, and neither disturbs the other', async () => {
    const twin = await launch('twin');
    const payer = await payerWith();
    const token = await payer.token(whole);
    const elsewhere = new PayingClient(
      twin.log('listening')[0]!['url'] as string,
      payer.domain,
      payer.session,
      payer.key,
    );
    const answers = await meanwhile(() => Promise.all([payer.post(ask, token), elsewhere.post(ask, token)]));
    expect([answers[0]!.status, await codeOf(answers[1]!)]).to.deep.equal([200, 'session_unknown']);
    const other = await payerWith(1_000, twin);
    expect((await other.post(ask, await other.token(whole))).status).to.equal(200);
    await drawn(payer, whole);
    await drawn(other, whole);
    twin.kill('SIGTERM');
    expect(await twin.ended).to.equal(0);
  });

  const open = (bytes: string) => openSocket(url, bytes);
  const head = 'POST /v1/completions HTTP/1.1\r\nhost: x\r\n';

  it('holds up nobody with 200 MB, a thousand connections, and requests that never end', async () => {
    const floods = [
      `${head}content-length: ${200 * 2 ** 20}\r\n\r\n`,
      `${head}transfer-encoding: chunked\r\n\r\n`,
      `${head}content-length: 100\r\n\r\n{`,
      head,
    ];
    const sockets = await meanwhile(() => Promise.all(Array.from({ length: 1_000 }, (_, i) => open(floods[i] ?? ''))));
    const piece = Buffer.alloc(2 ** 20);
    sockets[0]!.write(piece);
    await Promise.all(sockets.slice(0, 4).map((socket) => closed(socket.resume())));
    for (const socket of sockets) socket.destroy();
    expect(await stream()).to.equal(text);
  });

  it('frees what it held when it goes in mid-stream, again and again', async () => {
    const payer = await payerWith();
    await meanwhile(async () => {
      for (let i = 1; i <= 10; i++) {
        const gone = new AbortController();
        const answer = await fetch(`${url}/v1/completions`, {
          method: 'POST',
          headers: { authorization: `Bearer ${await payer.token(i * ahead)}` },
          body: JSON.stringify({ ...ask, stream: true }),
          signal: gone.signal,
        });
        expect(answer.status).to.equal(200);
        gone.abort();
        await until('a free slot', async () =>
          (await payer.post(ask, await payer.token(i * ahead))).status === 402 ? true : undefined,
        );
      }
    });
  });
});
