import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';

import type { Offer } from '../../sdk/offer.ts';
import { receiptObject, type SignedReceipt } from '../../sdk/receipts.ts';
import { checked, isSignedBy, parseVoucherToken, type SignedVoucher } from '../../sdk/vouchers.ts';

/** What a gateway does with one request that is paid ahead. */
export type Deceit = (stream: LyingStream) => unknown;

/** One answer, which need not be one. */
export type LyingStream = {
  readonly response: ServerResponse;
  /** That came with the request. */
  readonly voucher: SignedVoucher;
  /** Whether the client still listens. */
  readonly isOpen: boolean;
  /** Begins a stream of events, and puts these bytes into it. */
  raw(bytes: string | Uint8Array): void;
  /** Some text of the answer, by these weights. */
  say(text: string, root?: string): void;
  /** A part with other fields. */
  part(fields: object): void;
  /** Shows what it has signed, or says so. */
  sign(receipt: SignedReceipt): void;
  /** Asks for a voucher that says so much more than the first one of this request. */
  ask(more: number): void;
  end(): void;
};

/** A gateway that speaks the protocol, has no model, and does as it likes. */
export type LyingGateway = {
  readonly url: string;
  /** Of its answers from now on. */
  deceive(deceit: Deceit, changes?: Partial<Offer>): void;
  /** The vouchers that clients have signed, the best of each session. */
  readonly vouchers: ReadonlyMap<bigint, SignedVoucher>;
  /** Requests for completions that have come. */
  readonly requests: number;
  stop(): void;
};

/** Listens at a free port, for sessions with the real contract. @param key who signs the vouchers that it takes */
export async function startLyingGateway(honest: Offer, key: `0x${string}`): Promise<LyingGateway> {
  const vouchers = new Map<bigint, SignedVoucher>();
  let deceit: Deceit = () => undefined;
  let offer = honest;
  let requests = 0;
  const keep = async (voucher: SignedVoucher) => {
    if (!(await isSignedBy(key, honest, voucher))) throw new Error('the client has not signed this');
    if (voucher.drawn > (vouchers.get(voucher.session)?.drawn ?? 0)) vouchers.set(voucher.session, voucher);
  };
  const server = createServer((request, response) => {
    const answer = async () => {
      const session = /\/sessions\/(\d+)\/vouchers$/.exec(request.url!)?.[1];
      if (session !== undefined) {
        const { drawn, signature } = (await json(request)) as Pick<SignedVoucher, 'drawn' | 'signature'>;
        await keep(checked({ session: BigInt(session), drawn, signature }));
        return void response.end('{}');
      }
      requests += 1;
      const bearer = parseVoucherToken(request.headers.authorization?.replace('Bearer ', '') ?? '');
      const before = bearer === undefined ? 0 : (vouchers.get(bearer.session)?.drawn ?? 0);
      if (bearer !== undefined) await keep(bearer);
      // It forgets what it was paid before.
      if (bearer === undefined || bearer.drawn < before + offer.due) {
        return void response.writeHead(402).end(JSON.stringify(unpaid(offer, before + offer.due)));
      }
      deceit(streamTo(response, offer, bearer));
    };
    answer().catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    deceive(next, changes = {}) {
      [deceit, offer, requests] = [next, { ...honest, ...changes }, 0];
    },
    vouchers,
    get requests() {
      return requests;
    },
    stop() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function unpaid(offer: Offer, due: number): object {
  const { chainId: chain_id, promptPrice, tokenPrice, tokensPerVoucher, pledge, ...rest } = offer;
  const prices = { prompt_token_price: promptPrice, completion_token_price: tokenPrice };
  const named = pledge === undefined ? {} : { pledge: String(pledge) };
  const at = { scheme: 'swarmlock-session', chain_id, ...named };
  const payment = { ...at, ...prices, tokens_per_voucher: tokensPerVoucher, ...rest };
  return { error: { code: 'payment_required', payment: { ...payment, due } } };
}

function streamTo(response: ServerResponse, offer: Offer, voucher: SignedVoucher): LyingStream {
  const raw = (bytes: string | Uint8Array) => {
    if (!response.headersSent) response.writeHead(200, { 'content-type': 'text/event-stream' });
    response.write(bytes);
  };
  const part = (fields: object) => raw(`data: ${JSON.stringify({ system_fingerprint: offer.root, ...fields })}\n\n`);
  let isOpen = true;
  response.once('close', () => (isOpen = false));
  return {
    response,
    voucher,
    get isOpen() {
      return isOpen;
    },
    raw,
    part,
    say: (text, root = offer.root) =>
      part({ system_fingerprint: root, choices: [{ index: 0, text, finish_reason: null }] }),
    sign: (receipt) => raw(`: receipt ${JSON.stringify(receiptObject(receipt))}\n\n`),
    ask: (more) => raw(`: voucher ${voucher.drawn + more}\n\n`),
    end: () => void response.end('data: [DONE]\n\n'),
  };
}
