import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import { SwarmlockError } from '../../engine/errors.ts';
import type { Log } from '../lib/log.ts';
import { refusalOf } from './refusal.ts';

/** One request and the response to it. */
export type Exchange = {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** Of the path: what its pattern has in brackets. */
  readonly parts: readonly string[];
  /** Aborts when the client is gone. */
  readonly signal: AbortSignal;
};

export type Route = {
  readonly method: 'GET' | 'POST';
  /** Of the whole path. */
  readonly path: RegExp;
  handle(exchange: Exchange): void | Promise<void>;
};

export type HttpOptions = {
  readonly routes: readonly Route[];
  readonly log: Log;
  readonly host: string;
  readonly port: number;
  readonly mostConnections: number;
  readonly mostBodyBytes: number;
  readonly requestMs: number;
  readonly idleMs: number;
};

const MOST_HEADER_BYTES = 16_384;
/** Between two looks for requests that take too long. */
const LOOK_MS = 1_000;
const KEEP_ALIVE_MS = 5_000;
/** So long does a client that is refused get to read why, while what it sends is thrown away. */
const LINGER_MS = 1_000;

/** Answers requests by routes, with errors as the OpenAI API has them. Listening once it is returned. */
export async function startHttp(options: HttpOptions): Promise<{ readonly server: Server; readonly url: string }> {
  const { host, port, mostConnections, requestMs, idleMs } = options;
  const server = createServer({
    headersTimeout: requestMs,
    requestTimeout: requestMs,
    connectionsCheckingInterval: Math.min(LOOK_MS, requestMs),
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxHeaderSize: MOST_HEADER_BYTES,
  });
  server.maxConnections = mostConnections;
  server.timeout = idleMs;
  const answer = (request: IncomingMessage, response: ServerResponse) => void respond(options, request, response);
  server.on('request', answer);
  server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) => {
    if (!isTooLarge(request, options)) response.writeContinue();
    answer(request, response);
  });
  server.listen(port, host);
  await once(server, 'listening');
  const address = server.address() as AddressInfo;
  return {
    server,
    url: `http://${address.family === 'IPv6' ? `[${address.address}]` : address.address}:${address.port}`,
  };
}

export function sendJson(response: ServerResponse, status: number, body: object, headers: object = {}): void {
  const text = JSON.stringify(body);
  const length = Buffer.byteLength(text);
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': length, ...headers }).end(text);
}

/** The body of a request. @throws BODY_TOO_LARGE before it is read, or as soon as it turns out to be; REQUEST_INVALID */
export async function readJson(request: IncomingMessage, limits: Pick<HttpOptions, 'mostBodyBytes'>): Promise<unknown> {
  if (isTooLarge(request, limits)) throw tooLarge(limits);
  const pieces: Buffer[] = [];
  let bytes = 0;
  // Left before its end, the iterator would close the connection before the refusal is sent.
  for await (const piece of request.iterator({ destroyOnReturn: false })) {
    bytes += (piece as Buffer).length;
    if (bytes > limits.mostBodyBytes) throw tooLarge(limits);
    pieces.push(piece as Buffer);
  }
  try {
    return JSON.parse(Buffer.concat(pieces).toString());
  } catch {
    throw new SwarmlockError('The body is not JSON', { code: 'REQUEST_INVALID' });
  }
}

async function respond(options: HttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const gone = new AbortController();
  // Making the reason of an abort takes longer than routing a request.
  response.once('close', () => response.writableFinished || gone.abort());
  // A connection that breaks is no news: `close` follows.
  for (const side of [request, response]) side.on('error', () => undefined);
  try {
    const { route, parts } = routeOf(options.routes, request);
    await route.handle({ request, response, parts, signal: gone.signal });
  } catch (error) {
    if (gone.signal.aborted || request.errored) return;
    const refusal = refusalOf(error);
    if (refusal.status >= 500) options.log.warn({ err: error, status: refusal.status }, 'a request was not served');
    if (response.headersSent) return void response.end(`data: ${JSON.stringify(refusal.body)}\n\n`);
    sendJson(response, refusal.status, refusal.body, refusal.headers);
    const giveUp = () => !request.complete && request.socket.destroy();
    if (!request.complete) setTimeout(giveUp, LINGER_MS).unref();
  }
}

function routeOf(routes: readonly Route[], request: IncomingMessage): { route: Route; parts: readonly string[] } {
  const path = (request.url ?? '').replace(/\?.*$/s, '');
  const fitting = routes.filter((route) => route.path.test(path));
  const route = fitting.find(({ method }) => method === request.method);
  if (route !== undefined) return { route, parts: route.path.exec(path)!.slice(1) };
  if (fitting.length === 0) throw new SwarmlockError('There is nothing at this path', { code: 'NOT_FOUND' });
  throw new SwarmlockError(`This path is not for ${request.method}`, { code: 'METHOD_NOT_ALLOWED' });
}

function isTooLarge({ headers }: IncomingMessage, { mostBodyBytes }: Pick<HttpOptions, 'mostBodyBytes'>): boolean {
  return Number(headers['content-length'] ?? 0) > mostBodyBytes;
}

function tooLarge({ mostBodyBytes }: Pick<HttpOptions, 'mostBodyBytes'>): SwarmlockError {
  return new SwarmlockError(`The body has more than ${mostBodyBytes} bytes`, { code: 'BODY_TOO_LARGE' });
}
