import { erc20Abi, isAddressEqual, zeroAddress, type Address } from 'viem';

import { SwarmlockError } from '../../engine/errors.ts';
import type { Client } from '../../sdk/client.ts';
import { readCredits } from '../../sdk/credits.ts';
import { onChain } from '../../sdk/errors.ts';
import { inSpans } from '../../sdk/events.ts';
import { readOrder } from '../../sdk/market.ts';
import type { Serving } from '../../sdk/serving.ts';
import { readSession } from '../../sdk/sessions.ts';

/** Where all credits of a run are, in their smallest unit. */
export type Whereabouts = {
  /** On the accounts of all that ever got any. */
  readonly circulating: bigint;
  /** In sessions and orders, by the books of their contracts. */
  readonly escrowed: bigint;
  readonly pooled: bigint;
  readonly supply: bigint;
};

/** What there is of the run's credits beside accounts and the pool, and since when. */
export type Books = Serving & {
  readonly credits: Address;
  readonly sessionIds: readonly bigint[];
  readonly orderIds: readonly bigint[];
  readonly fromBlock: bigint;
};

export async function readWhereabouts(client: Client, books: Books): Promise<Whereabouts> {
  const { credits, sessionIds, orderIds } = books;
  const blockNumber = await onChain('asking for the block', client.getBlockNumber({ cacheTime: 0 }));
  const at = { blockNumber };
  const about = { address: credits, abi: erc20Abi, ...at } as const;
  const [holders, sessions, orders, { supply, pooled }] = await Promise.all([
    readHolders(client, books, blockNumber),
    Promise.all(sessionIds.map((id) => readSession(client, books, id, at))),
    Promise.all(orderIds.map((id) => readOrder(client, books, id, at))),
    readCredits(client, credits, at),
  ]);
  const balances = await Promise.all(
    holders.map((holder) =>
      onChain('Credits.balanceOf', client.readContract({ ...about, functionName: 'balanceOf', args: [holder] })),
    ),
  );
  const escrowed = sum([...sessions.map((one) => BigInt(one?.left ?? 0)), ...orders.map((one) => one?.left ?? 0n)]);
  return { circulating: sum(balances), escrowed, pooled, supply };
}

/** @throws CREDITS_NOT_CONSERVED unless circulating + escrowed + pooled = supply */
export function requireConserved({ circulating, escrowed, pooled, supply }: Whereabouts): void {
  const found = circulating + escrowed + pooled;
  if (found === supply) return;
  throw new SwarmlockError(
    `Of ${supply} units of credits ${circulating} circulate, ${escrowed} are escrowed and ${pooled} are pooled`,
    { code: 'CREDITS_NOT_CONSERVED', argument: String(found - supply) },
  );
}

/** All accounts that credits were ever paid to, but the contracts that keep those of others. */
async function readHolders(
  client: Client,
  { credits, fromBlock, sessions, market }: Books,
  toBlock: bigint,
): Promise<readonly Address[]> {
  const query = { address: credits, abi: erc20Abi, eventName: 'Transfer', strict: true } as const;
  const transfers = await inSpans({ fromBlock, toBlock }, (span) =>
    onChain('reading transfers', client.getContractEvents({ ...query, ...span })),
  );
  const keepers = [sessions, market, zeroAddress];
  const receivers = new Set(transfers.map(({ args }) => args.to));
  return [...receivers].filter((account) => !keepers.some((keeper) => isAddressEqual(keeper, account)));
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
