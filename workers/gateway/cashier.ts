import { isAddressEqual } from 'viem';

import { SwarmlockError } from '../../engine/errors.ts';
import type { Session } from '../../sdk/sessions.ts';
import { isSignedBy, parseVoucherToken, type SignedVoucher } from '../../sdk/vouchers.ts';
import { createAccount, type Account } from './account.ts';
import { PaymentRequired, type Offer } from './payment-required.ts';
import { createPurse, priceAhead } from './purse.ts';
import type { Till } from './till.ts';
import type { VoucherFiles } from './voucher-files.ts';

/** A session that has paid here. */
export type Customer = {
  readonly id: bigint;
  readonly account: Account;
  /** The session as it was last seen on chain; undefined when it is over. */
  session: Session | undefined;
  /** The latest voucher; undefined before the first. */
  voucher: SignedVoucher | undefined;
  /** Requests that are being served. */
  open: number;
};

/** How a session stands here. */
export type Standing = { readonly paid: number; readonly promised: number; readonly left: number };

/** Takes vouchers, and pays requests from them. */
export type Cashier = Till & {
  readonly customers: ReadonlyMap<bigint, Customer>;
  /**
   * Takes a voucher: from then on it is on disk, and its session has paid.
   * @throws VOUCHER_INVALID, SESSION_UNKNOWN, SESSION_CLOSING, VOUCHER_OVERDRAWN, VOUCHER_FORGED
   */
  credit(voucher: SignedVoucher): Promise<Standing>;
  /** Forgets a session that is over. */
  forget(id: bigint): Promise<void>;
  /** Writes down what of the vouchers was given, when nothing is served any more. */
  close(): Promise<void>;
};

export type CashierOptions = {
  readonly offer: Offer;
  readonly files: VoucherFiles;
  /** A session on chain, as it stands now. */
  readSession(id: bigint): Promise<Session | undefined>;
  /** Requests of one session at the same time. */
  readonly mostPerSession: number;
  readonly voucherMs: number;
};

export async function openCashier(options: CashierOptions): Promise<Cashier> {
  const { offer, files, mostPerSession, voucherMs } = options;
  const customers = new Map<bigint, Customer>();
  for (const { voucher, promised } of await files.load()) {
    const account = createAccount({ paid: voucher.drawn, promised });
    const session = await options.readSession(voucher.session);
    customers.set(voucher.session, { id: voucher.session, account, session, voucher, open: 0 });
  }
  const credit = async (voucher: SignedVoucher): Promise<Customer> => {
    const customer = await customerOf(options, customers, voucher);
    if (voucher.signature === customer.voucher?.signature && voucher.drawn === customer.voucher.drawn) return customer;
    await requireSigned(options, customer, voucher);
    if (voucher.drawn <= customer.account.paid) return customer;
    await files.save({ voucher, promised: voucher.drawn });
    if (voucher.drawn > customer.account.paid) customer.voucher = voucher;
    customer.account.credit(voucher.drawn);
    return customer;
  };
  return {
    customers,
    async open(asked, { bearer, root, onDue, signal }) {
      const price = priceAhead(asked, offer);
      const voucher = bearer === undefined ? undefined : parseVoucherToken(bearer);
      if (voucher === undefined) throw new PaymentRequired('This request is not paid', offer, price, root);
      const customer = await credit(voucher);
      requireOpen(customer);
      if (customer.open >= mostPerSession) throw busy(mostPerSession);
      const { account } = customer;
      if (!account.take(price)) {
        throw new PaymentRequired('The voucher is not enough', offer, account.dueFor(price), root);
      }
      customer.open += 1;
      const purse = createPurse(asked, { account, tariff: offer, voucherMs, onDue, signal });
      return {
        ...purse,
        paidBy: { session: voucher.session, drawn: voucher.drawn },
        close() {
          customer.open -= 1;
          purse.close();
        },
      };
    },
    async credit(voucher) {
      const { account, session } = await credit(voucher);
      return { paid: account.paid, promised: account.promised, left: limitOf(session) - account.paid };
    },
    async forget(id) {
      customers.delete(id);
      await files.remove(id);
    },
    async close() {
      for (const { voucher, account } of customers.values()) {
        if (voucher !== undefined) await files.save({ voucher, promised: account.promised });
      }
    },
  };
}

/** What vouchers may say at most. */
export function limitOf(session: Session | undefined): number {
  return session === undefined ? 0 : session.drawn + session.left;
}

/** Whether a session is looked at on chain again and again, because it is served or has something to settle. */
export function isWatched({ open, session, voucher }: Customer): boolean {
  return open > 0 || (voucher?.drawn ?? 0) > (session?.drawn ?? 0);
}

/** The session of a voucher, if it is one of this gateway. */
async function customerOf(
  { offer, readSession }: CashierOptions,
  customers: Map<bigint, Customer>,
  { session: id, route }: SignedVoucher,
): Promise<Customer> {
  if (route !== offer.route) throw refused('SESSION_UNKNOWN', `the session is for route ${route}, not ${offer.route}`);
  const known = customers.get(id);
  if (known !== undefined && isWatched(known)) return known;
  const session = await readSession(id);
  if (known !== undefined) return Object.assign(known, { session });
  if (session === undefined) throw refused('SESSION_UNKNOWN', 'there is no such session');
  if (!isAddressEqual(session.gateway, offer.gateway as `0x${string}`)) {
    throw refused('SESSION_UNKNOWN', 'the session is for another gateway');
  }
  // What was drawn before this gateway knew the session was given before.
  const account = createAccount({ paid: session.drawn, promised: session.drawn });
  const customer = customers.get(id) ?? { id, account, session, voucher: undefined, open: 0 };
  customers.set(id, customer);
  return customer;
}

/** Looks at the chain again when a session seems not to have what a voucher says: somebody may have added to it. */
async function requireSigned(
  { offer, readSession }: CashierOptions,
  customer: Customer,
  voucher: SignedVoucher,
): Promise<void> {
  if (voucher.drawn > limitOf(customer.session)) customer.session = await readSession(customer.id);
  const session = requireOpen(customer);
  if (!(await isSignedBy(session.key, offer, voucher))) {
    throw refused('VOUCHER_FORGED', 'the voucher is not signed by the key of its session');
  }
  if (voucher.drawn > limitOf(session)) {
    throw refused('VOUCHER_OVERDRAWN', `the session has ${limitOf(session)}, the voucher says ${voucher.drawn}`);
  }
}

function requireOpen({ session }: Customer): Session {
  if (session === undefined) throw refused('SESSION_UNKNOWN', 'the session is over');
  if (session.closesAt !== undefined) throw refused('SESSION_CLOSING', 'the session is being closed');
  return session;
}

function refused(code: string, message: string): SwarmlockError {
  return new SwarmlockError(message, { code, argument: 'authorization' });
}

function busy(most: number): SwarmlockError {
  return new SwarmlockError(`${most} requests of this session are being served`, {
    code: 'SESSION_BUSY',
    hint: 'Come again later.',
    retryable: true,
  });
}
