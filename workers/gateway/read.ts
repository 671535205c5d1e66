import type { Clock } from '../lib/clock.ts';
import type { Cashier, CashierOptions } from './cashier.ts';
import { isWatched, type Customer } from './customer.ts';
import { unsettledOf, type GatewayFacts, type SettlementLimits } from './decide.ts';

export type TillReader = { read(): Promise<GatewayFacts> };

export type ReaderOptions = Pick<CashierOptions, 'readSession'> & {
  readonly cashier: Pick<Cashier, 'customers'>;
  /** Sessions to which something has happened on chain since it was last asked; those of its own time at the first. */
  changes(): Promise<ReadonlySet<bigint>>;
  /** A session of which nothing is heard is looked at again after so many milliseconds. */
  readonly lookMs: number;
  readonly skipped: GatewayFacts['skipped'];
  readonly clock: Pick<Clock, 'now'>;
  readonly limits: SettlementLimits;
};

/** Looks at the sessions on chain that are served, or not settled, so that one that is being closed is noticed. */
export function tillReader(options: ReaderOptions): TillReader {
  const { cashier, skipped, clock, limits, lookMs, readSession } = options;
  const looked = new WeakMap<Customer, number>();
  let changed = new Set<bigint>();
  let unsettledSince: number | undefined;
  /** A re-org, or a node that has lost an event, is made up for by looking again all the same. */
  const look = async (customers: readonly Customer[], now: number) => {
    // What cannot be read now is not forgotten.
    changed = new Set([...changed, ...(await options.changes())]);
    const isDue = (customer: Customer) =>
      isWatched(customer) && (changed.has(customer.id) || now - (looked.get(customer) ?? -Infinity) >= lookMs);
    const lookAt = async (customer: Customer) => {
      customer.session = await readSession(customer.id);
      looked.set(customer, now);
    };
    await Promise.all(customers.filter(isDue).map(lookAt));
    changed.clear();
  };
  return {
    async read() {
      const customers = [...cashier.customers.values()];
      const now = clock.now();
      await look(customers, now);
      const isUnsettled = customers.some((customer) => unsettledOf({ skipped }, customer) > 0);
      unsettledSince = isUnsettled ? (unsettledSince ?? now) : undefined;
      return { customers, now, unsettledSince, skipped, limits };
    },
  };
}
