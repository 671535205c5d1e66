import { expect } from 'chai';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { firstBlockAt } from '../../../sdk/blocks.ts';
import { connect } from '../../../sdk/client.ts';
import { readDeployment, readServing } from '../../../sdk/deployment-file.ts';
import { failsWith } from '../../helpers/errors.ts';
import { CHAIN_ID, freePort, nodeForTests } from '../../helpers/node.ts';

describe('client', () => {
  const node = nodeForTests();

  it('says that nothing answers, and that it may later', async () => {
    const rpcUrl = `http://127.0.0.1:${await freePort()}`;
    const error = await failsWith('RPC_UNREACHABLE', connect({ rpcUrl, chainId: CHAIN_ID }));
    expect(error.retryable).to.equal(true);
    expect(error.argument).to.equal('rpcUrl');
    expect(error.hint).to.be.a('string');
  });

  it('refuses an endpoint of another chain', async () => {
    const error = await failsWith('CHAIN_MISMATCH', connect({ rpcUrl: node().rpcUrl, chainId: 1 }));
    expect(error.retryable).to.equal(false);
    expect(error.argument).to.equal('chainId');
  });

  it('finds the first block that is not before an instant', async () => {
    const { client, control } = node();
    const { timestamp } = await client.getBlock();
    await control.mine({ blocks: 9, interval: 10 });
    const latest = await client.getBlock();
    const first = latest.number - 8n;
    const start = Number((await client.getBlock({ blockNumber: first })).timestamp);
    expect(start).to.be.greaterThan(Number(timestamp));
    expect(await firstBlockAt(client, start)).to.equal(first);
    expect(await firstBlockAt(client, start + 1)).to.equal(first + 1n);
    expect(await firstBlockAt(client, start + 10)).to.equal(first + 1n);
    expect(await firstBlockAt(client, 0)).to.equal(0n);
    expect(await firstBlockAt(client, Number(latest.timestamp))).to.equal(latest.number);
    expect(await firstBlockAt(client, Number(latest.timestamp) + 1)).to.equal(latest.number + 1n);
  });
});

describe('deployment file', () => {
  const node = nodeForTests();
  let path: string;
  before(() => {
    path = join(mkdtempSync(join(tmpdir(), 'swarmlock-')), 'deployed_addresses.json');
  });
  after(() => rmSync(join(path, '..'), { recursive: true }));
  const read = (content: string) => {
    writeFileSync(path, content);
    return readDeployment(path, node().client);
  };
  const somewhere = `0x${'12'.repeat(20)}`;

  it('is refused when it is no file of addresses', async () => {
    await failsWith('DEPLOYMENT_INVALID', readDeployment(join(path, 'nowhere'), node().client));
    await failsWith('DEPLOYMENT_INVALID', read('{"Protocol#Protocol'));
    await failsWith('DEPLOYMENT_INVALID', read('{"Protocol#Protocol":"0x12"}'));
  });

  it('is refused when it does not name the protocol', async () => {
    await failsWith('DEPLOYMENT_INVALID', read(JSON.stringify({ 'Protocol#RunLens': somewhere })));
  });

  it('is refused when the chain has no contract there', async () => {
    const addresses = { 'Protocol#Protocol': somewhere, 'Protocol#RunLens': somewhere };
    const error = await failsWith('DEPLOYMENT_INVALID', read(JSON.stringify(addresses)));
    expect(error.argument).to.equal('deployment');
    writeFileSync(path, JSON.stringify({ 'Serving#Sessions': somewhere, 'Serving#Market': somewhere }));
    await failsWith('DEPLOYMENT_INVALID', readServing(path, node().client));
  });

  it('names what inference is paid by, in the words of Ignition or in ours', async () => {
    const { client, control } = node();
    const [sessions, market] = [`0x${'34'.repeat(20)}`, `0x${'56'.repeat(20)}`] as const;
    for (const address of [sessions, market]) await control.setCode({ address, bytecode: '0x00' });
    for (const names of [
      ['Serving#Sessions', 'Serving#Market'],
      ['sessions', 'market'],
    ] as const) {
      writeFileSync(path, JSON.stringify({ [names[0]]: sessions, [names[1]]: market }));
      expect(await readServing(path, client)).to.deep.equal({ sessions, market });
      writeFileSync(path, JSON.stringify({ [names[0]]: sessions }));
      await failsWith('DEPLOYMENT_INVALID', readServing(path, client));
    }
  });
});
