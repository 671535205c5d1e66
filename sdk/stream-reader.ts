import { SwarmlockError } from '../engine/errors.ts';
import { invalidAnswer, readPart, type AnswerPart } from './answer.ts';

/** What comes in a stream of a gateway, beside what clients of the OpenAI API see of it. */
export type StreamHooks = {
  /** A voucher is asked for that says so much. The stream fails as this does. */
  onDue(drawn: number): Promise<void>;
  /** Nothing of a part is passed on before this has resolved. The stream fails as this does. */
  onPart(part: AnswerPart): Promise<void>;
  /** The gateway has signed for what has come. The stream goes on when this has resolved, or fails as it does. @param receipt in JSON */
  onReceipt(receipt: string): Promise<void>;
  /** The answer is whole, if this does not throw. */
  onDone(): void;
  /** Nothing comes any more; called once. */
  onEnd(end: StreamEnd): void;
};

/** How a stream has ended: whole, by an error that the gateway tells, by what it must not do, or by the reader. */
export type StreamEnd = 'done' | 'refused' | 'failed' | 'cancelled';

/** How a comment begins that has a receipt. */
export const RECEIPT = ': receipt ';
/** Characters of the longest event: what has no end is not kept. */
const LONGEST_EVENT = 2 ** 16;
/** So many characters may wait for their reader: more than an answer has. */
const MOST_AHEAD = 2 ** 22;
/** So long may a connection stay open behind the end. */
const TAIL_MS = 1_000;

/** One event of a stream, or its end, which may be an error. */
type Outcome = { readonly event: string } | { readonly error: unknown };

/**
 * The same stream, as far as it is one of a gateway; `hooks` hear of what passes. It is taken in as it comes, read or not:
 * vouchers of one session pay for all its requests, so that one nobody reads would hold up the others.
 * @param silenceMs so long may the gateway take from one part to the next
 * @throws (when it is read) ANSWER_INVALID, GATEWAY_SILENT, and what hooks throw
 */
export function overhear(
  body: ReadableStream<Uint8Array>,
  silenceMs: number,
  hooks: StreamHooks,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const source = body.getReader();
  const events = eventsOf(source);
  const heart = heartbeat(silenceMs);
  let last: 'done' | 'refused' | undefined;
  let isOver = false;
  let failure: unknown;
  const end = (how: StreamEnd, reason?: unknown) => {
    if (isOver) return;
    [isOver, failure] = [true, reason];
    source.cancel(reason).catch(() => undefined);
    hooks.onEnd(how);
  };
  const fail = (error: unknown) => end(last ?? 'failed', error);
  const hear = async (event: string): Promise<void> => {
    if (last !== undefined) throw invalidAnswer('end', 'something comes behind it');
    const due = /^: voucher (\d{1,15})$/.exec(event)?.[1];
    if (due !== undefined) return void hooks.onDue(Number(due)).catch(fail);
    if (event.startsWith(RECEIPT)) return hooks.onReceipt(event.slice(RECEIPT.length));
    if (event.startsWith(':')) return;
    if (!event.startsWith('data: ')) throw invalidAnswer('event', 'it has no data');
    heart.beat();
    const data = event.slice('data: '.length);
    if (data === '[DONE]') {
      hooks.onDone();
      last = 'done';
    } else if (data.startsWith('{"error":')) last = 'refused';
    else await hooks.onPart(readPart(data));
  };
  /** @returns undefined behind the end */
  const next = async (): Promise<Outcome | undefined> => {
    try {
      const coming = events.next();
      const { value: event } = await (last === undefined ? heart.within(coming) : Promise.race([coming, tail()]));
      if (event === undefined && last === undefined) throw invalidAnswer('end', 'it stops in the middle');
      if (event !== undefined && !isOver) await hear(event);
      if (event !== undefined && !isOver) return { event };
      end(last!);
    } catch (error) {
      fail(error);
    }
    return failure === undefined ? undefined : { error: failure };
  };
  const heard = readAhead(next).getReader();
  return new ReadableStream({
    async pull(controller) {
      const { value: outcome } = await heard.read();
      if (outcome === undefined) controller.close();
      else if ('error' in outcome) controller.error(outcome.error);
      else controller.enqueue(encoder.encode(`${outcome.event}\n\n`));
    },
    cancel: (reason) => end(last ?? 'cancelled', reason),
  });
}

/** What has come before an error is read before it. */
function readAhead(next: () => Promise<Outcome | undefined>): ReadableStream<Outcome> {
  const size = (outcome?: Outcome) => (outcome !== undefined && 'event' in outcome ? outcome.event.length : 0);
  return new ReadableStream<Outcome>(
    {
      async pull(controller) {
        const outcome = await next();
        if (outcome !== undefined) controller.enqueue(outcome);
        if (outcome === undefined || 'error' in outcome) controller.close();
      },
    },
    { highWaterMark: MOST_AHEAD, size },
  );
}

/** The text of an answer that is no stream. @throws ANSWER_INVALID when there is too much of it, GATEWAY_SILENT */
export async function shortText({ body }: Response, silenceMs: number): Promise<string> {
  if (body === null) return '';
  const source = body.getReader();
  const [heart, decoder] = [heartbeat(silenceMs), new TextDecoder()];
  let text = '';
  try {
    for (;;) {
      const { done, value } = await heart.within(source.read());
      if (done) return text;
      text += decoder.decode(value, { stream: true });
      if (text.length > LONGEST_EVENT) throw invalidAnswer('body', `it has more than ${LONGEST_EVENT} characters`);
    }
  } finally {
    source.cancel().catch(() => undefined);
  }
}

/** The server-sent events of a body. @throws ANSWER_INVALID */
async function* eventsOf(source: ReadableStreamDefaultReader<Uint8Array>): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  const text = (bytes: Uint8Array): string => {
    try {
      return decoder.decode(bytes, { stream: true });
    } catch {
      throw invalidAnswer('event', 'it is no text');
    }
  };
  let rest = '';
  for (;;) {
    const { done, value } = await source.read();
    if (done) break;
    const events = (rest + text(value)).split('\n\n');
    rest = events.pop()!;
    if (rest.length > LONGEST_EVENT) throw invalidAnswer('event', `it has more than ${LONGEST_EVENT} characters`);
    yield* events;
  }
  if (rest !== '') throw invalidAnswer('event', 'it has no end');
}

/** Behind the end nothing comes; a connection that stays open is closed. */
function tail(): Promise<{ readonly value: undefined }> {
  return new Promise((resolve) => setTimeout(resolve, TAIL_MS, { value: undefined }));
}

/** Counts how long has been waited since the last beat; time in which nobody waits does not count. */
function heartbeat(silenceMs: number) {
  let waited = 0;
  return {
    beat: () => void (waited = 0),
    async within<T>(next: Promise<T>): Promise<T> {
      const started = performance.now();
      const quiet = Promise.withResolvers<never>();
      const timer = setTimeout(() => quiet.reject(silent(silenceMs)), Math.max(0, silenceMs - waited));
      try {
        return await Promise.race([next, quiet.promise]);
      } finally {
        clearTimeout(timer);
        waited += performance.now() - started;
      }
    },
  };
}

/** The gateway has said nothing for too long. */
export function silent(silenceMs: number): SwarmlockError {
  return new SwarmlockError(`The gateway has said nothing for ${silenceMs} ms`, {
    code: 'GATEWAY_SILENT',
    hint: 'Nothing more is paid for the answer. Ask again, or use another gateway.',
    retryable: true,
  });
}
