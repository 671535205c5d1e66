import { expect } from 'chai';
import { zeroAddress } from 'viem';

import type { Session } from '../../../sdk/sessions.ts';
import type { SignedVoucher } from '../../../sdk/vouchers.ts';
import { decide, MOST_VOUCHERS, type Claimable, type GatewayFacts } from '../../../workers/gateway/decide.ts';

const limits = { settleMs: 1_000, settleAmount: 500 };
const voucherOf = (id: number, drawn: number): SignedVoucher => ({
  session: BigInt(id),
  route: 1,
  drawn,
  signature: `0x${'00'.repeat(64)}`,
});
const onChain: Session = {
  key: zeroAddress,
  left: 1_000,
  drawn: 100,
  client: zeroAddress,
  closesAt: undefined,
  gateway: zeroAddress,
};
/** A session of which a voucher of `unsettled` more than was drawn is kept. */
const customer = (id: number, unsettled: number, changes: Partial<Session> = {}): Claimable => ({
  id: BigInt(id),
  session: { ...onChain, ...changes },
  voucher: voucherOf(id, 100 + unsettled),
  open: 0,
});
const facts = (customers: readonly Claimable[], changes: Partial<GatewayFacts> = {}): GatewayFacts => ({
  customers,
  now: 5_000,
  unsettledSince: 5_000,
  skipped: new Set(),
  limits,
  ...changes,
});
const settled = (given: GatewayFacts) =>
  decide(given).flatMap((action) => (action.type === 'settle' ? [action.vouchers.map(({ session }) => session)] : []));

describe("a gateway's settlement", () => {
  it('waits for other vouchers, and no longer than it was told', () => {
    expect(settled(facts([customer(1, 10)], { unsettledSince: 4_001 }))).to.deep.equal([]);
    expect(settled(facts([customer(1, 10)], { unsettledSince: 4_000 }))).to.deep.equal([[1n]]);
  });

  it('comes as soon as so much is unsettled', () => {
    expect(settled(facts([customer(1, 250), customer(2, 249)]))).to.deep.equal([]);
    expect(settled(facts([customer(1, 250), customer(2, 250)]))).to.deep.equal([[1n, 2n]]);
  });

  it('comes as soon as a batch is full, and is never more than one', () => {
    const many = (count: number) => Array.from({ length: count }, (_, i) => customer(i, 1));
    expect(settled(facts(many(MOST_VOUCHERS - 1)))).to.deep.equal([]);
    expect(settled(facts(many(MOST_VOUCHERS)))[0]).to.have.length(MOST_VOUCHERS);
    expect(settled(facts(many(MOST_VOUCHERS + 1)))[0]).to.have.length(MOST_VOUCHERS);
  });

  it('does not wait when a session is being closed, which comes first', () => {
    expect(settled(facts([customer(1, 1), customer(2, 1, { closesAt: 9 })]))).to.deep.equal([[2n, 1n]]);
    expect(settled(facts([customer(1, 1), customer(2, 0, { closesAt: 9 })]))).to.deep.equal([]);
  });

  it('does not bring a voucher again that the chain has skipped, but a later one of the session', () => {
    const [one] = [customer(1, 500)];
    expect(settled(facts([one], { skipped: new Set([one!.voucher!]) }))).to.deep.equal([]);
    expect(
      settled(facts([{ ...one!, voucher: voucherOf(1, 601) }], { skipped: new Set([one!.voucher!]) })),
    ).to.deep.equal([[1n]]);
  });

  it('shelves sessions that are settled, and forgets those that are over, when nobody is served', () => {
    expect(decide(facts([customer(1, 0)], { unsettledSince: 0 }))).to.deep.equal([{ type: 'shelve', id: 1n }]);
    expect(decide(facts([{ ...customer(1, 0), open: 1 }], { unsettledSince: 0 }))).to.deep.equal([]);
    const over = { ...customer(1, 900), session: undefined };
    expect(decide(facts([over], { unsettledSince: 0 }))).to.deep.equal([{ type: 'forget', id: 1n }]);
    expect(decide(facts([{ ...over, open: 1 }], { unsettledSince: 0 }))).to.deep.equal([]);
  });
});
