import { expect } from 'chai';
import { build } from 'esbuild';
import { createContext, Script } from 'node:vm';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

import type * as Sdk from '../../../sdk/index.ts';
import { deposit } from '../../../sdk/stake.ts';
import { isSignedBy, signVoucher } from '../../../sdk/vouchers.ts';

/** What the SDK finds in a browser; nothing of Node. */
const browserGlobals = () => ({
  AbortController,
  clearTimeout,
  console,
  crypto,
  setTimeout,
  TextDecoder,
  TextEncoder,
  URL,
});

describe('the SDK in a browser', function () {
  this.timeout(20_000);
  const chainId = 31_337;
  const requests: string[] = [];
  let sdk: typeof Sdk;

  before(async () => {
    const { outputFiles } = await build({
      entryPoints: ['sdk/index.ts'],
      bundle: true,
      platform: 'browser',
      format: 'iife',
      globalName: 'swarmlock',
      write: false,
      logLevel: 'silent',
    });
    // A node that knows which chain it is.
    const fetch = async (url: string, { body }: { readonly body: string }) => {
      requests.push(url);
      const { id } = JSON.parse(body) as { id: number };
      return Response.json({ jsonrpc: '2.0', id, result: `0x${chainId.toString(16)}` });
    };
    const context = createContext({ ...browserGlobals(), fetch, Headers, Request, Response });
    new Script(outputFiles[0]!.text).runInContext(context);
    sdk = context['swarmlock'] as typeof Sdk;
  });

  it('asks a node by fetch', async () => {
    const rpcUrl = 'http://node.example';
    expect((await sdk.connect({ rpcUrl, chainId })).chain.id).to.equal(chainId);
    expect(requests).to.deep.equal([`${rpcUrl}/`]);
    const error: unknown = await sdk.connect({ rpcUrl, chainId: 1 }).catch((caught: unknown) => caught);
    expect(error).to.be.instanceOf(sdk.SwarmlockError);
    expect(error).to.deep.include({ code: 'CHAIN_MISMATCH' });
  });

  it('encodes the calls that it encodes elsewhere', () => {
    const deployment = { stake: `0x${'11'.repeat(20)}` } as Sdk.Deployment;
    expect({ ...sdk.stake.deposit(deployment, 7n) }).to.deep.equal(deposit(deployment, 7n));
  });

  it('signs and checks vouchers', async () => {
    const key = privateKeyToAccount(generatePrivateKey());
    const place = { chainId, sessions: key.address, credits: key.address };
    const draw = { session: 5n, route: 5, drawn: 32 };
    const voucher = await signVoucher(key, place, draw);
    expect(await sdk.isSignedBy(key.address, place, voucher)).to.equal(true);
    expect(await sdk.isSignedBy(key.address, place, { ...voucher, drawn: 33 })).to.equal(false);
    expect(await isSignedBy(key.address, place, await sdk.signVoucher(key, place, draw))).to.equal(true);
  });
});
