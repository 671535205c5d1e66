import { expect } from 'chai';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseEther, toHex, hexToBytes } from 'viem';
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';

import { readClaim } from '../../../sdk/claims.ts';
import {
  isReceiptOf,
  parseReceipt,
  pledge,
  pledgeIn,
  receiptObject,
  requestedSeed,
  signReceipt,
  type SignedReceipt,
} from '../../../sdk/receipts.ts';
import { approve, deposit } from '../../../sdk/stake.ts';
import { senderOf } from '../../helpers/deployment.ts';
import { CHAIN_ID, nodeForTests } from '../../helpers/node.ts';
import { createTinyRun, RUN, type TinyRun } from '../../helpers/tiny-run.ts';
import { until, WorkerProcesses } from '../../helpers/worker-processes.ts';

const LEAVES_TICKING = { SWARMLOCK_TICK_AFTER: '100000' };
const GATEWAY = 'workers/gateway/main.ts';
const CHALLENGER = 'workers/challenger/main.ts';

type Told = { readonly error?: { readonly code: string; readonly rule?: string; readonly argument?: string } };

describe('receipts, between processes', function () {
  this.timeout(180_000);
  const node = nodeForTests();
  const folder = mkdtempSync(join(tmpdir(), 'swarmlock-'));
  const ask = { model: 'tiny', prompt: 'daughter', max_tokens: 5, temperature: 1, seed: 7 };
  const receipts = join(folder, 'receipts');
  let run: TinyRun;
  let processes: WorkerProcesses;
  let gateways: WorkerProcesses;
  /** Of the gateway. */
  let key: `0x${string}`;
  let account: PrivateKeyAccount;
  let id: bigint;
  let url: string;
  let right: SignedReceipt;

  const domain = () => ({ chainId: CHAIN_ID, receipts: run.deployment.receipts });
  const put = (name: string, receipt: SignedReceipt) =>
    writeFileSync(join(receipts, `${name}.json`), JSON.stringify(receiptObject(receipt)));
  /** The same receipt with another last token, signed by somebody. */
  const withAnother = (signer: PrivateKeyAccount): Promise<SignedReceipt> => {
    const tokens = hexToBytes(right.tokens);
    tokens[tokens.length - 1] = (tokens.at(-1)! + 1) % 256;
    return signReceipt(signer, domain(), { ...right, tokens: toHex(tokens) });
  };

  before(async () => {
    mkdirSync(receipts);
    run = await createTinyRun(node(), folder);
    processes = new WorkerProcesses(folder, run.settings);
    const { SWARMLOCK_DATA: _, SWARMLOCK_MAX_JOINING_PRICE: __, ...settings } = run.settings;
    gateways = new WorkerProcesses(join(folder, 'gateways'), settings);
    key = await run.fundedKey();
    account = privateKeyToAccount(key);
    const sender = senderOf(node(), account);
    const signal = new AbortController().signal;
    for (const call of [approve, deposit]) await sender.send(call(run.deployment, parseEther('20')), signal);
    const pledged = pledge(run.deployment, RUN, account.address, parseEther('10'));
    id = pledgeIn(await sender.send(pledged, signal))!;
    const served = { SWARMLOCK_FREE: 'true', SWARMLOCK_MODEL_NAME: 'tiny', SWARMLOCK_PORT: '0' };
    const gateway = gateways.start('gwen', GATEWAY, key, { ...served, SWARMLOCK_PLEDGE: String(id) });
    url = await until('the gateway', () => gateway.log('listening')[0]?.['url'] as string | undefined);
  });
  after(async () => {
    await Promise.all([processes.killAll(), gateways.killAll()]);
    rmSync(folder, { recursive: true, force: true });
  });

  const complete = (fields: object) =>
    fetch(`${url}/v1/completions`, { method: 'POST', body: JSON.stringify({ ...ask, ...fields }) });

  it('is given receipts by a gateway, whole and streamed', async () => {
    const body = (await (await complete({})).json()) as { choices: { text: string }[]; receipt: unknown };
    right = parseReceipt(body.receipt);
    const { root } = (await (await fetch(`${url}/v1/models/tiny`)).json()) as { root: string };
    expect(right).to.deep.include({ pledge: id, session: 0n, drawn: 0, root, prompt: 8, temperature: 1, topP: 1 });
    expect(right.seed).to.equal(requestedSeed(7));
    expect(await isReceiptOf(account.address, domain(), right)).to.equal(true);
    const said = Buffer.from(hexToBytes(right.tokens)).toString();
    expect(said).to.equal(`daughter${body.choices[0]!.text}`);
    expect((await fetch(`${url}/health`)).status).to.equal(200);
    const events = (await (await complete({ stream: true })).text()).split('\n\n');
    expect(events.at(-2)).to.equal('data: [DONE]');
    const streamed = parseReceipt(JSON.parse(events.at(-3)!.slice(': receipt '.length)));
    expect(streamed.tokens).to.equal(right.tokens);
  });

  it('is given none under the pledge of another key', async () => {
    const served = { SWARMLOCK_FREE: 'true', SWARMLOCK_PORT: '0', SWARMLOCK_PLEDGE: String(id) };
    const other = gateways.start('other', GATEWAY, await run.fundedKey(), served);
    expect(await other.ended).to.equal(1);
    expect(other.stderr()).to.include('PLEDGE_INVALID');
  });

  it('is told by the command line which token is wrong', async () => {
    put('1-right', right);
    put('2-forged', await withAnother(privateKeyToAccount(generatePrivateKey())));
    put('3-wrong', await withAnother(account));
    const { SWARMLOCK_RPC_URL: url_, SWARMLOCK_DEPLOYMENT: addresses, ...at } = run.settings;
    const where = ['--rpc-url', url_!, '--chain-id', String(CHAIN_ID), '--deployment', addresses!];
    const model = ['--recipe', at['SWARMLOCK_RECIPE']!, '--blobs', at['SWARMLOCK_BLOBS']!];
    const check = (name: string) => {
      const args = ['cli/main.ts', 'receipt', join(receipts, `${name}.json`), ...where, ...model, '--json'];
      return promisify(execFile)(process.execPath, args).catch((error: { stdout: string }) => error);
    };
    const found = await Promise.all(['1-right', '2-forged', '3-wrong'].map(check));
    const [good, forged, wrong] = found.map(({ stdout }) => JSON.parse(stdout) as Told);
    expect(good).to.deep.equal({ isRight: true, tokens: 5 });
    expect([forged!.error!.code, forged!.error!.rule]).to.deep.equal(['CONTRACT_REVERTED', 'NotSigned']);
    expect([wrong!.error!.code, wrong!.error!.argument]).to.deep.equal(['RECEIPT_WRONG', '4']);
  });

  it('convicts the gateway that signs a wrong token, and leaves right and forged receipts alone', async () => {
    const carol = processes.start('carol-of-gateways', CHALLENGER, await run.fundedKey(), {
      SWARMLOCK_RECEIPTS: receipts,
      ...LEAVES_TICKING,
    });
    processes.start('gwen', 'test/helpers/children/lying-gateway.ts', key, LEAVES_TICKING);
    await until('the receipts', () => carol.log('receipt')[2]);
    await until('a challenge', () => carol.log('challenge')[0]);
    await until('three moves', () => carol.log('move')[2]);
    const end = await until('the end', () => carol.log('gameEnded')[0]);
    expect([end['won'], end['reason']]).to.deep.equal([true, 'element']);
    const outcomes = carol.log('receipt').map(({ outcome, token }) => [outcome, token]);
    expect(outcomes).to.deep.equal([
      ['match', undefined],
      ['NotSigned', undefined],
      ['differs', 4],
    ]);
    expect((await readClaim(node().client, run.deployment, id)).status).to.equal('voided');
  });

  it('takes no new requests, and says why, once its pledge is lost', async () => {
    await until('a refusal', async () => ((await complete({})).status === 503 ? true : undefined));
    const { error } = (await (await complete({ stream: true })).json()) as { error: { code: string } };
    expect(error.code).to.equal('pledge_invalid');
    expect((await fetch(`${url}/health`)).status).to.equal(503);
    // It goes on with what it has begun, and settles its vouchers.
    expect((await fetch(`${url}/v1/models`)).status).to.equal(200);
  });
});
