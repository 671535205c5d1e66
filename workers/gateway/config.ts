import { isAddress } from 'viem';
import { z } from 'zod';

import { computeFields, workerFields } from '../lib/config.ts';

const amount = z.coerce
  .number()
  .int()
  .nonnegative()
  .max(2 ** 32);
const count = z.coerce.number().int().positive();
const milliseconds = count;

export const gatewayConfig = z.strictObject({
  ...workerFields,
  ...computeFields,
  host: z.string().min(1).default('127.0.0.1'),
  /** 0 takes any that is free; the log says which. */
  port: z.coerce.number().int().min(0).max(65_535).default(8_000),
  /** What clients call the model; by default the name of its recipe. */
  modelName: z.string().min(1).optional(),
  /** Sequences that are decoded together. */
  slots: count.max(1_024).default(16),
  /** Requests that wait for a slot; further ones are told to come again. */
  queue: count.default(256),
  mostBodyBytes: count.default(2 ** 20),
  mostConnections: count.default(4_096),
  /** A request that has not arrived after this, headers and body, is given up. */
  requestMs: milliseconds.default(15_000),
  /** A connection on which nothing has moved for so long is closed: the client does not read, or waits for nothing. */
  idleMs: milliseconds.default(120_000),
  /** How long streams may go on after a SIGTERM. */
  drainMs: milliseconds.default(30_000),
  /** The contract of sessions, and the prices of a token in the smallest unit of credits; needed unless requests are free. */
  sessions: z
    .string()
    .refine((text) => isAddress(text), 'must be an address')
    .optional(),
  promptPrice: amount.optional(),
  tokenPrice: amount.optional(),
  /** The route that sessions have to be for, registered by this key; by default one that pays all to the owner. */
  route: count.optional(),
  tokensPerVoucher: count.default(32),
  /** So long a stream waits for a voucher. */
  voucherMs: milliseconds.default(10_000),
  /** Requests of one session at the same time. */
  mostPerSession: count.default(8),
  /** Sessions that nobody has shown before, looked for on chain in a second. */
  mostLookups: count.default(100),
  /** Vouchers are settled when the oldest has waited for so long, or when together they draw so much. */
  settleMs: milliseconds.default(60_000),
  settleAmount: amount.default(1_000_000),
  /** Id of the pledge that answers for receipts, which this key signs; without one there are none. */
  pledge: z.coerce.bigint().positive().optional(),
  /** How long a receipt can be challenged. The weights have to be at hand for so long. */
  receiptMs: milliseconds.default(86_400_000),
  /** Goes on serving the state that the run stands on when the gateway starts. */
  pinned: z.union([z.boolean(), z.stringbool()]).default(false),
  /** Serves everybody without payment. */
  free: z.union([z.boolean(), z.stringbool()]).default(false),
});

export type GatewayConfig = z.infer<typeof gatewayConfig>;
