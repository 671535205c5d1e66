import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { setImmediate as turn } from 'node:timers/promises';

import type { Hash } from '../../engine/commit/hash.ts';
import { answerOf, type Answer } from './answer.ts';
import { generate, type Generated } from './generate.ts';
import { readJson, sendJson, type Exchange } from './http.ts';
import type { SamplingOptions } from '../../engine/decoding/request.ts';
import { sessionSeed } from '../../sdk/receipts.ts';
import type { Metrics } from './metrics.ts';
import type { OwnPledge } from './pledge.ts';
import { readRequest, type GenerationRequest, type Kind, type Served } from './request.ts';
import type { Post, Relay } from './relay.ts';
import type { PaidBy, Part, Purse, Till } from './till.ts';

export type Counter = {
  readonly served: Served;
  readonly relay: Pick<Relay, 'current'>;
  readonly till: Till;
  readonly metrics: Metrics;
  /** What is promised with each answer, if anything is. */
  readonly pledge: Pick<OwnPledge, 'flaw'> | undefined;
  readonly mostBodyBytes: number;
};

/** Answers a request for a completion, whole or as a stream. */
export async function complete(counter: Counter, kind: Kind, exchange: Exchange): Promise<void> {
  const { served, till, relay, pledge } = counter;
  if (pledge?.flaw !== undefined) throw pledge.flaw;
  const { request, signal } = exchange;
  const asked = readRequest(kind, await readJson(request, counter), served);
  const bearer = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  const purse = await till.open(asked, { bearer, root: relay.current.root, signal });
  try {
    // Its weights are those of the moment at which it is begun.
    const post = relay.current;
    const answer = answerOf(asked, served.modelName, post.root);
    if (asked.isStream) await stream(counter, asked, { post, answer, purse, exchange });
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
  const onToken = (piece: string) => void (text += piece);
  const generated = await decode(counter, asked, { post, exchange, purse, onToken });
  const { receipt } = generated;
  const body = answer.whole(text + generated.rest, generated);
  sendJson(exchange.response, 200, receipt === undefined ? body : { ...body, receipt });
}

async function stream(
  counter: Counter,
  asked: GenerationRequest,
  { post, answer, purse, exchange }: Parts,
): Promise<void> {
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
  // Comments of server-sent events are for who pays; clients of the OpenAI API do not see them.
  const sign = (receipt: object) => `: receipt ${JSON.stringify(receipt)}\n\n`;
  const onPart = ({ due }: Part, receipt: Promise<object> | undefined) => {
    if (receipt !== undefined) events.write(receipt.then(sign));
    if (due !== undefined) events.write(`: voucher ${due}\n\n`);
  };
  const generated = await decode(counter, asked, { post, exchange, purse, onToken, onPart }).finally(events.flush);
  send(answer.closing(generated.rest, generated.finish));
  if (asked.includeUsage) send(answer.usage(generated.tokens));
  if (generated.receipt !== undefined) events.write(sign(generated.receipt));
  events.write('data: [DONE]\n\n');
  await events.flush();
  response.end();
}

type EventWriter = {
  /** What comes behind an event that is not there yet waits for it. */
  write(event: string | Promise<string>): void;
  /** Resolves when all is written. */
  flush(): Promise<void>;
};

/** Writes the events of one turn at its end, in one piece: until then the next step is under way. */
function eventWriter(response: ServerResponse): EventWriter {
  const events: (string | Promise<string>)[] = [];
  let writing: Promise<void> | undefined;
  const writeAll = async () => {
    while (events.length > 0) {
      let ready = '';
      for (let [next] = events; typeof next === 'string'; [next] = events) {
        ready += next;
        void events.shift();
      }
      if (ready !== '') response.write(ready);
      if (events[0] !== undefined) events[0] = await events[0];
    }
    writing = undefined;
  };
  return {
    write(event) {
      events.push(event);
      // It is awaited when its turn comes, which may be later than it fails.
      if (typeof event !== 'string') event.catch(() => undefined);
      writing ??= turn()
        .then(writeAll)
        .catch((error: Error) => void response.destroy(error));
    },
    flush: async () => writing,
  };
}

type Decoding = Omit<Parts, 'answer'> & {
  onToken(text: string): void;
  /** The next part is to be paid. @param receipt for all that has come until then, if there is one */
  onPart?(part: Part, receipt: Promise<object> | undefined): void;
};

async function decode(
  { served: { tokenizer }, metrics }: Counter,
  asked: GenerationRequest,
  { post: { scheduler, notary }, exchange: { signal }, purse, onToken, onPart }: Decoding,
): Promise<Generated & { readonly receipt: object | undefined }> {
  const { paidBy } = purse;
  const request = { ...asked, sampling: samplingOf(asked, paidBy) };
  const about = { prompt: request.prompt.length, sampling: request.sampling, ...paidBy };
  const sign = (tokens: readonly number[]) => notary?.sign({ ...about, tokens });
  const measured = metrics.request(request.prompt.length);
  const generated = await generate(scheduler, {
    request,
    tokenizer,
    signal,
    awaited: purse.awaited,
    onToken(text, sequence) {
      measured.token();
      onToken(text);
      const part = purse.token(text);
      if (part !== undefined) onPart?.(part, sign(sequence));
    },
  });
  measured.finished(generated);
  return { ...generated, receipt: await sign(generated.sequence) };
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
