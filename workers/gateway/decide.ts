import type { Session } from '../../sdk/sessions.ts';
import type { SignedVoucher } from '../../sdk/vouchers.ts';

/** A session with its latest voucher, if there was one. */
export type Claimable = {
  readonly id: bigint;
  /** On chain; undefined when it is over. */
  readonly session: Session | undefined;
  readonly voucher: SignedVoucher | undefined;
  /** Requests that are being served. */
  readonly open: number;
};

export type GatewayFacts = {
  readonly customers: readonly Claimable[];
  /** Milliseconds; since when there has been something to settle, undefined when there is nothing. */
  readonly now: number;
  readonly unsettledSince: number | undefined;
  /** Vouchers that the chain has skipped. */
  readonly skipped: Pick<WeakSet<SignedVoucher>, 'has'>;
  readonly limits: SettlementLimits;
};

export type SettlementLimits = {
  /** Milliseconds that a voucher waits for others. */
  readonly settleMs: number;
  /** Settle as soon as so much is unsettled. */
  readonly settleAmount: number;
};

export type GatewayAction =
  | { readonly type: 'settle'; readonly vouchers: readonly SignedVoucher[] }
  /** Nothing of a session is left. */
  | { readonly type: 'forget'; readonly id: bigint }
  /** Nothing is to be done for a session until its next voucher. */
  | { readonly type: 'shelve'; readonly id: bigint };

/** Vouchers in one transaction. */
export const MOST_VOUCHERS = 50;

/** Pure. Those of sessions that are being closed do not wait, and come first. */
export function decide(facts: GatewayFacts): readonly GatewayAction[] {
  const { customers, now, unsettledSince, limits } = facts;
  const over = customers.filter(({ session, open }) => session === undefined && open === 0);
  const idle = customers.filter(isIdle);
  const unsettled = customers.filter((customer) => unsettledOf(facts, customer) > 0);
  const closing = unsettled.filter(({ session }) => session?.closesAt !== undefined);
  const sum = unsettled.reduce((total, customer) => total + unsettledOf(facts, customer), 0);
  const isDue =
    closing.length > 0 ||
    sum >= limits.settleAmount ||
    unsettled.length >= MOST_VOUCHERS ||
    now - (unsettledSince ?? now) >= limits.settleMs;
  const rest = unsettled.filter((customer) => !closing.includes(customer));
  const vouchers = [...closing, ...rest].slice(0, MOST_VOUCHERS).map(({ voucher }) => voucher!);
  return [
    ...over.map(({ id }) => ({ type: 'forget', id }) as const),
    ...idle.map(({ id }) => ({ type: 'shelve', id }) as const),
    ...(isDue && vouchers.length > 0 ? [{ type: 'settle', vouchers } as const] : []),
  ];
}

/** Whether a session is settled and not served. */
function isIdle({ session, voucher, open }: Claimable): boolean {
  return session !== undefined && open === 0 && (voucher?.drawn ?? 0) <= session.drawn;
}

/** What a voucher would draw from its session. */
export function unsettledOf({ skipped }: Pick<GatewayFacts, 'skipped'>, { session, voucher }: Claimable): number {
  if (session === undefined || voucher === undefined || skipped.has(voucher)) return 0;
  return Math.max(0, voucher.drawn - session.drawn);
}
