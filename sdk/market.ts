import {
  encodeFunctionData,
  isAddressEqual,
  parseEventLogs,
  zeroAddress,
  type Address,
  type TransactionReceipt,
} from 'viem';

import { marketAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import { onChain } from './errors.ts';
import { inSpans, type Blocks } from './events.ts';
import type { At } from './run.ts';
import type { Serving } from './serving.ts';

type Place = Pick<Serving, 'market'>;

/** What is traded for what. */
export type Pair = {
  readonly credits: Address;
  /** An ERC-20 that buyers pay in. */
  readonly payment: Address;
};

/** Credits that somebody sells. */
export type Order = Pair & {
  readonly id: bigint;
  readonly seller: Address;
  /** Of the credits offered. */
  readonly left: bigint;
  /** The least, in units of the payment token for 1e6 units of credits: one credit. */
  readonly price: bigint;
};

/** What buying would cost now, and how much the orders have. */
export type Quote = { readonly cost: bigint; readonly offered: bigint };

/** All of `amount` from these orders, in this order, for at most `maxCost`, or nothing. */
export type Purchase = Pair & {
  readonly orders: readonly bigint[];
  readonly amount: bigint;
  readonly maxCost: bigint;
};

/** An order as it stands; undefined when it was cancelled or never was. */
export async function readOrder(
  client: Client,
  { market }: Place,
  id: bigint,
  at: At = {},
): Promise<Order | undefined> {
  const about = { address: market, abi: marketAbi, functionName: 'orderOf', args: [id], ...at } as const;
  const order = await onChain('Market.orderOf', client.readContract(about));
  return order.seller === zeroAddress ? undefined : { ...order, id };
}

/** Orders of a pair that were placed in these blocks and have something left, the cheapest first. */
export async function readOffers(
  client: Client,
  place: Place,
  { credits, payment }: Pair,
  blocks: Blocks,
): Promise<readonly Order[]> {
  const query = { address: place.market, abi: marketAbi, eventName: 'OrderPlaced', args: { credits } } as const;
  const placed = await inSpans(blocks, (span) =>
    onChain('reading orders', client.getContractEvents({ ...query, strict: true, ...span })),
  );
  const ids = placed.filter(({ args }) => isAddressEqual(args.payment, payment)).map(({ args }) => args.order);
  const orders = await Promise.all(ids.map((id) => readOrder(client, place, id)));
  return orders
    .filter((order) => order !== undefined)
    .filter(({ left }) => left > 0n)
    .toSorted((a, b) => (a.price < b.price ? -1 : Number(a.price > b.price)));
}

/** What a purchase would cost now; each order is named once. */
export async function readQuote(
  client: Client,
  { market }: Place,
  { orders, credits, payment, amount }: Omit<Purchase, 'maxCost'>,
  at: At = {},
): Promise<Quote> {
  const args = [orders, credits, payment, amount] as const;
  const about = { address: market, abi: marketAbi, functionName: 'quoteUp', args, ...at } as const;
  const [cost, offered] = await onChain('Market.quoteUp', client.readContract(about));
  return { cost, offered };
}

/** What a seller may withdraw of a payment token. */
export async function readProceeds(
  client: Client,
  { market }: Place,
  seller: Address,
  payment: Address,
  at: At = {},
): Promise<bigint> {
  const args = [seller, payment] as const;
  const about = { address: market, abi: marketAbi, functionName: 'proceedsOf', args, ...at } as const;
  return onChain('Market.proceedsOf', client.readContract(about));
}

/** A cost with so many hundredths of a percent on top, rounded up: what a buyer is ready to pay at most. */
export function withSlippageUp(cost: bigint, basisPoints: number): bigint {
  return cost + (cost * BigInt(basisPoints) + 9_999n) / 10_000n;
}

/** Offers credits of the sender, which it has let the market take; the receipt has the order: `placedOrder`. */
export function place(
  { market }: Place,
  { credits, payment, amount, price }: Pair & { readonly amount: bigint; readonly price: bigint },
): Call {
  const args = [credits, payment, amount, price] as const;
  return {
    to: market,
    data: encodeFunctionData({ abi: marketAbi, functionName: 'place', args }),
    name: 'Market.place',
  };
}

/** The order that a transaction has placed; undefined when it has placed none. */
export function placedOrder({ logs }: Pick<TransactionReceipt, 'logs'>): bigint | undefined {
  return parseEventLogs({ abi: marketAbi, eventName: 'OrderPlaced', logs })[0]?.args.order;
}

/** Buys for the sender, which has let the market take what it pays. */
export function take({ market }: Place, { orders, credits, payment, amount, maxCost }: Purchase): Call {
  const args = [orders, credits, payment, amount, maxCost] as const;
  return { to: market, data: encodeFunctionData({ abi: marketAbi, functionName: 'take', args }), name: 'Market.take' };
}

/** Gives what is left of an order back to its seller, who sends it. */
export function cancel({ market }: Place, order: bigint): Call {
  const data = encodeFunctionData({ abi: marketAbi, functionName: 'cancel', args: [order] });
  return { to: market, data, name: 'Market.cancel' };
}

/** Pays the sender what its orders have brought. */
export function withdraw({ market }: Place, payment: Address): Call {
  const data = encodeFunctionData({ abi: marketAbi, functionName: 'withdraw', args: [payment] });
  return { to: market, data, name: 'Market.withdraw' };
}
