import { SwarmlockError } from '../../engine/errors.ts';
import type { Session } from '../../sdk/sessions.ts';
import type { SignedVoucher } from '../../sdk/vouchers.ts';
import type { Account } from './account.ts';

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
  /** Vouchers that are being looked at. */
  visits: number;
};

/** What vouchers may say at most. */
export function limitOf(session: Session | undefined): number {
  return session === undefined ? 0 : session.drawn + session.left;
}

/** Whether a session is looked at on chain again and again, because it is served or has something to settle. */
export function isWatched({ open, session, voucher }: Customer): boolean {
  return open > 0 || (voucher?.drawn ?? 0) > (session?.drawn ?? 0);
}

/** What is on chain of a session that is not over. @throws SESSION_UNKNOWN */
export function requireKnown({ session }: Customer): Session {
  if (session === undefined) throw refused('SESSION_UNKNOWN', 'the session is over');
  return session;
}

/** The same where the session is not being closed. @throws SESSION_UNKNOWN, SESSION_CLOSING */
export function requireOpen(customer: Customer): Session {
  const session = requireKnown(customer);
  if (session.closesAt !== undefined) throw refused('SESSION_CLOSING', 'the session is being closed');
  return session;
}

export function refused(code: string, message: string): SwarmlockError {
  return new SwarmlockError(message, { code, argument: 'authorization' });
}

export function forged(): SwarmlockError {
  return refused('VOUCHER_FORGED', 'the voucher is not signed by the key of its session');
}
