import { invalidAnswer, type AnswerPart } from './answer.ts';
import type { Offer } from './offer.ts';
import type { PaidRequest } from './paid-session.ts';
import type { StreamEnd } from './stream-reader.ts';

/** A request of the OpenAI API, as far as its price goes. */
export type PricedBody = {
  readonly prompt?: string | readonly unknown[];
  readonly messages?: readonly unknown[];
  readonly stream?: boolean | null;
  readonly max_tokens?: number | null;
  readonly max_completion_tokens?: number | null;
  readonly stop?: string | readonly string[] | null;
};

/** Holds a request and its answer against their price: no token of either is shorter than a byte. */
export type Meter = PaidRequest & {
  price(offer: Offer | undefined): void;
  /** A stream has begun. */
  begin(): void;
  /** @throws ANSWER_INVALID when the gateway counts more tokens than can be */
  receive(part: AnswerPart): void;
  /** The gateway has signed for all that has come. */
  cover(): void;
  /** What an answer that ended like this can have cost at most. */
  given(end: StreamEnd): number;
};

/** Bytes that may wait for the end of their character. */
const INCOMPLETE = 3;

/** @param most what the request may cost */
export function createMeter(body: PricedBody, most: number): Meter {
  const prompt = promptBytes(body);
  const limit = body.max_completion_tokens ?? body.max_tokens ?? Number.MAX_SAFE_INTEGER;
  /** The end of the text, which may turn out to be a stop sequence, is not sent before that is known. */
  const held = Math.max(0, ...[body.stop ?? []].flat().map(bytesOf));
  let offer: Offer | undefined;
  let [bytes, covered, hasBegun] = [0, 0, false];
  const cost = (tokens: number) => {
    if (offer === undefined) return 0;
    return Math.min(most, prompt * offer.promptPrice + Math.min(limit, tokens) * offer.tokenPrice);
  };
  /** Where receipts are promised, nothing counts without one. */
  const received = () => (offer?.pledge === undefined ? bytes : covered);
  const worth = () => cost(received() + held + 2 * (offer?.tokensPerVoucher ?? 0));
  return {
    price: (asked) => void (offer = asked),
    begin: () => void (hasBegun = true),
    receive({ text, usage }) {
      bytes += bytesOf(text);
      if (usage === undefined) return;
      if (usage.prompt > prompt) throw invalidAnswer('usage', `${usage.prompt} tokens of ${prompt} bytes`);
      const most = Math.min(limit, bytes + held);
      if (usage.completion > most)
        throw invalidAnswer('usage', `${usage.completion} tokens where ${most} can have come`);
    },
    cover: () => void (covered = bytes),
    worth,
    given(end) {
      // Tokens may be on their way to a reader that has left.
      if (end === 'cancelled') return worth();
      return hasBegun ? Math.min(worth(), cost(bytes + held + (end === 'done' ? 0 : INCOMPLETE))) : 0;
    },
  };
}

/** A chat has what its messages' JSON has, and less: the model's own words for turns are shorter than JSON's. */
function promptBytes({ prompt, messages }: PricedBody): number {
  if (typeof prompt === 'string') return bytesOf(prompt);
  const isTokens = prompt?.every((token) => typeof token === 'number') ?? false;
  return isTokens ? prompt!.length : bytesOf(JSON.stringify(prompt ?? messages ?? []));
}

function bytesOf(text: string): number {
  return new TextEncoder().encode(text).length;
}
