import { SwarmlockError } from '../engine/errors.ts';
import { invalidAnswer, parse, wholeOf, type AnswerPart } from './answer.ts';
import type { Meter } from './meter.ts';
import type { PaidSession } from './paid-session.ts';
import type { Pledges } from './pledges.ts';
import { createReceiptCheck, type Promised, type SampledBody } from './receipt-check.ts';
import { parseReceipt, type SignedReceipt } from './receipts.ts';
import type { RootCheck } from './settled-roots.ts';
import { overhear, RECEIPT } from './stream-reader.ts';
import type { SignedVoucher } from './vouchers.ts';

/** What a client has asked for, and of whom. */
export type Asked = {
  readonly ask: typeof fetch;
  readonly request: Request;
  readonly body: SampledBody;
  /** Where the gateway is. */
  readonly base: string;
  readonly isSettled: RootCheck;
  readonly pledges: Pledges;
  readonly silenceMs: number;
  /** Gets what a gateway has signed for its answer. */
  readonly onReceipt?: ((receipt: SignedReceipt) => void) | undefined;
};

/** What an answer is paid from. */
export type PaidFrom = {
  readonly session: PaidSession;
  /** What its receipts have to be; undefined where none are promised. */
  readonly promised: Promised | undefined;
};

/**
 * The answer, paid from a session, if there is one, as it comes.
 * @throws (where it is read) ANSWER_INVALID, RECEIPT_INVALID, RECEIPT_MISSING, WEIGHTS_MISMATCH, GATEWAY_SILENT,
 *   PAYMENT_EXCESSIVE
 */
export async function followAnswer(
  response: Response,
  { ask, request, body, base, isSettled, pledges, silenceMs, onReceipt }: Asked,
  meter: Meter,
  { session, promised }: Partial<PaidFrom> = {},
): Promise<Response> {
  const isStream = response.headers.get('content-type')?.startsWith('text/event-stream') ?? false;
  if (!isStream || response.body === null) throw invalidAnswer('content-type', 'this is no stream of events');
  const over = new AbortController();
  const bring = async ({ session: id, drawn, signature }: SignedVoucher) => {
    if (over.signal.aborted) return;
    await ask(`${base}/sessions/${id}/vouchers`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ drawn, signature }),
      signal: over.signal,
    });
  };
  const parts: AnswerPart[] = [];
  let root: string | undefined;
  const requireRoot = async (given: string) => {
    if (root === undefined) await requireSettled(given, isSettled);
    else if (given !== root) throw mismatch(given);
    root = given;
  };
  const check = createReceiptCheck(promised, pledges, meter);
  meter.begin();
  const heard = overhear(response.body, silenceMs, {
    async onDue(drawn) {
      check.requireSigned();
      if (session !== undefined) await bring(await session.sign(drawn));
    },
    async onPart(part) {
      await requireRoot(part.root);
      meter.receive(part);
      check.hear(part.text);
      if (body.stream !== true) parts.push(part);
    },
    async onReceipt(json) {
      const receipt = parseReceipt(parse(json));
      if (root === undefined) await requireRoot(receipt.root);
      await check.take(receipt, root!);
      onReceipt?.(receipt);
    },
    onDone: check.requireSigned,
    onEnd(end) {
      over.abort();
      session?.end(meter, meter.given(request.signal.aborted ? 'cancelled' : end));
    },
  });
  return body.stream === true ? new Response(heard, response) : wholeAnswer(heard, parts);
}

/** What the client has asked for in one piece, once all of it has come. */
async function wholeAnswer(heard: ReadableStream<Uint8Array>, parts: readonly AnswerPart[]): Promise<Response> {
  const [reader, decoder] = [heard.getReader(), new TextDecoder()];
  let [refusal, receipt]: (string | undefined)[] = [];
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    const event = decoder.decode(next.value);
    if (event.startsWith('data: {"error":')) refusal = event.slice('data: '.length);
    if (event.startsWith(RECEIPT)) receipt = event.slice(RECEIPT.length);
  }
  if (refusal === undefined) return Response.json(wholeOf(parts, receipt));
  const headers = { 'content-type': 'application/json', 'x-should-retry': 'false' };
  return new Response(refusal, { status: 502, headers });
}

/** @throws WEIGHTS_MISMATCH */
export async function requireSettled(root: string, isSettled: RootCheck): Promise<void> {
  if (!(await isSettled(root))) throw mismatch(root);
}

function mismatch(root: string): SwarmlockError {
  return new SwarmlockError(`The gateway answers with weights ${root}, which are not those of the run's state`, {
    code: 'WEIGHTS_MISMATCH',
    argument: root,
    hint: 'It may still be taking up a state that has just been settled. Else use another gateway.',
    retryable: true,
  });
}
