import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type {} from '@nomicfoundation/hardhat-ignition-ethers';
import { encodeFunctionData, erc20Abi, numberToHex, parseEther, type Address, type Hash } from 'viem';

import development from '../../deploy/parameters/development.json' with { type: 'json' };
import { SwarmlockError } from '../../engine/errors.ts';
import { developmentTokenAbi } from '../../sdk/abi/index.ts';
import type { Call } from '../../sdk/call.ts';
import { connect, type Client } from '../../sdk/client.ts';
import { readDeployment, readServing } from '../../sdk/deployment-file.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { onChain } from '../../sdk/errors.ts';
import type { Serving } from '../../sdk/serving.ts';
import { childDied, type Fleet } from './fleet.ts';
import { openHardhat } from './hardhat.ts';

export const CHAIN_ID = 31_337;
const START_MS = 60_000;
/** Seconds that each side has in a game: ten processes share the processor here, and none should lose for that. */
const CLOCK = 300;

export type DemoChain = {
  readonly rpcUrl: string;
  readonly client: Client;
  readonly deployment: Deployment & Serving;
  /** The file that names the deployment. */
  readonly deploymentFile: string;
  /** Sends from the node's own first account, or from any other, and waits for the receipt. */
  send(call: Call, from?: Address): Promise<Hash>;
};

/** Starts the node and waits until it answers. @throws CHILD_DIED, NODE_SILENT */
export async function startNode(fleet: Fleet, folder: string): Promise<string> {
  const output = join(folder, 'node.log');
  const entry = fileURLToPath(new URL('node.ts', import.meta.url));
  fleet.start({ name: 'node', entry, args: [join(folder, 'chain')], output });
  let ended = false;
  fleet.onEnd(({ name }) => (ended ||= name === 'node'));
  for (let waited = 0; waited < START_MS && !ended; waited += 100) {
    const line = await readFile(output, 'utf8').catch(() => '');
    const port = /^\{"port":(\d+)\}$/m.exec(line)?.[1];
    if (port !== undefined) return `http://127.0.0.1:${port}`;
    await pause(100);
  }
  if (ended) throw childDied(await fleet.end('node'), output);
  throw new SwarmlockError('The EVM node does not answer', {
    code: 'NODE_SILENT',
    hint: `Its output is in ${output}.`,
  });
}

/** Deploys the protocol, and what inference is paid by, by their Ignition modules, with the journal in `folder`. */
export async function deploy(rpcUrl: string, folder: string, clock = CLOCK): Promise<DemoChain> {
  const hardhat = await openHardhat({
    networks: { demo: { type: 'http', url: rpcUrl, chainId: CHAIN_ID } },
    paths: { ignition: folder },
  });
  const connection = await hardhat.network.create('demo');
  const { default: protocol } = await import('../../deploy/modules/Protocol.ts');
  const { default: serving } = await import('../../deploy/modules/Serving.ts');
  const options = {
    deploymentId: 'demo',
    parameters: { ...development, Protocol: { ...development.Protocol, clock } },
    config: { blockPollingInterval: 100, requiredConfirmations: 1 },
  };
  await connection.ignition.deploy(protocol, options);
  await connection.ignition.deploy(serving, options);
  await connection.close();
  const client = await connect({ rpcUrl, chainId: CHAIN_ID });
  const deploymentFile = join(folder, 'deployments', 'demo', 'deployed_addresses.json');
  const deployment = {
    ...(await readDeployment(deploymentFile, client)),
    ...(await readServing(deploymentFile, client)),
  };
  return { rpcUrl, client, deployment, deploymentFile, send: await sender(client) };
}

async function sender(client: Client): Promise<DemoChain['send']> {
  const [first] = await onChain('asking for accounts', client.request<Accounts>({ method: 'eth_accounts' }));
  return async ({ to, data, value = 0n, name }, from = first!) => {
    if (from !== first) {
      const request = client.request<Impersonate>({ method: 'hardhat_impersonateAccount', params: [from] });
      await onChain('impersonating an account', request);
    }
    const transaction = { from, to, data, value: numberToHex(value) };
    const request = client.request<SendTransaction>({ method: 'eth_sendTransaction', params: [transaction] });
    const hash = await onChain(name, request);
    await onChain(name, client.waitForTransactionReceipt({ hash, pollingInterval: 50 }));
    return hash;
  };
}

type Accounts = { Method: 'eth_accounts'; Parameters?: undefined; ReturnType: readonly Address[] };
type Impersonate = { Method: 'hardhat_impersonateAccount'; Parameters: readonly [Address]; ReturnType: boolean };
type SendTransaction = { Method: 'eth_sendTransaction'; Parameters: readonly unknown[]; ReturnType: Hash };

/** Gives an account ether for gas, and the stake token. */
export async function fund({ deployment, send }: DemoChain, account: Address, stake: bigint): Promise<void> {
  const { token } = deployment;
  await send({ to: account, data: '0x', value: parseEther('10'), name: 'gas money' });
  const wrap = encodeFunctionData({ abi: developmentTokenAbi, functionName: 'deposit' });
  await send({ to: token, data: wrap, value: stake, name: 'DevelopmentToken.deposit' });
  const give = encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [account, stake] });
  await send({ to: token, data: give, name: 'DevelopmentToken.transfer' });
}
