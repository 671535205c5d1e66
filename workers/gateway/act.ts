import { settlementsIn, settleVouchers, type SessionsAt } from '../../sdk/sessions.ts';
import type { SignedVoucher } from '../../sdk/vouchers.ts';
import type { Log } from '../lib/log.ts';
import type { Sender } from '../lib/sender.ts';
import type { Cashier, CashierOptions } from './cashier.ts';
import type { GatewayAction } from './decide.ts';

export type GatewayMeans = Pick<CashierOptions, 'readSession'> & {
  readonly at: SessionsAt;
  readonly sender: Sender;
  readonly cashier: Pick<Cashier, 'customers' | 'forget'>;
  /** Gets the vouchers that the chain has skipped. */
  readonly skipped: Set<SignedVoucher>;
  readonly log: Log;
};

/** Does what was decided: the only part of the gateway that signs. */
export async function act(means: GatewayMeans, action: GatewayAction, signal: AbortSignal): Promise<void> {
  if (action.type === 'forget') return means.cashier.forget(action.id);
  const { at, sender, cashier, skipped, log } = means;
  const { vouchers } = action;
  const receipt = await sender.send(settleVouchers(at, vouchers), signal);
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
