import { keccak256, TransactionReceiptNotFoundError, TransactionNotFoundError } from 'viem';
import type { Hash, Hex, PrivateKeyAccount, TransactionReceipt } from 'viem';

import { SwarmlockError } from '../../engine/errors.ts';
import type { Call } from '../../sdk/call.ts';
import type { Client } from '../../sdk/client.ts';
import { chainError, isRevert } from '../../sdk/errors.ts';
import type { Clock } from './clock.ts';
import { bumpFees, type Fees } from './fees.ts';
import type { Log } from './log.ts';

export type Outbox = {
  readonly client: Client;
  readonly account: PrivateKeyAccount;
  readonly clock: Clock;
  readonly log: Log;
  readonly pollMs: number;
  /** A transaction that is not mined after this is sent again with higher fees. */
  readonly resendAfterMs: number;
  readonly giveUpAfterMs: number;
};

/** A call with its place in the order of the sender's transactions. */
export type Slot = { readonly call: Call; readonly nonce: number; readonly gas: bigint };

/** One signed form of a transaction. All versions have one nonce, so at most one of them is mined. */
type Version = { readonly raw: Hex; readonly hash: Hash; readonly fees: Fees; readonly sentAt: number };

/** How often a nonce may be seen as taken without a receipt of ours: nodes behind one address can lag each other. */
const LAG = 3;

/**
 * Brings one transaction on chain: sends it, sends it again when the node has dropped it, and with higher fees when it
 * was refused as underpriced or has waited too long.
 * @returns the receipt, or undefined when a transaction that is not ours took the nonce
 * @throws TRANSACTION_TIMEOUT (retryable) when it is given up; it may be mined later all the same
 */
export async function bringOnChain(
  outbox: Outbox,
  slot: Slot,
  signal: AbortSignal,
): Promise<TransactionReceipt | undefined> {
  const { clock, pollMs, resendAfterMs, giveUpAfterMs } = outbox;
  const started = clock.now();
  const versions: Version[] = [];
  let next: Fees | undefined = await market(outbox);
  for (let taken = 0; taken < LAG;) {
    if (next !== undefined) versions.push(await sign(outbox, slot, next));
    const last = versions.at(-1)!;
    const refused = next !== undefined && (await broadcast(outbox, slot, last)) === 'underpriced';
    const found = await look(outbox, slot, versions);
    if (typeof found === 'object') return found;
    if (clock.now() - started >= giveUpAfterMs) throw timeout(slot, giveUpAfterMs);
    await clock.sleep(pollMs, signal);
    signal.throwIfAborted();

    next = undefined;
    if (found === 'taken') taken += 1;
    else if (refused || clock.now() - last.sentAt >= resendAfterMs) next = bumpFees(last.fees, await market(outbox));
    else if (found === 'dropped') await broadcast(outbox, slot, last);
  }
  return undefined;
}

async function market({ client }: Outbox): Promise<Fees> {
  try {
    return await client.estimateFeesPerGas();
  } catch (error) {
    throw chainError(error, 'asking for the price of gas');
  }
}

async function sign({ client, account, clock }: Outbox, { call, nonce, gas }: Slot, fees: Fees): Promise<Version> {
  const { to, data, value = 0n } = call;
  const chainId = client.chain.id;
  const raw = await account.signTransaction({ type: 'eip1559', chainId, nonce, gas, to, data, value, ...fees });
  return { raw, hash: keccak256(raw), fees, sentAt: clock.now() };
}

async function broadcast(
  outbox: Outbox,
  { call, nonce }: Slot,
  { raw, hash }: Version,
): Promise<'sent' | 'underpriced'> {
  outbox.log.debug({ call: call.name, nonce, hash }, 'sending a transaction');
  try {
    await outbox.client.sendRawTransaction({ serializedTransaction: raw });
    return 'sent';
  } catch (error) {
    const refusal = refusalOf(error);
    if (refusal === undefined) throw chainError(error, call.name);
    outbox.log.debug({ call: call.name, nonce, hash, refusal }, 'the node refuses a transaction');
    return refusal === 'underpriced' ? 'underpriced' : 'sent';
  }
}

/** Refusals that the next look at the chain resolves. JSON-RPC has no codes for them, only words. */
function refusalOf(error: unknown): string | undefined {
  // Development nodes mine a transaction that reverts, and report the revert here: its receipt says the rest.
  if (isRevert(chainError(error, ''))) return 'reverted';
  const text = error instanceof Error ? error.message.toLowerCase() : '';
  return ['underpriced', 'already known', 'known transaction', 'nonce too low'].find((words) => text.includes(words));
}

/** What became of the versions sent so far. */
async function look(
  { client, account }: Outbox,
  { call, nonce }: Slot,
  versions: readonly Version[],
): Promise<TransactionReceipt | 'taken' | 'dropped' | 'waiting'> {
  try {
    // The count before the receipts: a transaction mined in between has a receipt then.
    const mined = await client.getTransactionCount({ address: account.address, blockTag: 'latest' });
    for (const { hash } of versions) {
      const receipt = await client.getTransactionReceipt({ hash }).catch(absent(TransactionReceiptNotFoundError));
      if (receipt !== undefined) return receipt;
    }
    if (mined > nonce) return 'taken';
    const { hash } = versions.at(-1)!;
    const known = await client.getTransaction({ hash }).catch(absent(TransactionNotFoundError));
    return known === undefined ? 'dropped' : 'waiting';
  } catch (error) {
    throw chainError(error, call.name);
  }
}

function absent(type: new (...args: never) => Error): (error: unknown) => undefined {
  return (error) => {
    if (!(error instanceof type)) throw error;
  };
}

function timeout({ call, nonce }: Slot, milliseconds: number): SwarmlockError {
  return new SwarmlockError(`${call.name} was not mined within ${milliseconds} ms (nonce ${nonce})`, {
    code: 'TRANSACTION_TIMEOUT',
    argument: 'giveUpAfterMs',
    hint: 'The network may be congested; the worker looks again by itself.',
    retryable: true,
  });
}
