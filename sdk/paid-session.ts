import { approve } from './credits.ts';
import type { Offer } from './offer.ts';
import { openedSession, openSession, topUpSession } from './sessions.ts';
import type { Signer } from './signer.ts';
import { signVoucher, type SignedVoucher } from './vouchers.ts';
import { SwarmlockError } from '../engine/errors.ts';
import type { Wallet } from './wallet.ts';

/** A request that is being paid. */
export type PaidRequest = {
  /** What it may cost at most, as far as it has been answered. */
  worth(): number;
};

/** A client's side of a session: it signs for no more than what its requests are worth. */
export type PaidSession = {
  readonly id: bigint;
  /** Which it was opened for. */
  readonly offer: Offer;
  /** What its latest voucher says. */
  readonly signed: number;
  /** From now on a request is paid from here; escrow is added when there may be too little for it. */
  begin(request: PaidRequest): Promise<void>;
  /** @param given what the gateway has given for it; what was paid beyond that pays for later requests */
  end(request: PaidRequest, given: number): void;
  /**
   * Where several requests are open it signs for what all of them may cost by now, so that none waits for another's voucher.
   * @throws PAYMENT_EXCESSIVE when the gateway asks for more than it has given, and what is paid ahead
   */
  sign(due: number): Promise<SignedVoucher>;
  /** The latest voucher. */
  voucher(): Promise<SignedVoucher>;
};

export type Purse = {
  readonly wallet: Wallet;
  /** Signs vouchers: a key made for that. */
  readonly key: Signer;
  /** Credits that are put in escrow at a time. */
  readonly deposit: number;
  /** What one request may cost. */
  readonly mostPerRequest: number;
};

/** So long may one request's part of a sum take to be heard of. */
const OTHERS_MS = 1_000;
const LOOK_MS = 10;

/** Opens a session for an offer, by two transactions. */
export async function openPaidSession(
  offer: Offer,
  { wallet, key, deposit, mostPerRequest }: Purse,
): Promise<PaidSession> {
  const { sessions, credits, gateway, route } = offer;
  await wallet.send(approve(credits, sessions, BigInt(deposit)));
  const terms = { gateway, route, key: key.address, amount: deposit };
  const id = openedSession(await wallet.send(openSession(offer, terms)))!;
  const requests = new Set<PaidRequest>();
  let [signed, given, escrow] = [0, 0, deposit];
  let funding: Promise<void> = Promise.resolve();
  const fund = async () => {
    if (escrow - signed >= requests.size * mostPerRequest) return;
    await wallet.send(approve(credits, sessions, BigInt(deposit)));
    await wallet.send(topUpSession(offer, id, deposit));
    escrow += deposit;
  };
  const voucher = () => signVoucher(key, offer, { session: id, route, drawn: signed });
  const worth = () => [...requests].reduce((sum, request) => sum + request.worth(), given);
  return {
    id,
    offer,
    get signed() {
      return signed;
    },
    async begin(request) {
      requests.add(request);
      funding = funding.catch(() => undefined).then(fund);
      await funding;
    },
    end(request, amount) {
      if (requests.delete(request)) given = Math.min(signed, given + amount);
    },
    async sign(due) {
      // What the gateway has given for other requests may be on its way to them.
      for (let waited = 0; due > worth() && requests.size > 1 && waited < OTHERS_MS; waited += LOOK_MS) {
        await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
      }
      const most = worth();
      if (due > most) throw excessive(due, most);
      signed = Math.max(signed, requests.size > 1 ? most : due);
      return voucher();
    },
    voucher,
  };
}

function excessive(due: number, worth: number): SwarmlockError {
  return new SwarmlockError(`The gateway asks for ${due} in all, and what it has given is worth ${worth} at most`, {
    code: 'PAYMENT_EXCESSIVE',
    argument: 'due',
    hint: 'Raise mostPerRequest if the request may cost more; else use another gateway. One that was killed has forgotten what it had not given: `close()` lets the next request open another session.',
  });
}
