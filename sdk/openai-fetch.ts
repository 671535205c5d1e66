import { isAddressEqual, type Address } from 'viem';

import { SwarmlockError } from '../engine/errors.ts';
import { followAnswer, requireSettled, type PaidFrom } from './follow-answer.ts';
import { createMeter } from './meter.ts';
import { readOffer, type Offer } from './offer.ts';
import { openPaidSession, type PaidSession, type Purse } from './paid-session.ts';
import type { Pledges } from './pledges.ts';
import type { SampledBody } from './receipt-check.ts';
import type { SignedReceipt } from './receipts.ts';
import { closeSession } from './sessions.ts';
import type { RootCheck } from './settled-roots.ts';
import { shortText, silent } from './stream-reader.ts';
import { voucherToken, type Voucher } from './vouchers.ts';

export type SwarmlockFetchOptions = Purse & {
  /** On which the session is opened, with the contract and the credits that are meant: a gateway's word is not taken. */
  readonly chainId: number;
  readonly sessions: Address;
  readonly credits: Address;
  /** Whose weights may answer: `settledRoots(() => client.runs.read(runId))`. */
  readonly isSettled: RootCheck;
  /** Whose signature counts: `client.receipts.pledges(runId)`. */
  readonly pledges: Pledges;
  /** Whether a gateway has to name a pledge; by default one that names none is paid for what it gives without receipts. */
  readonly needsPledge?: boolean;
  /** So long must a receipt be good for; by default an hour. */
  readonly receiptMs?: number;
  /** So long may a gateway say nothing; by default two minutes. */
  readonly silenceMs?: number;
  /**
   * Gets what a gateway has signed for its answers, with which it can be challenged: of each answer, one with each part, which
   * takes the place of those before it. Whose they are was checked if the answer is paid and the gateway has named its pledge.
   */
  readonly onReceipt?: (receipt: SignedReceipt) => void;
  /** By default that of the platform. */
  readonly fetch?: typeof fetch;
};

/** A `fetch` that pays. */
export type SwarmlockFetch = typeof fetch & {
  /** Asks for the end of all sessions, and says which; their rest can be taken back after the delay (`refundSession`). */
  close(): Promise<readonly bigint[]>;
};

const SILENCE_MS = 120_000;
const RECEIPT_MS = 3_600_000;
/** Other requests may take what this one has signed for, and sessions may be closed. */
const ATTEMPTS = 8;
const COMPLETIONS = /(\/chat)?\/completions$/;

/**
 * A `fetch` for the OpenAI client: `new OpenAI({ baseURL, apiKey: 'none', fetch: swarmlockFetch(…) })`. When a gateway asks
 * for payment it opens a session; it pays the prompt ahead, and signs a voucher for each part of an answer while that comes,
 * also where the client wants it in one piece. It signs for no more than the prompt, what has been received, and two parts. A
 * gateway that names a pledge is taken at its word: what comes without its receipt counts as not received.
 * @throws (each call, or where its stream is read) OFFER_MISMATCH, WEIGHTS_MISMATCH, PLEDGE_MISSING, PLEDGE_INVALID,
 *   PAYMENT_EXCESSIVE, ANSWER_INVALID, RECEIPT_INVALID, RECEIPT_MISSING, GATEWAY_SILENT, and what `isSettled`, `pledges` and `Wallet.send` throw
 */
export function swarmlockFetch(options: SwarmlockFetchOptions): SwarmlockFetch {
  const { wallet, deposit, mostPerRequest, pledges, fetch: ask = fetch } = options;
  const { silenceMs = SILENCE_MS, receiptMs = RECEIPT_MS, needsPledge = false } = options;
  if (deposit < mostPerRequest) {
    throw new SwarmlockError('A deposit must be enough for a request', { code: 'OPTION_INVALID', argument: 'deposit' });
  }
  /** By where the gateway is. */
  const sessions = new Map<string, Promise<PaidSession>>();
  /** Of pledges that gateways have named. */
  const keys = new Map<bigint, Address>();
  const sessionFor = async (base: string, offer: Offer): Promise<PaidSession> => {
    requireMeant(offer, options);
    await requireSettled(offer.root, options.isSettled);
    if (offer.pledge === undefined && needsPledge) throw unpledged(base);
    if (offer.pledge !== undefined) keys.set(offer.pledge, await pledges.keyOf(offer.pledge));
    const known = sessions.get(base);
    if (known !== undefined) return known;
    const opened = openPaidSession(offer, options);
    sessions.set(base, opened);
    opened.catch(() => sessions.delete(base));
    return opened;
  };
  const pay = async (input: Parameters<typeof fetch>[0], init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init);
    if (request.method !== 'POST' || !COMPLETIONS.test(new URL(request.url).pathname)) return ask(request);
    const base = request.url.replace(/\?.*$/s, '').replace(COMPLETIONS, '');
    const body = JSON.parse(await request.text()) as SampledBody;
    const terms = { silenceMs, receiptMs, keys, known: sessions, sessionFor };
    return payRequest({ ...options, ...terms, ask, request, body, base });
  };
  return Object.assign(pay, {
    async close() {
      const open = await Promise.all(sessions.values());
      sessions.clear();
      for (const { id } of open) await wallet.send(closeSession(options, id));
      return open.map(({ id }) => id);
    },
  });
}

type Payment = Pick<SwarmlockFetchOptions, 'chainId' | 'isSettled' | 'pledges' | 'mostPerRequest' | 'onReceipt'> & {
  readonly silenceMs: number;
  readonly receiptMs: number;
  readonly ask: typeof fetch;
  readonly request: Request;
  readonly body: SampledBody;
  readonly base: string;
  readonly known: Map<string, Promise<PaidSession>>;
  readonly keys: ReadonlyMap<bigint, Address>;
  sessionFor(base: string, offer: Offer): Promise<PaidSession>;
};

/** Asks again until the gateway has what it asks for. */
async function payRequest(payment: Payment): Promise<Response> {
  const { base, known, body, mostPerRequest } = payment;
  const meter = createMeter(body, mostPerRequest);
  let session: PaidSession | undefined;
  let agreed: Offer | undefined;
  const begin = async (next: PaidSession | undefined, offer = next?.offer) => {
    agreed = offer;
    meter.price(offer);
    if (next === session) return;
    session?.end(meter, 0);
    session = next;
    await session?.begin(meter);
  };
  try {
    await begin(await known.get(base));
    for (let attempt = 1; ; attempt++) {
      const voucher = await session?.voucher();
      const response = await askWith(payment, voucher && voucherToken(voucher));
      if (response.ok) {
        const promised = voucher && promisedBy(payment, voucher, agreed?.pledge);
        return await followAnswer(response, payment, meter, session && { session, promised });
      }
      const text = await shortText(response, payment.silenceMs);
      const told = response.status === 402 && attempt < ATTEMPTS ? errorIn(text) : undefined;
      const isOver = told?.code === 'session_unknown' || told?.code === 'session_closing';
      const offer = readOffer(told);
      if (isOver) known.delete(base);
      if (isOver) await begin(undefined);
      else if (offer === undefined) {
        session?.end(meter, 0);
        return new Response(text, response);
      } else {
        await begin(await payment.sessionFor(base, offer), offer);
        await session!.sign(offer.due);
      }
    }
  } catch (error) {
    session?.end(meter, meter.given(payment.request.signal.aborted ? 'cancelled' : 'failed'));
    throw error;
  }
}

/** What receipts have to be, where a pledge was named. */
function promisedBy(
  { keys, chainId, body, receiptMs }: Payment,
  voucher: Voucher,
  pledge: bigint | undefined,
): PaidFrom['promised'] {
  return pledge === undefined ? undefined : { pledge, key: keys.get(pledge)!, chainId, voucher, body, receiptMs };
}

function unpledged(base: string): SwarmlockError {
  return new SwarmlockError(`The gateway at ${base} names no pledge, so nothing would answer for a wrong answer`, {
    code: 'PLEDGE_MISSING',
    argument: 'pledge',
    hint: 'Use another gateway, or pay this one without receipts: needsPledge: false.',
  });
}

/** The key that the client was given goes nowhere. Answers are asked for as streams, so that they are paid part by part. */
async function askWith({ ask, request, body, silenceMs }: Payment, token?: string): Promise<Response> {
  const headers = new Headers(request.headers);
  headers.delete('content-length');
  if (token === undefined) headers.delete('authorization');
  else headers.set('authorization', `Bearer ${token}`);
  const streamed = body.stream === true ? body : { ...body, stream: true, stream_options: { include_usage: true } };
  const quiet = new AbortController();
  const timer = setTimeout(() => quiet.abort(silent(silenceMs)), silenceMs);
  const signal = AbortSignal.any([request.signal, quiet.signal]);
  try {
    return await ask(request.url, { method: 'POST', headers, body: JSON.stringify(streamed), signal });
  } finally {
    clearTimeout(timer);
  }
}

function requireMeant(offer: Offer, { chainId, sessions, credits }: SwarmlockFetchOptions): void {
  const isMeant =
    offer.chainId === chainId && isAddressEqual(offer.sessions, sessions) && isAddressEqual(offer.credits, credits);
  if (isMeant) return;
  throw new SwarmlockError(
    `The gateway wants credits ${offer.credits} in ${offer.sessions} on chain ${offer.chainId}`,
    {
      code: 'OFFER_MISMATCH',
      argument: 'credits',
      hint: 'Use a gateway of the run that you have credits of.',
    },
  );
}

/** The error of an answer that is none. */
function errorIn(text: string): { readonly code?: string } | undefined {
  try {
    return (JSON.parse(text) as { error?: { code?: string } } | null)?.error;
  } catch {
    return undefined;
  }
}
