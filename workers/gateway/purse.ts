import { setTimeout as pause } from 'node:timers/promises';

import { SwarmlockError } from '../../engine/errors.ts';
import type { Account, Debt } from './account.ts';
import type { GenerationRequest } from './request.ts';
import type { Part, Purse, PurseOptions } from './till.ts';

/** Prices of a token, in the smallest unit of credits, and how many tokens are paid at a time. */
export type Tariff = {
  readonly promptPrice: number;
  readonly tokenPrice: number;
  readonly tokensPerVoucher: number;
};

type Asked = Pick<GenerationRequest, 'isStream' | 'maxTokens' | 'prompt'>;

/** What has to be paid before the first token: the prompt, and a stream's first part, or all. */
export function priceAhead(asked: Asked, tariff: Tariff): number {
  return asked.prompt.length * tariff.promptPrice + tokensAhead(asked, tariff) * tariff.tokenPrice;
}

function tokensAhead({ isStream, maxTokens }: Asked, { tokensPerVoucher }: Tariff): number {
  return isStream ? Math.min(maxTokens, tokensPerVoucher) : maxTokens;
}

type Options = Pick<PurseOptions, 'signal'> & {
  readonly account: Account;
  readonly tariff: Tariff;
  /** So long a stream waits for a voucher. */
  readonly voucherMs: number;
  /** With which token of a part it asks for the next one. Default the first. */
  readonly askAt?: number;
};

/** Purses that are opened one after the other ask with different tokens: else streams that begin together crowd at each part. */
export function createTurnsToAsk({ tokensPerVoucher }: Pick<Tariff, 'tokensPerVoucher'>): () => number {
  const turns = Math.max(1, Math.floor(tokensPerVoucher / 4));
  let opened = 0;
  return () => 1 + (opened++ % turns);
}

/**
 * Pays for one completion, part by part, from an account that has promised `priceAhead`. Early in each part it asks for the
 * next one, so that a voucher that comes in time holds up nothing.
 */
export function createPurse(asked: Asked, options: Options): Omit<Purse, 'paidBy'> {
  const { account, tariff, voucherMs, signal, askAt = 1 } = options;
  const { promptPrice, tokenPrice, tokensPerVoucher } = tariff;
  let used = 0;
  let part = tokensAhead(asked, tariff);
  let paid = part;
  let next: { readonly debt: Debt; readonly arrived: Promise<void> } | undefined;
  const ask = (): Part => {
    const tokens = Math.min(tokensPerVoucher, asked.maxTokens - paid);
    const arrived = Promise.withResolvers<void>();
    const take = () => {
      [part, paid, next] = [tokens, paid + tokens, undefined];
      arrived.resolve();
    };
    if (account.take(tokens * tokenPrice)) {
      take();
      return { due: undefined };
    }
    const debt = account.owe(tokens * tokenPrice, take);
    next = { debt, arrived: arrived.promise };
    return { due: debt.due };
  };
  return {
    token(text) {
      used += 1;
      const isDue = used >= paid - part + askAt && paid < asked.maxTokens;
      // A client pays for what it has got, so that what waits for the end of its character is not counted yet.
      return next === undefined && isDue && (text !== '' || used === paid) ? ask() : undefined;
    },
    awaited: () => (used < paid || next === undefined ? undefined : inTime(next.arrived, voucherMs, signal)),
    close() {
      next?.debt.cancel();
      const isServed = used > 0;
      account.giveBack((paid - used) * tokenPrice + (isServed ? 0 : asked.prompt.length * promptPrice));
    },
  };
}

async function inTime(arrived: Promise<void>, voucherMs: number, signal: AbortSignal): Promise<void> {
  const done = new AbortController();
  const late = pause(voucherMs, true, { signal: AbortSignal.any([done.signal, signal]) }).catch(() => true);
  const isLate = await Promise.race([arrived.then(() => false), late]);
  done.abort();
  if (isLate) throw new SwarmlockError('No voucher came for the next tokens', { code: 'VOUCHER_MISSING' });
}
