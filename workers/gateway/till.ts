import type { GenerationRequest } from './request.ts';

/** The session that pays for a completion, and what its voucher said that came with the request; zeros when nobody pays. */
export type PaidBy = { readonly session: bigint; readonly drawn: number };

/** A part of a stream, early in which the next one is to be paid. */
export type Part = {
  /** What the session's next voucher must say, if the next part is not paid yet. */
  readonly due: number | undefined;
};

/** What one completion is paid from. */
export type Purse = {
  readonly paidBy: PaidBy;
  /**
   * A token is given. @param text what of the answer it completes, which may be nothing
   * @returns the part that this text is in, if it is the time to pay the next one
   */
  token(text: string): Part | undefined;
  /** What the next token waits for, when it is not paid. */
  awaited(): Promise<void> | undefined;
  /** The completion is over, however it ended. */
  close(): void;
};

export type PurseOptions = {
  /** The bearer token of the request, if it has one. */
  readonly bearer: string | undefined;
  /** Of the weights that would answer. */
  readonly root: string;
  readonly signal: AbortSignal;
};

/** Where requests are paid for. */
export type Till = {
  /** Takes the price of what is paid ahead. @throws PAYMENT_REQUIRED, SESSION_BUSY, and what is wrong with a voucher */
  open(request: GenerationRequest, options: PurseOptions): Promise<Purse>;
};

/** Takes nothing. */
export const freeTill: Till = {
  open: async () => ({
    paidBy: { session: 0n, drawn: 0 },
    token: () => undefined,
    awaited: () => undefined,
    close: () => undefined,
  }),
};
