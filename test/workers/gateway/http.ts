import { expect } from 'chai';
import { once } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';
import { text } from 'node:stream/consumers';
import OpenAI from 'openai';

import type { Decoder } from '../../../engine/decoding/decoder.ts';
import { startLocalGateway, type LocalGateway } from '../../helpers/gateway.ts';
import { closed, openSocket } from '../../helpers/sockets.ts';
import { tinyModelForTests } from '../../helpers/tiny-model.ts';
import { until } from '../../helpers/worker-processes.ts';

type Told = { readonly error: { readonly code: string; readonly param: string | null; readonly type: string } };

describe('a gateway that is free', function () {
  this.timeout(20_000);
  const tiny = tinyModelForTests({ model: { depth: 1, width: 32, heads: 2, context: 64, vocabulary: 256 } });
  let gateway: LocalGateway;
  /** Held while a test wants all slots taken. */
  let held: Promise<void> | undefined;
  const holding = (decoder: Decoder): Decoder => ({
    ...decoder,
    async step() {
      await held;
      return decoder.step();
    },
  });
  let release: () => void = () => undefined;
  const hold = (): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    release = () => {
      held = undefined;
      resolve();
    };
    return release;
  };

  before(async () => {
    const settings = { slots: 4, queue: 250, mostBodyBytes: 10_000 };
    gateway = await startLocalGateway(tiny(), { settings, wrap: holding });
  });
  afterEach(() => release());
  after(() => gateway.stop());

  const openai = () => new OpenAI({ baseURL: `${gateway.url}/v1`, apiKey: 'none', maxRetries: 0 });
  const post = (path: string, body: unknown, signal?: AbortSignal) =>
    fetch(`${gateway.url}/v1/${path}`, { method: 'POST', body: JSON.stringify(body), ...(signal && { signal }) });
  const metric = async (name: string) => {
    const metrics = await (await fetch(`${gateway.url}/metrics`)).text();
    return Number(new RegExp(`^vllm:${name}\\{[^}]*\\} (.*)$`, 'm').exec(metrics)?.[1]);
  };
  /** Until so many requests are in slots or wait for one. */
  const taken = (requests: number) =>
    until(`${requests} requests`, async () => {
      const [running, waiting] = [await metric('num_requests_running'), await metric('num_requests_waiting')];
      return running + waiting === requests || undefined;
    });
  const open = (bytes: string, { url } = gateway) => openSocket(url, bytes);
  const ask = { model: 'tiny', prompt: 'the quick', max_tokens: 8, temperature: 0 };

  it('answers the OpenAI client, whole and as a stream, with one text and one usage', async () => {
    const client = openai();
    const whole = await client.completions.create(ask);
    expect(whole).to.deep.include({
      object: 'text_completion',
      model: 'tiny',
      system_fingerprint: tiny().genesis.root,
    });
    expect(whole.usage).to.deep.include({ prompt_tokens: 9, completion_tokens: 8, total_tokens: 17 });
    expect(whole.choices[0]!.finish_reason).to.equal('length');
    const options = { stream: true, stream_options: { include_usage: true } } as const;
    let streamed = '';
    let usage;
    for await (const piece of await client.completions.create({ ...ask, ...options })) {
      streamed += piece.choices[0]?.text ?? '';
      usage = piece.usage ?? usage;
    }
    expect(streamed).to.equal(whole.choices[0]!.text);
    expect(usage).to.deep.equal(whole.usage);
  });

  it('answers chats of the OpenAI client, whole and as a stream', async () => {
    const asked = { model: 'tiny', messages: [{ role: 'user', content: 'hello' }] as const, temperature: 0 };
    const client = openai();
    const whole = await client.chat.completions.create({ ...asked, messages: [...asked.messages] });
    const { message } = whole.choices[0]!;
    expect(message.role).to.equal('assistant');
    // "user: hello\nassistant:" has 22 tokens; the last of 65 is never read.
    expect(whole.usage).to.deep.include({ prompt_tokens: 22, completion_tokens: 43 });
    const stream = client.chat.completions.stream({ ...asked, messages: [...asked.messages] });
    expect(await stream.finalContent()).to.equal(message.content);
  });

  it('samples the same text for the same seed, another for another, and stops where it is told', async () => {
    const client = openai();
    const sample = async (seed: number, more: object = {}) => {
      const answer = await client.completions.create({ ...ask, max_tokens: 40, temperature: 1, seed, ...more });
      return answer.choices[0]!;
    };
    const first = await sample(1);
    expect((await sample(1)).text).to.equal(first.text);
    expect((await sample(2)).text).to.not.equal(first.text);
    const stop = first.text.slice(5, 7);
    const stopped = await sample(1, { stop });
    expect(stopped.finish_reason).to.equal('stop');
    expect(stopped.text).to.equal(first.text.slice(0, first.text.indexOf(stop)));
  });

  it('names the model it serves, its context and the root of its weights', async () => {
    const { data } = await openai().models.list();
    expect(data[0]).to.deep.include({ id: 'tiny', object: 'model', root: tiny().genesis.root, max_model_len: 64 });
    expect((await openai().models.retrieve('tiny')).id).to.equal('tiny');
    expect((await fetch(`${gateway.url}/v1/models/other`)).status).to.equal(404);
  });

  const refusals: readonly [what: string, path: string, body: unknown, status: number, code: string, param?: string][] =
    [
      ['another model', 'completions', { ...ask, model: 'gpt' }, 404, 'model_not_found', 'model'],
      ['a field of another type', 'completions', { ...ask, top_p: 'all' }, 400, 'request_invalid', 'top_p'],
      ['what is not supported', 'completions', { ...ask, n: 2 }, 400, 'request_invalid', 'n'],
      ['an empty prompt', 'completions', { ...ask, prompt: '' }, 400, 'request_invalid', 'prompt'],
      ['a token that there is not', 'completions', { ...ask, prompt: [256] }, 400, 'request_invalid', 'prompt'],
      ['a body that is no object', 'completions', 'hello', 400, 'request_invalid'],
      [
        'a prompt beyond the context',
        'completions',
        { ...ask, prompt: 'x'.repeat(65), max_tokens: undefined },
        400,
        'context_length_exceeded',
        'prompt',
      ],
      [
        'more tokens than there is room for',
        'completions',
        { ...ask, max_tokens: 57 },
        400,
        'context_length_exceeded',
        'prompt',
      ],
      ['a path that there is not', 'embeddings', {}, 404, 'not_found'],
    ];
  for (const [what, path, body, status, code, param = null] of refusals) {
    it(`refuses ${what}, as the OpenAI API does`, async () => {
      const response = await post(path, body);
      expect(response.status).to.equal(status);
      const { error } = (await response.json()) as Told;
      expect(error).to.deep.include({ code, type: 'invalid_request_error', ...(param && { param }) });
    });
  }

  it('takes as many tokens as there is room for', async () => {
    const answer = await openai().completions.create({ ...ask, max_tokens: 56 });
    expect(answer.usage!.completion_tokens).to.equal(56);
    const full = await openai().completions.create({ ...ask, prompt: 'x'.repeat(64), max_tokens: null });
    expect(full.usage!.completion_tokens).to.equal(1);
  });

  it('serves 200 streams at once, tells the next ones to come again, and its memory stays bounded', async () => {
    const resume = hold();
    const before = process.memoryUsage().rss;
    const answers = Array.from({ length: 200 }, () => post('completions', { ...ask, stream: true }));
    await taken(200);
    const more = Array.from({ length: 54 }, () => post('completions', { ...ask, stream: true }));
    await taken(254);
    const refused = await post('completions', ask);
    expect(refused.status).to.equal(429);
    expect(Number(refused.headers.get('retry-after'))).to.be.greaterThan(0);
    expect(((await refused.json()) as Told).error.code).to.equal('queue_full');
    resume();
    const texts = await Promise.all([...answers, ...more].map(async (answer) => (await answer).text()));
    for (const one of texts) expect(one.endsWith('data: [DONE]\n\n')).to.equal(true);
    expect(process.memoryUsage().rss - before).to.be.lessThan(100 * 2 ** 20);
    await taken(0);
  });

  it('frees the slot and the place in the queue of a client that goes', async () => {
    const resume = hold();
    const gone = new AbortController();
    const answers = Array.from({ length: 6 }, () => post('completions', ask, gone.signal).catch(() => undefined));
    await taken(6);
    gone.abort();
    await Promise.all(answers);
    await taken(0);
    resume();
    expect((await post('completions', ask)).status).to.equal(200);
  });

  it('refuses a body of 200 MB before it is read', async () => {
    const socket = await open(`POST /v1/completions HTTP/1.1\r\nhost: x\r\ncontent-length: ${200 * 2 ** 20}\r\n\r\n`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString())
      .to.match(/^HTTP\/1\.1 413 /)
      .and.to.include('body_too_large');
    socket.write(Buffer.alloc(2 ** 20));
    await closed(socket);
  });

  it('refuses a body of unknown size as soon as it is too large', async () => {
    const socket = await open('POST /v1/completions HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n');
    const piece = `3e8\r\n${' '.repeat(1_000)}\r\n`;
    socket.write(piece.repeat(10));
    socket.write('1\r\n \r\n');
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(answer.toString()).to.match(/^HTTP\/1\.1 413 /);
    await closed(socket);
    const largest = { ...ask, user: 'x'.repeat(10_000 - JSON.stringify({ ...ask, user: '' }).length) };
    expect((await post('completions', largest)).status).to.equal(200);
  });

  it('goes on with a connection on which it has refused a request', async () => {
    const socket = await open(`POST /v1/nothing HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}`);
    expect(String(await once(socket, 'data'))).to.match(/^HTTP\/1\.1 404 /);
    await pause(1_200);
    socket.write('GET /v1/models HTTP/1.1\r\nhost: x\r\n\r\n');
    expect(String(await once(socket, 'data'))).to.match(/^HTTP\/1\.1 200 /);
    socket.destroy();
  });

  it('gives up clients that send slowly, and serves the others meanwhile', async () => {
    const hasty = await startLocalGateway(tiny(), { settings: { requestMs: 300 } });
    const head = 'POST /v1/completions HTTP/1.1\r\nhost: x\r\n';
    const slow = await Promise.all([
      open(head, hasty),
      open(`${head}content-length: 100\r\n\r\n{`, hasty),
      ...Array.from({ length: 30 }, () => open(head, hasty)),
    ]);
    const ends = slow.map((socket) => text(socket));
    const asked = await fetch(`${hasty.url}/v1/completions`, { method: 'POST', body: JSON.stringify(ask) });
    expect(asked.status).to.equal(200);
    for (const end of await Promise.all(ends)) expect(end).to.match(/^HTTP\/1\.1 408 /);
    await hasty.stop();
  });

  it('answers while a thousand connections are open', async () => {
    const idleOnes = await Promise.all(Array.from({ length: 1_000 }, () => open('')));
    expect((await post('completions', ask)).status).to.equal(200);
    for (const socket of idleOnes) socket.destroy();
  });

  it('closes a connection on which nothing moves, and not before', async () => {
    const other = await startLocalGateway(tiny(), { settings: { idleMs: 200 }, wrap: holding });
    const resume = hold();
    const asking = () => fetch(`${other.url}/v1/completions`, { method: 'POST', body: JSON.stringify(ask) });
    const failed = await asking().then(
      () => false,
      () => true,
    );
    expect(failed).to.equal(true);
    const patient = asking();
    resume();
    expect((await patient).status).to.equal(200);
    await other.stop();
  });

  it('finishes what was begun when it is stopped, and takes nothing new', async () => {
    const other = await startLocalGateway(tiny(), { settings: { slots: 1 }, wrap: holding });
    const resume = hold();
    const asking = (body: object) =>
      fetch(`${other.url}/v1/completions`, { method: 'POST', body: JSON.stringify(body), keepalive: true });
    const begun = [asking({ ...ask, stream: true }), asking({ ...ask, stream: true })];
    await until('two requests', async () => {
      const metrics = await (await fetch(`${other.url}/metrics`)).text();
      return /num_requests_waiting\{[^}]*\} 1/.test(metrics) || undefined;
    });
    const stopping = other.stop();
    expect((await fetch(`${other.url}/health`)).status).to.equal(503);
    const late = await asking(ask);
    expect([late.status, late.headers.get('retry-after')]).to.deep.equal([503, '5']);
    resume();
    for (const answer of begun) expect((await (await answer).text()).endsWith('data: [DONE]\n\n')).to.equal(true);
    await stopping;
  });

  it('tells its load and its latencies under the names of vLLM', async () => {
    await post('completions', ask);
    expect(await metric('generation_tokens_total')).to.be.greaterThan(0);
    expect(await metric('prompt_tokens_total')).to.be.greaterThan(0);
    expect(await metric('time_to_first_token_seconds_count')).to.be.greaterThan(0);
    expect(await metric('inter_token_latency_seconds_count')).to.be.greaterThan(0);
    expect(await metric('e2e_request_latency_seconds_count')).to.be.greaterThan(0);
    expect(await metric('kv_cache_usage_perc')).to.equal(0);
    expect((await fetch(`${gateway.url}/health`)).status).to.equal(200);
  });
});
