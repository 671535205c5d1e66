import { isAddressEqual, type Address } from 'viem';

import { SwarmlockError } from '../engine/errors.ts';
import { readOffer, type Offer } from './offer.ts';
import { openPaidSession, type PaidRequest, type PaidSession, type Purse } from './paid-session.ts';
import { closeSession } from './sessions.ts';
import { overhear } from './stream-reader.ts';
import type { SignedVoucher } from './vouchers.ts';

export type SwarmlockFetchOptions = Purse & {
  /** On which the session is opened, with the contract and the credits that are meant: a gateway's word is not taken. */
  readonly chainId: number;
  readonly sessions: Address;
  readonly credits: Address;
  /** By default that of the platform. */
  readonly fetch?: typeof fetch;
};

/** A `fetch` that pays. */
export type SwarmlockFetch = typeof fetch & {
  /** Asks for the end of all sessions, and says which; their rest can be taken back after the delay (`refundSession`). */
  close(): Promise<readonly bigint[]>;
};

/** No token makes more than this many bytes wait for others. */
const LONGEST_CHARACTER = 4;
/** Requests at the same time may take what this one has signed for. */
const ATTEMPTS = 16;
const COMPLETIONS = /(\/chat)?\/completions$/;

type Body = {
  readonly stream?: boolean;
  readonly max_tokens?: number | null;
  readonly max_completion_tokens?: number | null;
  readonly stop?: string | readonly string[] | null;
};

/**
 * A `fetch` for the OpenAI client: `new OpenAI({ baseURL, apiKey: 'none', fetch: swarmlockFetch(…) })`. When a gateway asks
 * for payment it opens a session; it pays prompts ahead, and signs a voucher for each part of a stream while that is read.
 * It signs for no more than what has been received, the prompt, and two parts.
 * @throws (each call) OFFER_MISMATCH, PAYMENT_EXCESSIVE, and what `Wallet.send` throws
 */
export function swarmlockFetch(options: SwarmlockFetchOptions): SwarmlockFetch {
  const { wallet, deposit, mostPerRequest, fetch: ask = fetch } = options;
  if (deposit < mostPerRequest) {
    throw new SwarmlockError('A deposit must be enough for a request', { code: 'OPTION_INVALID', argument: 'deposit' });
  }
  /** By where the gateway is. */
  const sessions = new Map<string, Promise<PaidSession>>();
  const sessionFor = (base: string, offer: Offer): Promise<PaidSession> => {
    requireMeant(offer, options);
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
    return payRequest({ ask, request, text: await request.text(), base, sessions, sessionFor, mostPerRequest });
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

type Payment = {
  readonly ask: typeof fetch;
  readonly request: Request;
  readonly text: string;
  readonly base: string;
  readonly sessions: Map<string, Promise<PaidSession>>;
  sessionFor(base: string, offer: Offer): Promise<PaidSession>;
  readonly mostPerRequest: number;
};

/** Asks again until the gateway has what it asks for. */
async function payRequest(payment: Payment): Promise<Response> {
  const { base, sessions, text } = payment;
  const metered = meter(text, payment.mostPerRequest);
  let session: PaidSession | undefined;
  const begin = async (next: PaidSession | undefined, offer = next?.offer) => {
    metered.price(offer);
    if (next === session) return;
    session?.end(metered);
    session = next;
    await session?.begin(metered);
  };
  try {
    await begin(await sessions.get(base));
    for (let attempt = 1; ; attempt++) {
      const response = await askWith(payment, await session?.token());
      const told = response.status === 402 && attempt < ATTEMPTS ? await errorOf(response) : undefined;
      const isOver = told?.code === 'session_unknown' || told?.code === 'session_closing';
      const offer = readOffer(told);
      if (isOver) sessions.delete(base);
      if (isOver) await begin(undefined);
      else if (offer === undefined) return follow(payment, response, session, metered);
      else {
        await begin(await payment.sessionFor(base, offer), offer);
        await session!.sign(offer.due);
      }
    }
  } catch (error) {
    session?.end(metered);
    throw error;
  }
}

/** The key that the client was given goes nowhere. */
async function askWith({ ask, request, text }: Payment, token: string | undefined): Promise<Response> {
  const headers = new Headers(request.headers);
  if (token === undefined) headers.delete('authorization');
  else headers.set('authorization', `Bearer ${token}`);
  return ask(request.url, { method: 'POST', headers, body: text, signal: request.signal });
}

/** Pays for what is still to come of an answer. */
function follow(
  { ask, base }: Payment,
  response: Response,
  session: PaidSession | undefined,
  metered: Metered,
): Response {
  if (session === undefined) return response;
  const onEnd = () => session.end(metered);
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  if (!isStream || response.body === null) {
    onEnd();
    return response;
  }
  const bring = async ({ session: id, drawn, signature }: SignedVoucher) => {
    const body = JSON.stringify({ drawn, signature });
    await ask(`${base}/sessions/${id}/vouchers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
  };
  const body = overhear(response.body, {
    onDue: async (drawn) => bring(await session.sign(drawn)),
    onText: metered.received,
    onEnd,
  });
  const { status, statusText, headers } = response;
  return new Response(body, { status, statusText, headers });
}

type Metered = PaidRequest & {
  price(offer: Offer | undefined): void;
  received(text: string): void;
};

/** What a request is worth: no token of its prompt or of its answer is shorter than a byte. */
function meter(text: string, most: number): Metered {
  const encoder = new TextEncoder();
  const bytesOf = (part: string) => encoder.encode(part).length;
  const body = JSON.parse(text) as Body;
  const limit = body.max_completion_tokens ?? body.max_tokens ?? Number.MAX_SAFE_INTEGER;
  const held = LONGEST_CHARACTER + Math.max(0, ...[body.stop ?? []].flat().map(bytesOf));
  let offer: Offer | undefined;
  let bytes = 0;
  return {
    isOpen: true,
    price: (asked) => void (offer = asked),
    received: (piece) => void (bytes += bytesOf(piece)),
    worth() {
      if (offer === undefined) return 0;
      const { promptPrice, tokenPrice, tokensPerVoucher } = offer;
      const tokens = body.stream === true ? Math.min(limit, bytes + held + 2 * tokensPerVoucher) : limit;
      return Math.min(most, bytesOf(text) * promptPrice + tokens * tokenPrice);
    },
  };
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

async function errorOf(response: Response): Promise<{ readonly code?: string } | undefined> {
  const told = (await response
    .clone()
    .json()
    .catch(() => undefined)) as { error?: { code?: string } } | undefined;
  return told?.error;
}
