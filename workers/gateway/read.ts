import type { Clock } from '../lib/clock.ts';
import type { Cashier, CashierOptions } from './cashier.ts';
import { isWatched } from './customer.ts';
import { unsettledOf, type GatewayFacts, type SettlementLimits } from './decide.ts';

export type TillReader = { read(): Promise<GatewayFacts> };

export type ReaderOptions = Pick<CashierOptions, 'readSession'> & {
  readonly cashier: Pick<Cashier, 'customers'>;
  readonly skipped: GatewayFacts['skipped'];
  readonly clock: Clock;
  readonly limits: SettlementLimits;
};

/** Looks at the sessions on chain that are served, or not settled, so that one that is being closed is noticed. */
export function tillReader({ cashier, skipped, clock, limits, readSession }: ReaderOptions): TillReader {
  let unsettledSince: number | undefined;
  return {
    async read() {
      const customers = [...cashier.customers.values()];
      await Promise.all(
        customers.filter(isWatched).map(async (customer) => (customer.session = await readSession(customer.id))),
      );
      const now = clock.now();
      const isUnsettled = customers.some((customer) => unsettledOf({ skipped }, customer) > 0);
      unsettledSince = isUnsettled ? (unsettledSince ?? now) : undefined;
      return { customers, now, unsettledSince, skipped, limits };
    },
  };
}
