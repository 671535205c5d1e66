import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { createTestClient, http, parseEther, type Address, type TestClient } from 'viem';
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';

import { connect, type Client } from '../../sdk/client.ts';

export const CHAIN_ID = 31_337;

/** An Ethereum node in a process of its own, with what a test may do to it. */
export type TestNode = {
  readonly rpcUrl: string;
  readonly client: Client;
  readonly control: TestClient<'hardhat'>;
  /** A fresh key with a balance. */
  fundedAccount(ether?: string): Promise<PrivateKeyAccount>;
};

/** Starts a node before the tests of the enclosing `describe` and ends it after them. */
export function nodeForTests(): () => TestNode {
  let node: TestNode;
  let child: ChildProcess | undefined;
  before(async function () {
    this.timeout(60_000);
    const port = await freePort();
    child = await startHardhat(port);
    const rpcUrl = `http://127.0.0.1:${port}`;
    const client = await connect({ rpcUrl, chainId: CHAIN_ID });
    const control = createTestClient({ chain: client.chain, mode: 'hardhat', transport: http(rpcUrl) });
    const fund = (address: Address, ether: string) => control.setBalance({ address, value: parseEther(ether) });
    node = {
      rpcUrl,
      client,
      control,
      async fundedAccount(ether = '100') {
        const account = privateKeyToAccount(generatePrivateKey());
        await fund(account.address, ether);
        return account;
      },
    };
  });
  after(async () => {
    if (child?.kill('SIGKILL') === true) await once(child, 'exit');
  });
  return () => node;
}

async function startHardhat(port: number): Promise<ChildProcess> {
  const hardhat = join(import.meta.dirname, '../../node_modules/hardhat/dist/src/cli.js');
  const config = join(import.meta.dirname, 'children/hardhat.config.ts');
  const options = ['--config', config, '--hostname', '127.0.0.1', '--port', String(port)];
  const child = spawn(process.execPath, [hardhat, 'node', ...options], {
    cwd: join(import.meta.dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, HARDHAT_DISABLE_TELEMETRY: 'true', CI: 'true' },
  });
  const lines = createInterface(child.stdout!);
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`hardhat node ended with ${code}`)));
    lines.on('line', (line) => line.includes('Started HTTP') && resolve());
  });
  return child;
}

/** A port that nothing listens on. */
export async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
