import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';

import type { Hash } from '../../engine/commit/hash.ts';
import { answerOf, type Answer } from './answer.ts';
import { generate, type Generated } from './generate.ts';
import { readJson, sendJson, type Exchange } from './http.ts';
import type { SamplingOptions } from '../../engine/decoding/request.ts';
import { sessionSeed } from '../../sdk/receipts.ts';
import type { Metrics } from './metrics.ts';
import { readRequest, type GenerationRequest, type Kind, type Served } from './request.ts';
import type { Post, Relay } from './relay.ts';
import type { PaidBy, Purse, Till } from './till.ts';

export type Counter = {
  readonly served: Served;
  readonly relay: Pick<Relay, 'current'>;
  readonly till: Till;
  readonly metrics: Metrics;
  readonly mostBodyBytes: number;
};

/** Answers a request for a completion, whole or as a stream. */
export async function complete(counter: Counter, kind: Kind, exchange: Exchange): Promise<void> {
  const { served, till, relay } = counter;
  const { request, response, signal } = exchange;
  const asked = readRequest(kind, await readJson(request, counter), served);
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  // Comments of server-sent events are for who pays; clients of the OpenAI API do not see them.
  const events = eventWriter(response);
  const onDue = (drawn: number) => events.write(`: voucher ${drawn}\n\n`);
  const purse = await till.open(asked, { bearer, root: relay.current.root, onDue, signal });
  try {
    // Its weights are those of the moment at which it is begun.
    const post = relay.current;
    const answer = answerOf(asked, served.modelName, post.root);
    if (asked.isStream) await stream(counter, asked, { post, answer, purse, exchange, events });
    else await whole(counter, asked, { post, answer, purse, exchange });
  } finally {
    purse.close();
  }
}

type Parts = { readonly post: Post; readonly answer: Answer; readonly purse: Purse; readonly exchange: Exchange };

async function whole(
  counter: Counter,
  asked: GenerationRequest,
  { post, answer, purse, exchange }: Parts,
): Promise<void> {
  let text = '';
  const generated = await decode(counter, asked, { post, exchange, purse, onToken: (piece) => (text += piece) });
  const { receipt } = generated;
  const body = answer.whole(text + generated.rest, generated);
  sendJson(exchange.response, 200, receipt === undefined ? body : { ...body, receipt });
}

async function stream(
  counter: Counter,
  asked: GenerationRequest,
  { post, answer, purse, exchange, events }: Parts & { readonly events: EventWriter },
): Promise<void> {
  const { response } = exchange;
  const send = (event: object) => events.write(`data: ${JSON.stringify(event)}\n\n`);
  const begin = () => {
    if (response.headersSent) return;
    response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8', 'cache-control': 'no-cache' });
    const opening = answer.opening();
    if (opening !== undefined) send(opening);
  };
  const onToken = (text: string) => {
    begin();
    if (text !== '') send(answer.piece(text));
  };
  const generated = await decode(counter, asked, { post, exchange, purse, onToken }).finally(events.flush);
  send(answer.closing(generated.rest, generated.finish));
  if (asked.includeUsage) send(answer.usage(generated.tokens));
  // As vouchers are asked for: in a comment, which clients of the OpenAI API do not see.
  if (generated.receipt !== undefined) events.write(`: receipt ${JSON.stringify(generated.receipt)}\n\n`);
  events.write('data: [DONE]\n\n');
  events.flush();
  response.end();
}

type EventWriter = { write(event: string): void; flush(): void };

/** Writes the events of one turn at its end, in one piece: until then the next step is under way. */
function eventWriter(response: ServerResponse): EventWriter {
  let events = '';
  const flush = () => {
    if (events !== '') response.write(events);
    events = '';
  };
  return {
    write(event) {
      if (events === '') setImmediate(flush);
      events += event;
    },
    flush,
  };
}

type Decoding = Omit<Parts, 'answer'> & { onToken(text: string): void };

async function decode(
  { served: { tokenizer }, metrics }: Counter,
  asked: GenerationRequest,
  { post: { scheduler, notary }, exchange: { signal }, purse, onToken }: Decoding,
): Promise<Generated & { readonly receipt: object | undefined }> {
  const { paidBy } = purse;
  const request = { ...asked, sampling: samplingOf(asked, paidBy) };
  const measured = metrics.request(request.prompt.length);
  const generated = await generate(scheduler, {
    request,
    tokenizer,
    signal,
    awaited: purse.awaited,
    onToken(text) {
      measured.token();
      onToken(text);
      purse.token(text);
    },
  });
  measured.finished(generated);
  const about = { prompt: request.prompt.length, sampling: request.sampling, ...paidBy };
  const receipt = await notary?.sign({ ...about, tokens: generated.sequence });
  return { ...generated, receipt };
}

/** Nobody chooses a seed after it is known what comes of it: it follows from the request, or from what has paid for it. */
function samplingOf({ sampling }: GenerationRequest, paidBy: PaidBy): SamplingOptions {
  const { seed = paidBy.session === 0n ? freshSeed() : sessionSeed(paidBy) } = sampling;
  return { ...sampling, seed };
}

/** Another one each time. */
function freshSeed(): Hash {
  return `0x${randomBytes(32).toString('hex')}`;
}
