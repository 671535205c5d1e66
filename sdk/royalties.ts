import { encodeFunctionData, parseEventLogs, type Address, type TransactionReceipt } from 'viem';

import { creditsAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import { onChain } from './errors.ts';
import type { At } from './run.ts';

/** Credits of another run that a run's pool has distributed to its owners. */
export type Royalty = {
  /** Counts from 1, by pool. */
  readonly number: number;
  /** Which credits. */
  readonly credits: Address;
  readonly amount: bigint;
  /** Those that earned then, and share it. */
  readonly shares: bigint;
};

/** A holder's part of a royalty, in units of its credits, as a claim of it alone would pay it. */
export type RoyaltyPart = { readonly number: number; readonly amount: bigint };

/** How many royalties a pool, which is the credits of a run, has distributed; the last one's number. */
export async function readRoyaltyCount(client: Client, pool: Address, at: At = {}): Promise<number> {
  const query = { address: pool, abi: creditsAbi, functionName: 'royaltyCount', ...at } as const;
  return onChain('Credits.royaltyCount', client.readContract(query));
}

/** A royalty by its number; all zero when there is none. */
export async function readRoyalty(client: Client, pool: Address, number: number, at: At = {}): Promise<Royalty> {
  const query = { address: pool, abi: creditsAbi, functionName: 'royaltyOf', args: [number], ...at } as const;
  return { number, ...(await onChain('Credits.royaltyOf', client.readContract(query))) };
}

/** The royalties from one number on of which a holder has a unit or more to claim, oldest first. */
export async function readClaimableRoyalties(
  client: Client,
  pool: Address,
  holder: Address,
  from = 1,
  at: At = {},
): Promise<readonly RoyaltyPart[]> {
  const count = await readRoyaltyCount(client, pool, at);
  const numbers = Array.from({ length: Math.max(count - from + 1, 0) }, (_, i) => from + i);
  const about = { address: pool, abi: creditsAbi, functionName: 'claimableRoyaltyDown', ...at } as const;
  const parts = numbers.map(async (number) => {
    const read = client.readContract({ ...about, args: [holder, number] });
    return { number, amount: await onChain('Credits.claimableRoyaltyDown', read) };
  });
  return (await Promise.all(parts)).filter(({ amount }) => amount > 0n);
}

/** Distributes the credits of a run that the pool has received since the last time; the receipt has the number: `distributedRoyalty`. */
export function distribute(pool: Address, runId: bigint): Call {
  const data = encodeFunctionData({ abi: creditsAbi, functionName: 'distribute', args: [runId] });
  return { to: pool, data, name: 'Credits.distribute' };
}

/** The royalty that a transaction has distributed; undefined when it has distributed none. */
export function distributedRoyalty({ logs }: Pick<TransactionReceipt, 'logs'>): number | undefined {
  return parseEventLogs({ abi: creditsAbi, eventName: 'RoyaltyDistributed', logs })[0]?.args.number;
}

/** Pays a holder its parts of these royalties: all of them, or none. Anyone may send it. */
export function claimRoyalties(pool: Address, holder: Address, numbers: readonly number[]): Call {
  const data = encodeFunctionData({ abi: creditsAbi, functionName: 'claimRoyalties', args: [holder, numbers] });
  return { to: pool, data, name: 'Credits.claimRoyalties' };
}
