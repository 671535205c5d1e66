import type {} from '@nomicfoundation/hardhat-ignition-ethers';
import { fileURLToPath } from 'node:url';
import {
  createPublicClient,
  custom,
  defineChain,
  encodeFunctionData,
  numberToHex,
  type Address,
  type Hex,
  type TransactionReceipt,
} from 'viem';

import { developmentTokenAbi } from '../../sdk/abi/index.ts';
import type { Call } from '../../sdk/call.ts';
import type { Client } from '../../sdk/client.ts';
import { deploymentAt, type Deployment } from '../../sdk/deployment.ts';
import { chainError } from '../../sdk/errors.ts';
import { approve, deposit } from '../../sdk/stake.ts';
import { openBuiltHardhat } from '../demo/hardhat.ts';

/** What each transaction pays for a unit of gas, in wei. Above any base fee here, so that nothing depends on that. */
export const GAS_PRICE = 2_000_000_000n;
const GAS = 12_000_000n;

/** The protocol on a chain inside this process. Accounts, addresses and times are the same each time. */
export type LocalChain = {
  readonly client: Client;
  readonly deployment: Deployment;
  readonly accounts: readonly Address[];
  /** Sends a transaction and gives its receipt. @throws what the contract says when it refuses */
  send(from: Address, call: Call): Promise<TransactionReceipt>;
  request(method: string, params?: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
};

type Hardhat = Awaited<ReturnType<typeof openBuiltHardhat>>;
type Connection = Awaited<ReturnType<Hardhat['network']['create']>>;

/** Starts the chain and deploys the protocol by its module. */
export async function openChain(): Promise<LocalChain> {
  const hardhat = await openBuiltHardhat();
  const override = { initialDate: '2030-01-01T00:00:00Z', loggingEnabled: false };
  const connection = await hardhat.network.create({ network: 'default', override });
  const request: LocalChain['request'] = (method, params = []) => connection.provider.request({ method, params });
  const client = clientOf(connection);
  const { default: protocol } = await import('../../deploy/modules/Protocol.ts');
  const parameters = fileURLToPath(new URL('../../deploy/parameters/development.json', import.meta.url));
  const contracts = await connection.ignition.deploy(protocol, { parameters });
  const at = async (contract: { getAddress(): Promise<string> }) => (await contract.getAddress()) as Address;
  const places = { protocol: await at(contracts.protocol), lens: await at(contracts.runLens) };
  return {
    client,
    request,
    deployment: await deploymentAt(places, client),
    accounts: (await request('eth_accounts')) as Address[],
    send: (from, call) => send(client, request, from, call),
    close: () => connection.close(),
  };
}

function clientOf({ provider }: Connection): Client {
  const chain = defineChain({
    id: 31_337,
    name: 'in this process',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [] } },
  });
  const ask = {
    request: ({ method, params }: { method: string; params?: unknown }) =>
      provider.request({ method, params: params as unknown[] }),
  };
  // The SDK reads through any transport; its type names the one that workers have.
  return createPublicClient({ chain, transport: custom(ask, { retryCount: 0 }), cacheTime: 0 }) as unknown as Client;
}

async function send(
  client: Client,
  request: LocalChain['request'],
  from: Address,
  { to, data, value = 0n, name }: Call,
): Promise<TransactionReceipt> {
  const price = { gas: numberToHex(GAS), gasPrice: numberToHex(GAS_PRICE) };
  try {
    const hash = await request('eth_sendTransaction', [{ from, to, data, value: numberToHex(value), ...price }]);
    return await client.getTransactionReceipt({ hash: hash as Hex });
  } catch (error) {
    throw chainError(error, name);
  }
}

/** Gives an account a stake. */
export async function stake(chain: LocalChain, account: Address, amount: bigint): Promise<void> {
  const { deployment } = chain;
  const wrap = encodeFunctionData({ abi: developmentTokenAbi, functionName: 'deposit' });
  await chain.send(account, { to: deployment.token, data: wrap, value: amount, name: 'DevelopmentToken.deposit' });
  await chain.send(account, approve(deployment, amount));
  await chain.send(account, deposit(deployment, amount));
}

/** Lets time pass, and mines a block. */
export async function pass(chain: LocalChain, seconds: number): Promise<void> {
  await chain.request('evm_increaseTime', [seconds]);
  await chain.request('evm_mine');
}
