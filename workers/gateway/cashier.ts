import { isAddressEqual } from 'viem';

import { SwarmlockError } from '../../engine/errors.ts';
import type { Session } from '../../sdk/sessions.ts';
import { parseVoucherToken, type SignedVoucher } from '../../sdk/vouchers.ts';
import type { Clock } from '../lib/clock.ts';
import { forged, isWatched, limitOf, refused, requireKnown, requireOpen, type Customer } from './customer.ts';
import { PaymentRequired, type Offer } from './payment-required.ts';
import { createPurse, createTurnsToAsk, priceAhead } from './purse.ts';
import { createRegister, type RegisterOptions } from './register.ts';
import type { Till } from './till.ts';
import type { VoucherFiles } from './voucher-files.ts';
import { voucherSigner } from './voucher-signer.ts';

/** How a session stands here. */
export type Standing = { readonly paid: number; readonly promised: number; readonly left: number };

/** Takes vouchers, and pays requests from them. */
export type Cashier = Till & {
  readonly customers: ReadonlyMap<bigint, Customer>;
  /**
   * Takes a voucher: from then on it is on disk, and its session has paid.
   * @throws VOUCHER_INVALID, SESSION_UNKNOWN, SESSION_CLOSING, VOUCHER_OVERDRAWN, VOUCHER_FORGED, LOOKUPS_BUSY
   */
  credit(voucher: SignedVoucher): Promise<Standing>;
  /** Leaves a session on disk only, if nobody needs it now; it comes back with its next voucher. */
  shelve(id: bigint): Promise<void>;
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
  /** Sessions that nobody has shown before, looked for on chain in a second. */
  readonly mostLookups: number;
  readonly clock: Pick<Clock, 'now'>;
  readonly voucherMs: number;
};

export async function openCashier(options: CashierOptions): Promise<Cashier> {
  const { offer, files, mostPerSession, voucherMs } = options;
  const customers = new Map<bigint, Customer>();
  const means = { ...options, signerOf: voucherSigner(offer) };
  const { hold, take } = createRegister(means, customers);
  const turnToAsk = createTurnsToAsk(offer);
  for (const kept of await files.load()) await take(kept);
  /** Takes a voucher, and does something with its session, which stays at hand meanwhile. */
  const serve = async <T>(voucher: SignedVoucher, work: (customer: Customer) => T): Promise<T> => {
    if (voucher.route !== offer.route) {
      throw refused('SESSION_UNKNOWN', `the session is for route ${voucher.route}, not ${offer.route}`);
    }
    const customer = await hold(voucher);
    try {
      await credit(means, customer, voucher);
      return work(customer);
    } finally {
      customer.visits -= 1;
    }
  };
  return {
    customers,
    async open(asked, { bearer, root, signal }) {
      const price = priceAhead(asked, offer);
      const voucher = bearer === undefined ? undefined : parseVoucherToken(bearer);
      if (voucher === undefined) throw new PaymentRequired('This request is not paid', offer, price, root);
      return serve(voucher, (customer) => {
        requireOpen(customer);
        if (customer.open >= mostPerSession) throw busy(mostPerSession);
        const { account } = customer;
        if (!account.take(price)) {
          throw new PaymentRequired('The voucher is not enough', offer, account.dueFor(price), root);
        }
        customer.open += 1;
        const purse = createPurse(asked, { account, tariff: offer, voucherMs, signal, askAt: turnToAsk() });
        return {
          ...purse,
          paidBy: { session: voucher.session, drawn: voucher.drawn },
          close() {
            customer.open -= 1;
            purse.close();
          },
        };
      });
    },
    credit: (voucher) =>
      serve(voucher, ({ account, session }) => {
        const { paid, promised } = account;
        return { paid, promised, left: limitOf(session) - paid };
      }),
    async shelve(id) {
      const customer = customers.get(id);
      if (customer === undefined) return;
      const { voucher, account } = customer;
      if (voucher !== undefined) await files.save({ voucher, promised: account.promised });
      if (customer.open + customer.visits === 0 && customer.voucher === voucher) {
        customers.delete(id);
        files.release(id);
      } else if (voucher !== undefined) await files.save({ voucher, promised: voucher.drawn });
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

/** Takes a voucher that says more than those before it. Only who has signed it makes this look at the chain. */
async function credit(
  { signerOf, files, readSession }: RegisterOptions,
  customer: Customer,
  voucher: SignedVoucher,
): Promise<void> {
  const { key } = requireKnown(customer);
  const isOld = voucher.signature === customer.voucher?.signature && voucher.drawn === customer.voucher.drawn;
  const signer = isOld ? key : signerOf(voucher);
  if (signer === undefined || !isAddressEqual(signer, key)) throw forged();
  // Somebody may have closed a session that nobody has watched, or added to it.
  if (!isWatched(customer) || voucher.drawn > limitOf(customer.session)) {
    customer.session = await readSession(customer.id);
  }
  if (isOld) return;
  const limit = limitOf(requireOpen(customer));
  if (voucher.drawn > limit) {
    throw refused('VOUCHER_OVERDRAWN', `the session has ${limit}, the voucher says ${voucher.drawn}`);
  }
  if (voucher.drawn <= customer.account.paid) return;
  await files.save({ voucher, promised: voucher.drawn });
  if (voucher.drawn > customer.account.paid) customer.voucher = voucher;
  customer.account.credit(voucher.drawn);
}

function busy(most: number): SwarmlockError {
  return new SwarmlockError(`${most} requests of this session are being served`, {
    code: 'SESSION_BUSY',
    hint: 'Come again later.',
    retryable: true,
  });
}
