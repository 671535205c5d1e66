/** An amount that is asked for and not paid yet. */
export type Debt = {
  /** What a voucher must say so that this is paid, and all that was asked for before. */
  readonly due: number;
  /** It is asked for no more; when it is paid already, nothing changes. */
  cancel(): void;
};

/**
 * What a session has paid here by vouchers, and what of that is promised to its requests. Amounts are in the smallest unit
 * of credits, and cumulative.
 */
export type Account = {
  readonly paid: number;
  readonly promised: number;
  /** What a voucher must say so that an amount is paid, after all that is asked for. */
  dueFor(amount: number): number;
  /** Promises an amount if it is paid; those that ask already come first. */
  take(amount: number): boolean;
  /** Asks for an amount, and promises it as soon as it is paid. */
  owe(amount: number, onPaid: () => void): Debt;
  /** Takes back what was promised and not given. */
  giveBack(amount: number): void;
  /** A voucher has come; one that says less than another before it changes nothing. */
  credit(drawn: number): void;
};

/** @param before what was paid, and what of that was given, when this process started */
export function createAccount(before: { readonly paid: number; readonly promised: number }): Account {
  let { paid, promised } = before;
  const asked: { readonly amount: number; readonly onPaid: () => void }[] = [];
  const dueFor = (amount: number) => asked.reduce((sum, one) => sum + one.amount, promised + amount);
  const serve = () => {
    while (asked[0] !== undefined && promised + asked[0].amount <= paid) {
      const { amount, onPaid } = asked.shift()!;
      promised += amount;
      onPaid();
    }
  };
  return {
    get paid() {
      return paid;
    },
    get promised() {
      return promised;
    },
    dueFor,
    take(amount) {
      if (dueFor(amount) > paid) return false;
      promised += amount;
      return true;
    },
    owe(amount, onPaid) {
      const due = dueFor(amount);
      const one = { amount, onPaid };
      asked.push(one);
      serve();
      const cancel = () => {
        if (!asked.includes(one)) return;
        asked.splice(asked.indexOf(one), 1);
        serve();
      };
      return { due, cancel };
    },
    giveBack(amount) {
      promised -= amount;
      serve();
    },
    credit(drawn) {
      paid = Math.max(paid, drawn);
      serve();
    },
  };
}
