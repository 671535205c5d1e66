import { createPublicClient, defineChain, http, type Chain, type HttpTransport, type PublicClient } from 'viem';

import { SwarmlockError } from '../engine/errors.ts';
import { onChain } from './errors.ts';

/** Reads the chain; holds no key. */
export type Client = PublicClient<HttpTransport, Chain>;

export type Endpoint = { readonly rpcUrl: string; readonly chainId: number };

/**
 * A client of the endpoint, once it has answered with the expected chain. Requests are not retried here: callers have
 * their own clock.
 * @throws RPC_UNREACHABLE when nothing answers, CHAIN_MISMATCH when another chain does.
 */
export async function connect({ rpcUrl, chainId }: Endpoint): Promise<Client> {
  const chain = chainOf(chainId, rpcUrl);
  const client = createPublicClient({ chain, transport: http(rpcUrl, { retryCount: 0 }), cacheTime: 0 });
  const actual = await onChain('connecting', client.getChainId());
  if (actual === chainId) return client;
  throw new SwarmlockError(`The RPC endpoint serves chain ${actual}, not chain ${chainId}`, {
    code: 'CHAIN_MISMATCH',
    argument: 'chainId',
    hint: 'Check rpcUrl and chainId against the network that the run lives on.',
  });
}

/** A chain that is known by nothing but its number. */
export function chainOf(chainId: number, ...http: readonly string[]): Chain {
  return defineChain({
    id: chainId,
    name: `chain ${chainId}`,
    nativeCurrency: { name: 'Ether', symbol: 'ETH', decimals: 18 },
    rpcUrls: { default: { http } },
  });
}
