import { isAddressEqual } from 'viem';

import { SwarmlockError } from '../../engine/errors.ts';
import type { Session } from '../../sdk/sessions.ts';
import type { SignedVoucher } from '../../sdk/vouchers.ts';
import { createAccount } from './account.ts';
import type { CashierOptions } from './cashier.ts';
import { forged, refused, type Customer } from './customer.ts';
import type { Kept } from './voucher-files.ts';
import type { SignerOf } from './voucher-signer.ts';

/** Finds the sessions of vouchers: in memory, on disk, on chain. */
export type Register = {
  /**
   * The session of a voucher, which is not shelved before `visits` is counted down.
   * @throws SESSION_UNKNOWN, VOUCHER_FORGED, LOOKUPS_BUSY (retryable)
   */
  hold(voucher: SignedVoucher): Promise<Customer>;
  /** A session of which a voucher was kept. */
  take(kept: Kept): Promise<void>;
};

export type RegisterOptions = CashierOptions & { readonly signerOf: SignerOf };

const SECOND_MS = 1_000;

/** @param customers sessions that are at hand; those that are found are put there */
export function createRegister(options: RegisterOptions, customers: Map<bigint, Customer>): Register {
  const { files, readSession, signerOf } = options;
  const finding = new Map<bigint, Promise<void>>();
  const pass = turnstile(options);
  const put = (id: bigint, session: Session | undefined, kept: Kept | undefined) => {
    // What was drawn before this gateway knew the session was given before.
    const drawn = session?.drawn ?? 0;
    const account = createAccount({ paid: kept?.voucher.drawn ?? drawn, promised: kept?.promised ?? drawn });
    customers.set(id, { id, account, session, voucher: kept?.voucher, open: 0, visits: 0 });
  };
  /** What is on disk says from now on that all was given: this process may be killed. */
  const resume = async (kept: Kept, session: Session | undefined) => {
    const { voucher, promised } = kept;
    if (promised < voucher.drawn) await files.save({ voucher, promised: voucher.drawn });
    put(voucher.session, session, kept);
  };
  const find = async (voucher: SignedVoucher): Promise<void> => {
    const { session: id } = voucher;
    const signer = signerOf(voucher);
    if (signer === undefined) throw forged();
    pass();
    const session = await readSession(id);
    if (session === undefined) throw refused('SESSION_UNKNOWN', 'there is no such session');
    if (!isAddressEqual(session.gateway, options.offer.gateway as `0x${string}`)) {
      throw refused('SESSION_UNKNOWN', 'the session is for another gateway');
    }
    if (!isAddressEqual(session.key, signer)) throw forged();
    const kept = await files.find(id);
    if (kept === undefined) put(id, session, undefined);
    else await resume(kept, session);
  };
  return {
    async hold(voucher) {
      const { session: id } = voucher;
      for (;;) {
        const known = customers.get(id);
        if (known !== undefined) {
          known.visits += 1;
          return known;
        }
        const found = finding.get(id) ?? find(voucher).finally(() => finding.delete(id));
        finding.set(id, found);
        await found;
      }
    },
    take: async (kept) => resume(kept, await readSession(kept.voucher.session)),
  };
}

/** Lets so many through in a second. @throws LOOKUPS_BUSY */
function turnstile({ mostLookups, clock }: Pick<CashierOptions, 'mostLookups' | 'clock'>): () => void {
  let [began, passed] = [-Infinity, 0];
  return () => {
    const now = clock.now();
    if (now - began >= SECOND_MS) [began, passed] = [now, 0];
    if (passed >= mostLookups) {
      throw new SwarmlockError(`${mostLookups} sessions were looked for in this second`, {
        code: 'LOOKUPS_BUSY',
        hint: 'Come again later.',
        retryable: true,
      });
    }
    passed += 1;
  };
}
