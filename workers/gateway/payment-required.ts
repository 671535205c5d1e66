import { SwarmlockError } from '../../engine/errors.ts';
import type { VoucherDomain } from '../../sdk/vouchers.ts';
import type { Tariff } from './purse.ts';

/** What a client needs to know to open a session here and to sign vouchers. */
export type Offer = VoucherDomain &
  Tariff & {
    readonly gateway: string;
    readonly route: number;
    /** What answers for the receipts of each part; without one there are none. */
    readonly pledge?: bigint | undefined;
  };

/** A request is not paid: the offer, and what the next voucher must say. */
export class PaymentRequired extends SwarmlockError {
  /** As it is told to clients, in the spelling of their API. */
  readonly payment: object;

  /**
   * @param due what a voucher of the session must say, or of a new one
   * @param root of the weights that would answer
   */
  constructor(message: string, offer: Offer, due: number, root: string) {
    super(message, { code: 'PAYMENT_REQUIRED', hint: 'Open a session, and send a voucher as the bearer token.' });
    this.payment = {
      scheme: 'swarmlock-session',
      chain_id: offer.chainId,
      sessions: offer.sessions,
      credits: offer.credits,
      gateway: offer.gateway,
      route: offer.route,
      prompt_token_price: offer.promptPrice,
      completion_token_price: offer.tokenPrice,
      tokens_per_voucher: offer.tokensPerVoucher,
      due,
      root,
      ...(offer.pledge !== undefined && { pledge: String(offer.pledge) }),
    };
  }
}
