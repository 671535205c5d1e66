import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import OpenAI from 'openai';
import { encodeAbiParameters, erc20Abi, keccak256, parseEther, toHex, type Address } from 'viem';
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';

import { createHasher } from '../../../engine/commit/hasher.ts';
import type { Hash } from '../../../engine/commit/hash.ts';
import type { State } from '../../../engine/graph/state.ts';
import { initialParameters } from '../../../engine/nn/initial.ts';
import { endow } from '../../../bench/lib/credits.ts';
import { PayingClient, type Told } from '../../../bench/lib/paying-client.ts';
import { closeSession, openedSession, openSession, readSession } from '../../../sdk/sessions.ts';
import { folderBlobs } from '../../../workers/lib/folder-blobs.ts';
import { silentLog } from '../../helpers/logs.ts';
import { deployServing, senderOf } from '../../helpers/deployment.ts';
import { CHAIN_ID, nodeForTests } from '../../helpers/node.ts';
import { createTinyRun, RUN, tinyRunRecipe, type TinyRun } from '../../helpers/tiny-run.ts';
import { until, WorkerProcesses, type WorkerProcess } from '../../helpers/worker-processes.ts';

const GATEWAY = 'workers/gateway/main.ts';
const curl = promisify(execFile);

/** A state of the tiny model that no recipe starts from, as if it had been trained. */
async function trainedState(byte = '42'): Promise<{ readonly state: State; readonly root: Hash }> {
  const state = initialParameters({ ...tinyRunRecipe(), seed: `0x${byte.repeat(32)}` });
  const hasher = createHasher({ threads: 1 });
  const root = await hasher.stateRoot(state);
  await hasher.close();
  return { state, root };
}

describe('a gateway as a process', function () {
  this.timeout(60_000);
  const node = nodeForTests();
  const folder = mkdtempSync(join(tmpdir(), 'swarmlock-'));
  let run: TinyRun;
  let root: Hash;
  let blob: string;
  let processes: WorkerProcesses;
  let gateway: WorkerProcess;
  let url: string;

  const launch = async (name: string, settings: Readonly<Record<string, string>>) =>
    processes.start(name, GATEWAY, await run.fundedKey(), { SWARMLOCK_PORT: '0', SWARMLOCK_SLOTS: '2', ...settings });
  const addressOf = (worker: WorkerProcess) =>
    until('the gateway', () => worker.log('listening')[0]?.['url'] as string | undefined);

  /** As if a round had settled: puts another root where the contract has that of the state. */
  const settle = async (from: Hash, to: Hash) => {
    const { runs: address } = run.deployment;
    for (let base = 0n; base < 64n; base++) {
      const map = keccak256(encodeAbiParameters([{ type: 'uint64' }, { type: 'uint256' }], [RUN, base]));
      const slot = toHex(BigInt(map) + 1n, { size: 32 });
      if ((await node().client.getStorageAt({ address, slot })) !== from) continue;
      await node().control.setStorageAt({ address, index: slot, value: to });
      return;
    }
    expect.fail('the root is not where it was');
  };

  before(async () => {
    const trained = await trainedState();
    root = trained.root;
    run = await createTinyRun(node(), folder, { genesisRoot: root });
    const blobs = run.settings['SWARMLOCK_BLOBS']!;
    await folderBlobs(blobs, silentLog).put(root, trained.state.bytes);
    blob = join(blobs, `${root.slice(2)}.blob`);
    const { SWARMLOCK_DATA: _, SWARMLOCK_MAX_JOINING_PRICE: __, ...settings } = run.settings;
    processes = new WorkerProcesses(folder, settings);
    gateway = await launch('free', { SWARMLOCK_FREE: 'true', SWARMLOCK_MODEL_NAME: 'tiny' });
    url = await addressOf(gateway);
  });

  after(async () => {
    await processes.killAll();
    rmSync(folder, { recursive: true, force: true });
  });

  it('serves the weights of the settled state to the OpenAI client, and the same text to curl', async () => {
    expect(gateway.log('weights')[0]).to.deep.include({ root });
    const ask = { model: 'tiny', prompt: 'daughter', max_tokens: 6, temperature: 0 };
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none' });
    const answer = await client.completions.create(ask);
    expect(answer.system_fingerprint).to.equal(root);
    let streamed = '';
    for await (const piece of await client.completions.create({ ...ask, stream: true })) {
      streamed += piece.choices[0]?.text ?? '';
    }
    expect(streamed).to.equal(answer.choices[0]!.text);
    const { stdout } = await curl('curl', [
      '-sSN',
      `${url}/v1/completions`,
      '-d',
      JSON.stringify({ ...ask, stream: true }),
    ]);
    const events = stdout.split('\n\n').filter((event) => event.startsWith('data: {'));
    const texts = events.map((event) => (JSON.parse(event.slice(6)) as OpenAI.Completion).choices[0]!.text);
    expect(texts.join('')).to.equal(streamed);
    expect(stdout.endsWith('data: [DONE]\n\n')).to.equal(true);
  });

  it('refuses 200 MB from curl, and goes on', async () => {
    const huge = join(folder, 'huge');
    writeFileSync(huge, Buffer.alloc(200 * 2 ** 20));
    const args = ['-sS', '-o', join(folder, 'refusal'), '-w', '%{http_code}', '--data-binary', `@${huge}`];
    const { stdout } = await curl('curl', [...args, `${url}/v1/completions`]);
    rmSync(huge);
    expect(stdout).to.equal('413');
    expect(readFileSync(join(folder, 'refusal'), 'utf8')).to.include('body_too_large');
    expect((await fetch(`${url}/health`)).status).to.equal(200);
  });

  it('serves nothing while no blob hashes to the settled state', async () => {
    const bytes = readFileSync(blob);
    const other = Buffer.from(bytes);
    other[100]! ^= 1;
    writeFileSync(blob, other);
    const refusing = await launch('refusing', { SWARMLOCK_FREE: 'true' });
    const trouble = await until('trouble', () => refusing.log().find(({ err }) => err !== undefined));
    expect(trouble.err!.code).to.equal('STATE_UNAVAILABLE');
    expect(refusing.log('listening')).to.deep.equal([]);
    writeFileSync(blob, bytes);
    await addressOf(refusing);
    refusing.kill('SIGTERM');
    expect(await refusing.ended).to.equal(0);
  });

  it('does not start without payment unless it is told to', async () => {
    const strict = await launch('strict', {});
    expect(await strict.ended).to.equal(1);
    expect(strict.stderr()).to.include('CONFIG_INVALID');
  });

  it('answers by a state that is settled later, without a new start', async () => {
    const later = await trainedState('43');
    await folderBlobs(run.settings['SWARMLOCK_BLOBS']!, silentLog).put(later.root, later.state.bytes);
    await settle(root, later.root);
    await until('other weights', () => gateway.log('weights').find((line) => line['root'] === later.root));
    const client = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none' });
    await until('an answer by them', async () => {
      const answer = await client.completions.create({ model: 'tiny', prompt: 'daughter', max_tokens: 6 });
      return answer.system_fingerprint === later.root ? true : undefined;
    });
  });

  it('ends with 0 on a SIGTERM', async () => {
    gateway.kill('SIGTERM');
    expect(await gateway.ended).to.equal(0);
  });

  describe('that is paid', () => {
    const key = generatePrivateKey();
    const ask = { model: 'tiny', prompt: 'daug', max_tokens: 12, temperature: 0 };
    const price = 4 * 5 + 12 * 10;
    let sessions: Address;
    let credits: Address;
    let owner: PrivateKeyAccount;
    let payer: PayingClient;
    let paid: WorkerProcess;
    let starts = 0;

    const launchPaid = async (settings: Readonly<Record<string, string>>) => {
      starts += 1;
      paid = processes.start('paid', GATEWAY, key, {
        SWARMLOCK_PORT: '0',
        SWARMLOCK_SLOTS: '2',
        SWARMLOCK_MODEL_NAME: 'tiny',
        SWARMLOCK_SESSIONS: sessions,
        SWARMLOCK_PROMPT_PRICE: '5',
        SWARMLOCK_TOKEN_PRICE: '10',
        SWARMLOCK_TOKENS_PER_VOUCHER: '4',
        SWARMLOCK_SETTLE_AMOUNT: '1000000',
        ...settings,
      });
      await until('a gateway', () => (paid.log('listening').length === starts ? true : undefined));
      return paid.log('listening').at(-1)!['url'] as string;
    };
    const session = () => readSession(node().client, { sessions, credits }, payer.session);
    const supply = () => node().client.readContract({ address: credits, abi: erc20Abi, functionName: 'totalSupply' });

    before(async () => {
      const { client } = node();
      owner = await node().fundedAccount();
      await node().control.setBalance({ address: privateKeyToAccount(key).address, value: parseEther('10') });
      ({ sessions } = await deployServing(node(), join(folder, 'serving')));
      credits = await endow(client, run.deployment, { runId: RUN, sessions, owner: owner.address });
    });

    it('takes a session that its offer led to, and is paid for a stream voucher by voucher', async () => {
      const at = await launchPaid({ SWARMLOCK_SETTLE_MS: '3600000' });
      const refused = await fetch(`${at}/v1/completions`, { method: 'POST', body: JSON.stringify(ask) });
      expect(refused.status).to.equal(402);
      const { payment } = ((await refused.json()) as Told).error;
      const { gateway: address, route } = payment!;
      expect(payment).to.deep.include({ sessions, credits, chain_id: CHAIN_ID, gateway: paid.address, due: price });
      const account = privateKeyToAccount(generatePrivateKey());
      const opening = openSession(
        { sessions, credits },
        { gateway: address, key: account.address, route, amount: 10_000 },
      );
      const receipt = await senderOf(node(), owner).send(opening, new AbortController().signal);
      const domain = { chainId: CHAIN_ID, sessions, credits };
      payer = new PayingClient(at, domain, openedSession(receipt)!, account);
      const { isDone, asked } = await payer.stream(ask, await payer.token(4 * 5 + 4 * 10));
      expect([isDone, asked]).to.deep.equal([true, 2]);
      expect((await session())!.drawn).to.equal(0);
    });

    it('has lost no voucher when it starts again after a kill, settles it, and so burns what was drawn', async () => {
      paid.kill('SIGKILL');
      await paid.ended;
      const before = await supply();
      await node().control.setBalance({ address: paid.address, value: 0n });
      const at = await launchPaid({ SWARMLOCK_SETTLE_MS: '1' });
      // Its account is empty: it goes on serving until somebody has filled it.
      await until('trouble', () => paid.log().find(({ err }) => err?.code === 'NOT_SETTLED'));
      expect((await fetch(`${at}/health`)).status).to.equal(200);
      await node().control.setBalance({ address: paid.address, value: parseEther('10') });
      await until('a settlement', () => paid.log('settled')[0]);
      expect(await session()).to.deep.include({ drawn: price, left: 10_000 - price });
      expect(before - (await supply())).to.equal(BigInt(price));
      payer = new PayingClient(at, payer.domain, payer.session, payer.key);
      const replayed = await payer.post(ask, await payer.token(price));
      expect(replayed.status).to.equal(402);
    });

    it('settles at once when the client closes the session, and serves it no more', async () => {
      paid.kill('SIGTERM');
      expect(await paid.ended).to.equal(0);
      const at = await launchPaid({ SWARMLOCK_SETTLE_MS: '3600000' });
      payer = new PayingClient(at, payer.domain, payer.session, payer.key);
      expect((await payer.post(ask, await payer.token(2 * price))).status).to.equal(200);
      const closing = closeSession({ sessions, credits }, payer.session);
      await senderOf(node(), owner).send(closing, new AbortController().signal);
      await until('a settlement', () => paid.log('settled')[1]);
      expect((await session())!.drawn).to.equal(2 * price);
      const late = await payer.post(ask, await payer.token(3 * price));
      expect(((await late.json()) as Told).error.code).to.equal('session_closing');
    });
  });
});
