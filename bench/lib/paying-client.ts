import type { Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';

import {
  routeOfSession,
  signVoucher,
  voucherToken,
  type SignedVoucher,
  type VoucherDomain,
} from '../../sdk/vouchers.ts';

/** What a gateway asks for with a 402. */
export type PaymentAsked = {
  readonly due: number;
  readonly gateway: Hex;
  readonly route: number;
  readonly sessions: Hex;
  readonly credits: Hex;
  readonly chain_id: number;
  readonly prompt_token_price: number;
  readonly completion_token_price: number;
  readonly tokens_per_voucher: number;
};

export type Told = { readonly error: { readonly code: string; readonly payment?: PaymentAsked } };

/** What came of a stream. */
export type Streamed = {
  readonly status: number;
  readonly text: string;
  /** Of the error that ended it, if one did. */
  readonly code: string | undefined;
  readonly isDone: boolean;
  /** Vouchers that were asked for while it was under way. */
  readonly asked: number;
};

/** How an event begins that asks for a voucher, and the last one of a stream. */
export const ASKED = ': voucher ';
export const DONE = 'data: [DONE]';

/** The server-sent events of an answer; the whole of one that is no stream. */
export async function* eventsOf({ body }: Response): AsyncGenerator<string, void> {
  let rest = '';
  for await (const piece of body!.pipeThrough(new TextDecoderStream())) {
    const events = (rest + piece).split('\n\n');
    rest = events.pop()!;
    yield* events;
  }
  if (rest !== '') yield rest;
}

/** A session's key, and what it does to pay. */
export class PayingClient {
  readonly url: string;
  readonly domain: VoucherDomain;
  readonly session: bigint;
  readonly key: PrivateKeyAccount;

  constructor(url: string, domain: VoucherDomain, session: bigint, key = privateKeyToAccount(generatePrivateKey())) {
    [this.url, this.domain, this.session, this.key] = [url, domain, session, key];
  }

  voucher(drawn: number, key = this.key): Promise<SignedVoucher> {
    return signVoucher(key, this.domain, { session: this.session, route: routeOfSession(this.session), drawn });
  }

  async token(drawn: number): Promise<string> {
    return voucherToken(await this.voucher(drawn));
  }

  /** Brings a voucher while a stream is under way. */
  async bring({ session, drawn, signature }: SignedVoucher): Promise<Response> {
    const body = JSON.stringify({ drawn, signature });
    return fetch(`${this.url}/v1/sessions/${session}/vouchers`, { method: 'POST', body });
  }

  async post(body: object, token?: string): Promise<Response> {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    return fetch(`${this.url}/v1/completions`, { method: 'POST', headers, body: JSON.stringify(body) });
  }

  /** Streams a completion, and pays for each part that is asked for unless `pay` says no. */
  async stream(
    body: object,
    token: string,
    pay: (drawn: number) => Promise<unknown> | undefined = (drawn) => this.#pay(drawn),
  ): Promise<Streamed> {
    const response = await this.post({ ...body, stream: true }, token);
    let [text, asked, isDone] = ['', 0, false];
    let code: string | undefined;
    for await (const event of eventsOf(response)) {
      if (event.startsWith(ASKED)) {
        asked += 1;
        void pay(Number(event.slice(ASKED.length)));
      } else if (event === DONE) isDone = true;
      else if (event.startsWith('data: ')) {
        const told = JSON.parse(event.slice(6)) as Partial<Told> & { choices?: { text: string }[] };
        text += told.choices?.[0]?.text ?? '';
        code = told.error?.code ?? code;
      } else if (!event.startsWith(':')) code = (JSON.parse(event) as Told).error.code;
    }
    return { status: response.status, text, code, isDone, asked };
  }

  async #pay(drawn: number): Promise<void> {
    await this.bring(await this.voucher(drawn));
  }
}
