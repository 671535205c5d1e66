import { getAddress, isAddress, type Address } from 'viem';

import type { VoucherDomain } from './vouchers.ts';

/** What a gateway asks for with a 402; amounts in the smallest unit of credits. */
export type Offer = VoucherDomain & {
  readonly gateway: Address;
  readonly route: number;
  /** Of one token. */
  readonly promptPrice: number;
  readonly tokenPrice: number;
  readonly tokensPerVoucher: number;
  /** What a voucher of the session must say so that the request is served, or of a new one. */
  readonly due: number;
  /** Of the weights that would answer. */
  readonly root: string;
  /** Id of the pledge that answers for receipts, with which each part comes; undefined when there are none. */
  readonly pledge: bigint | undefined;
};

/** The offer in the error object of a gateway's answer; undefined when there is none. */
export function readOffer(error: unknown): Offer | undefined {
  const payment = (error as { payment?: Readonly<Record<string, unknown>> } | undefined)?.payment;
  if (payment?.['scheme'] !== 'swarmlock-session') return undefined;
  const amounts = {
    chainId: payment['chain_id'],
    route: payment['route'],
    promptPrice: payment['prompt_token_price'],
    tokenPrice: payment['completion_token_price'],
    tokensPerVoucher: payment['tokens_per_voucher'],
    due: payment['due'],
  };
  const places = { sessions: payment['sessions'], credits: payment['credits'], gateway: payment['gateway'] };
  const { root, pledge } = payment;
  if (!allAre(amounts, isAmount) || !allAre(places, isPlace) || typeof root !== 'string') return undefined;
  if (pledge !== undefined && !isId(pledge)) return undefined;
  const { sessions, credits, gateway } = places;
  return {
    ...amounts,
    root,
    pledge: pledge === undefined ? undefined : BigInt(pledge),
    sessions: getAddress(sessions),
    credits: getAddress(credits),
    gateway: getAddress(gateway),
  };
}

function isAmount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0;
}

/** Of 256 bits. */
function isId(value: unknown): value is string {
  return typeof value === 'string' && /^\d{1,77}$/.test(value);
}

function isPlace(value: unknown): value is Address {
  return typeof value === 'string' && isAddress(value, { strict: false });
}

function allAre<K extends string, T>(
  values: Record<K, unknown>,
  test: (value: unknown) => value is T,
): values is Record<K, T> {
  return Object.values(values).every(test);
}
