import { expect } from 'chai';
import { zeroAddress } from 'viem';

import { SwarmlockError } from '../../../engine/errors.ts';
import type { Session } from '../../../sdk/sessions.ts';
import { createAccount } from '../../../workers/gateway/account.ts';
import type { Customer } from '../../../workers/gateway/customer.ts';
import { tillReader } from '../../../workers/gateway/read.ts';

const LOOK_MS = 1_000;

const session: Session = {
  key: zeroAddress,
  left: 100,
  drawn: 0,
  client: zeroAddress,
  closesAt: undefined,
  gateway: zeroAddress,
};

/** A session that is served, or not. */
function customer(id: bigint, open: number): Customer {
  return { id, account: createAccount({ paid: 0, promised: 0 }), session, voucher: undefined, open, visits: 0 };
}

describe('what a gateway reads of its sessions', () => {
  let now: number;
  let changed: bigint[];
  let looks: bigint[];
  let isDown: boolean;
  let customers: Map<bigint, Customer>;
  let read: () => Promise<unknown>;

  beforeEach(() => {
    [now, changed, looks, isDown, customers] = [0, [], [], false, new Map()];
    const reader = tillReader({
      cashier: { customers },
      async changes() {
        return new Set(changed.splice(0));
      },
      async readSession(id) {
        if (isDown) throw new SwarmlockError('no answer', { code: 'RPC_UNREACHABLE', retryable: true });
        looks.push(id);
        return { ...session, closesAt: 7 };
      },
      lookMs: LOOK_MS,
      skipped: new WeakSet(),
      clock: { now: () => now },
      limits: { settleMs: 1, settleAmount: 1 },
    });
    read = () => reader.read();
  });

  it('looks at each one that is served once, and then at those of which it hears', async () => {
    for (const id of [1n, 2n]) customers.set(id, customer(id, 1));
    await read();
    expect(looks.splice(0)).to.deep.equal([1n, 2n]);
    await read();
    expect(looks).to.deep.equal([]);
    changed.push(2n, 3n);
    await read();
    expect(looks).to.deep.equal([2n]);
    expect(customers.get(2n)!.session!.closesAt).to.equal(7);
  });

  it('looks at one of which it hears nothing again after a while, and not before', async () => {
    customers.set(1n, customer(1n, 1));
    await read();
    now = LOOK_MS - 1;
    await read();
    expect(looks).to.have.length(1);
    now = LOOK_MS;
    await read();
    expect(looks).to.have.length(2);
  });

  it('leaves one alone that is neither served nor to be settled, until it is', async () => {
    customers.set(1n, customer(1n, 0));
    changed.push(1n);
    await read();
    expect(looks).to.deep.equal([]);
    customers.get(1n)!.open = 1;
    await read();
    expect(looks).to.deep.equal([1n]);
  });

  it('hears of a change once, and does not forget it when it cannot be read', async () => {
    customers.set(1n, customer(1n, 1));
    await read();
    changed.push(1n);
    isDown = true;
    const failed = await read().catch((error: SwarmlockError) => error.code);
    expect(failed).to.equal('RPC_UNREACHABLE');
    isDown = false;
    await read();
    await read();
    expect(looks).to.deep.equal([1n, 1n]);
  });
});
