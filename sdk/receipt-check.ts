import { hexToBytes, type Address } from 'viem';

import { SwarmlockError } from '../engine/errors.ts';
import type { Meter, PricedBody } from './meter.ts';
import type { Pledges } from './pledges.ts';
import { promptTokens } from './prompt.ts';
import { isReceiptOf, requestedSeed, sessionSeed, type Receipt, type SignedReceipt } from './receipts.ts';
import type { Voucher } from './vouchers.ts';

/** What a request asks of the sampling. */
export type SampledBody = PricedBody & {
  readonly seed?: number | null;
  readonly temperature?: number | null;
  readonly top_p?: number | null;
};

/** What a receipt is held against. */
export type Promised = {
  /** Named by the offer. */
  readonly pledge: bigint;
  /** Of that pledge. */
  readonly key: Address;
  readonly chainId: number;
  /** The voucher that came with the request. */
  readonly voucher: Voucher;
  readonly body: SampledBody;
  /** Milliseconds that a receipt has to be good for. */
  readonly receiptMs: number;
};

/** Holds the receipts of one answer against what was asked, and what has come. */
export type ReceiptCheck = {
  /** Some of the answer has come. */
  hear(text: string): void;
  /** @param root of the weights that answer @throws RECEIPT_INVALID unless it is one for all that has come */
  take(receipt: SignedReceipt, root: string): Promise<void>;
  /** @throws RECEIPT_MISSING unless there is one for all that has come */
  requireSigned(): void;
};

/** @param promised what receipts have to be; undefined where none are promised: then nothing is checked */
export function createReceiptCheck(
  promised: Promised | undefined,
  pledges: Pledges,
  meter: Pick<Meter, 'cover'>,
): ReceiptCheck {
  let [text, isSigned] = ['', promised === undefined];
  return {
    hear(more) {
      text += more;
      if (more !== '' && promised !== undefined) isSigned = false;
    },
    async take(receipt, root) {
      if (promised === undefined) return;
      await requireReceipt(receipt, promised, { root, text }, pledges);
      isSigned = true;
      meter.cover();
    },
    requireSigned() {
      if (!isSigned) throw missing();
    },
  };
}

/**
 * Requires that with this receipt the gateway can be convicted of what it has answered so far, if that is wrong.
 * @param come the weights that answer, and all the text that has come
 * @throws RECEIPT_INVALID
 */
async function requireReceipt(
  receipt: SignedReceipt,
  { pledge, key, chainId, voucher, body, receiptMs }: Promised,
  come: { readonly root: string; readonly text: string },
  pledges: Pledges,
): Promise<void> {
  const { session, drawn, round, root, seed, temperature, topP, expiresAt } = receipt;
  const flaws: Readonly<Record<string, boolean>> = {
    pledge: receipt.pledge !== pledge,
    session: session !== voucher.session,
    drawn: drawn !== voucher.drawn,
    root: root !== come.root,
    seed: seed !== (body.seed == null ? sessionSeed(voucher) : requestedSeed(body.seed)),
    temperature: !isSame(temperature, body.temperature),
    top_p: !isSame(topP, body.top_p),
    prompt_tokens: !saysPrompt(receipt, body),
    tokens: !answerIn(receipt).startsWith(come.text),
    expires_at: expiresAt * 1_000 < Date.now() + receiptMs,
  };
  const flaw = Object.keys(flaws).find((field) => flaws[field]);
  if (flaw !== undefined) throw invalid(flaw);
  if (!(await isReceiptOf(key, { chainId, receipts: pledges.receipts }, receipt))) throw invalid('signature');
  if ((await pledges.rootOf(round)) !== root) throw invalid('round');
}

/** A part of an answer has come without one. */
function missing(): SwarmlockError {
  return new SwarmlockError('The gateway has named a pledge, and has not signed for what it has answered', {
    code: 'RECEIPT_MISSING',
    argument: 'receipt',
    hint: 'Nothing more is paid for the answer. Use another gateway.',
  });
}

function invalid(field: string): SwarmlockError {
  return new SwarmlockError(`The gateway's receipt is not for this answer: ${field} is another, or none that counts`, {
    code: 'RECEIPT_INVALID',
    argument: field,
    hint: 'Nothing more is paid for the answer. Use another gateway.',
  });
}

/** Receipts are signed for binary32 numbers. */
function isSame(signed: number, asked: number | null | undefined): boolean {
  return Math.fround(signed) === Math.fround(asked ?? 1);
}

function saysPrompt({ tokens, prompt }: Receipt, body: SampledBody): boolean {
  const asked = promptTokens(body);
  if (asked === undefined || asked.length !== prompt) return false;
  const signed = hexToBytes(tokens);
  return prompt <= signed.length && asked.every((token, i) => signed[i] === token);
}

/** All that was answered, and so the same text however it came in parts, but for its end. */
function answerIn({ tokens, prompt }: Receipt): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(hexToBytes(tokens).subarray(prompt));
}
