import { settlementsIn, settleVouchers, type SessionsAt } from '../../sdk/sessions.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import type { SignedVoucher } from '../../sdk/vouchers.ts';
import type { Log } from '../lib/log.ts';
import type { Sender } from '../lib/sender.ts';
import type { Cashier, CashierOptions } from './cashier.ts';
import type { GatewayAction } from './decide.ts';

export type GatewayMeans = Pick<CashierOptions, 'readSession'> & {
  readonly at: SessionsAt;
  readonly sender: Sender;
  readonly cashier: Pick<Cashier, 'customers' | 'forget' | 'shelve'>;
  /** Gets the vouchers that the chain has skipped. */
  readonly skipped: Pick<WeakSet<SignedVoucher>, 'add'>;
  readonly log: Log;
};

/** Does what was decided: the only part of the gateway that signs. */
export async function act(means: GatewayMeans, action: GatewayAction, signal: AbortSignal): Promise<void> {
  if (action.type === 'forget') return means.cashier.forget(action.id);
  if (action.type === 'shelve') return means.cashier.shelve(action.id);
  const { at, sender, cashier, skipped, log } = means;
  const { vouchers } = action;
  const receipt = await sender.send(settleVouchers(at, vouchers), signal).catch((error: unknown) => {
    throw error instanceof SwarmlockError ? notSettled(error) : error;
  });
  let drawn = 0;
  for (const { session, amount, flaw } of settlementsIn(receipt)) {
    drawn += amount;
    if (flaw === 'none') continue;
    const voucher = vouchers.find((one) => one.session === session);
    if (voucher !== undefined) skipped.add(voucher);
    log.warn({ event: 'skipped', session: String(session), flaw }, 'a voucher was skipped');
  }
  for (const { session } of vouchers) {
    const customer = cashier.customers.get(session);
    if (customer !== undefined) customer.session = await means.readSession(session);
  }
  log.info({ event: 'settled', vouchers: vouchers.length, drawn, gas: String(receipt.gasUsed) }, 'vouchers settled');
}

/** The gateway goes on serving: its vouchers are kept, and they count until the client has taken the rest back. */
function notSettled(cause: SwarmlockError): SwarmlockError {
  return new SwarmlockError(`The vouchers were not settled: ${cause.message}`, {
    code: 'NOT_SETTLED',
    ...(cause.hint !== undefined && { hint: cause.hint }),
    retryable: true,
    cause,
  });
}
