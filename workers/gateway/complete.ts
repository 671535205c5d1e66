import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';

import type { Hash } from '../../engine/commit/hash.ts';
import { answerOf, type Answer } from './answer.ts';
import { generate, type Generated } from './generate.ts';
import { readJson, sendJson, type Exchange } from './http.ts';
import type { SamplingOptions } from '../../engine/decoding/request.ts';
import { sessionSeed } from '../../sdk/receipts.ts';
import type { Metrics } from './metrics.ts';
import type { Notary } from './notary.ts';
import { readRequest, type GenerationRequest, type Kind, type Served } from './request.ts';
import type { Scheduler } from './scheduler.ts';
import type { PaidBy, Purse, Till } from './till.ts';

export type Counter = {
  readonly served: Served;
  /** The root of the weights. */
  readonly root: string;
  readonly scheduler: Scheduler;
  readonly till: Till;
  /** Undefined when nobody answers for what is served. */
  readonly notary: Notary | undefined;
  readonly metrics: Metrics;
  readonly mostBodyBytes: number;
};

/** Answers a request for a completion, whole or as a stream. */
export async function complete(counter: Counter, kind: Kind, exchange: Exchange): Promise<void> {
  const { served, till, root } = counter;
  const { request, response, signal } = exchange;
  const asked = readRequest(kind, await readJson(request, counter), served);
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  // Comments of server-sent events are for who pays; clients of the OpenAI API do not see them.
  const onDue = (drawn: number) => void response.write(`: voucher ${drawn}\n\n`);
  const purse = await till.open(asked, { bearer, root, onDue, signal });
  try {
    const answer = answerOf(asked, served.modelName, root);
    if (asked.isStream) await stream(counter, asked, { answer, purse, exchange });
    else await whole(counter, asked, { answer, purse, exchange });
  } finally {
    purse.close();
  }
}

type Parts = { readonly answer: Answer; readonly purse: Purse; readonly exchange: Exchange };

async function whole(counter: Counter, asked: GenerationRequest, { answer, purse, exchange }: Parts): Promise<void> {
  let text = '';
  const generated = await decode(counter, asked, { exchange, purse, onToken: (piece) => (text += piece) });
  const { receipt } = generated;
  const body = answer.whole(text + generated.rest, generated);
  sendJson(exchange.response, 200, receipt === undefined ? body : { ...body, receipt });
}

async function stream(counter: Counter, asked: GenerationRequest, { answer, purse, exchange }: Parts): Promise<void> {
  const { response } = exchange;
  const events = eventWriter(response);
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
  const generated = await decode(counter, asked, { exchange, purse, onToken }).finally(events.flush);
  send(answer.closing(generated.rest, generated.finish));
  if (asked.includeUsage) send(answer.usage(generated.tokens));
  // As vouchers are asked for: in a comment, which clients of the OpenAI API do not see.
  if (generated.receipt !== undefined) events.write(`: receipt ${JSON.stringify(generated.receipt)}\n\n`);
  events.write('data: [DONE]\n\n');
  events.flush();
  response.end();
}

/** Writes the events of one turn at its end, in one piece: until then the next step is under way. */
function eventWriter(response: ServerResponse): { write(event: string): void; flush(): void } {
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
  { scheduler, served: { tokenizer }, metrics, notary }: Counter,
  asked: GenerationRequest,
  { exchange: { signal }, purse, onToken }: Decoding,
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
