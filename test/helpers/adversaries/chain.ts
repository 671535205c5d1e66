import type { network } from 'hardhat';
import {
  createPublicClient,
  custom,
  defineChain,
  numberToHex,
  type Address,
  type Hex,
  type TransactionReceipt,
} from 'viem';

import type { Call } from '../../../sdk/call.ts';
import type { Client } from '../../../sdk/client.ts';
import { chainError } from '../../../sdk/errors.ts';

/** What every transaction pays for a unit of gas. Above any base fee here, so that what things cost does not depend on it. */
export const GAS_PRICE = 2_000_000_000n;
const GAS = 12_000_000n;

/** A network in this process. */
export type Connection = Awaited<ReturnType<typeof network.create>>;

/** A request to its node. */
export type Request = (method: string, params?: readonly unknown[]) => Promise<unknown>;

/** What the SDK reads the network through. */
export function clientOf({ provider }: Connection): Client {
  const chain = defineChain({
    id: 31_337,
    name: 'in this process',
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http: [] } },
  });
  const transport = custom(
    { request: ({ method, params }) => provider.request({ method, params }) },
    { retryCount: 0 },
  );
  // The SDK reads through any transport; its type names the one that workers have.
  return createPublicClient({ chain, transport, cacheTime: 0, pollingInterval: 10 }) as unknown as Client;
}

/** Sends a transaction; throws what the contract says when it refuses. */
export async function send(
  client: Client,
  request: Request,
  from: Address,
  { to, data, value = 0n, name }: Call,
  gas = GAS,
): Promise<TransactionReceipt> {
  const transaction = { from, to, data, value: numberToHex(value), gas: numberToHex(gas) };
  try {
    const hash = await request('eth_sendTransaction', [{ ...transaction, gasPrice: numberToHex(GAS_PRICE) }]);
    return await client.getTransactionReceipt({ hash: hash as Hex });
  } catch (error) {
    throw chainError(error, name);
  }
}

/** What would become of a transaction in the next block. */
export async function attempt(request: Request, from: Address, call: Call): Promise<void> {
  const { to, data, value = 0n, name } = call;
  const transaction = { from, to, data, value: numberToHex(value), gas: numberToHex(GAS) };
  try {
    await request('eth_call', [{ ...transaction, gasPrice: numberToHex(GAS_PRICE) }, 'pending']);
  } catch (error) {
    throw chainError(error, name);
  }
}
