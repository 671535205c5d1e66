import type { Address, TransactionReceipt } from 'viem';

import { SwarmlockError } from '../../engine/errors.ts';
import type { Call } from '../../sdk/call.ts';
import { chainError, ContractRevert } from '../../sdk/errors.ts';
import { bringOnChain, type Outbox } from './transaction.ts';

/**
 * The one owner of a key's nonces in a process. Transactions wait in a queue and go out one at a time, each under the
 * first nonce that the chain has not seen, so there are no gaps and nothing to remember over a restart.
 */
export type Sender = {
  readonly address: Address;
  /**
   * Waits until no earlier transaction of this key is undecided, also of a process that was killed. Facts that are read
   * after it contain all that this key has done.
   */
  settle(signal: AbortSignal): Promise<void>;
  /**
   * Resolves when the call is on chain and has succeeded.
   * @throws ContractRevert, before anything is sent where the refusal can be foreseen; INSUFFICIENT_FUNDS;
   *   NONCE_CONFLICT when another process uses the key; TRANSACTION_TIMEOUT and RPC_UNREACHABLE (retryable)
   */
  send(call: Call, signal: AbortSignal): Promise<TransactionReceipt>;
};

export function createSender(outbox: Outbox): Sender {
  const { address } = outbox.account;
  let last: Promise<unknown> = Promise.resolve();
  const inTurn = <T>(job: () => Promise<T>): Promise<T> => {
    const result = last.then(job);
    last = result.catch(() => undefined);
    return result;
  };
  return {
    address,
    settle: (signal) => inTurn(() => settle(outbox, signal)),
    send: (call, signal) =>
      inTurn(async () => {
        await settle(outbox, signal);
        return deliver(outbox, call, signal);
      }),
  };
}

/** Leaves earlier transactions the usual time to be mined, then replaces the first of them by an empty one. */
async function settle(outbox: Outbox, signal: AbortSignal): Promise<void> {
  const { clock, log, pollMs, resendAfterMs, account } = outbox;
  const started = clock.now();
  for (;;) {
    signal.throwIfAborted();
    const latest = await nonceOf(outbox, 'latest');
    const pending = await nonceOf(outbox, 'pending');
    if (pending <= latest) return;
    if (clock.now() - started < resendAfterMs) {
      await clock.sleep(pollMs, signal);
    } else {
      log.warn({ nonce: latest }, 'replacing a transaction that is not mined');
      const call = { to: account.address, data: '0x', name: 'empty transaction' } as const;
      await bringOnChain(outbox, { call, nonce: latest, gas: 21_000n }, signal);
    }
  }
}

async function deliver(outbox: Outbox, call: Call, signal: AbortSignal): Promise<TransactionReceipt> {
  const gas = await estimate(outbox, call);
  const nonce = await nonceOf(outbox, 'latest');
  const receipt = await bringOnChain(outbox, { call, nonce, gas }, signal);
  if (receipt === undefined) throw conflict(outbox, nonce);
  const { transactionHash: hash, gasUsed, status } = receipt;
  outbox.log.info({ event: 'call', call: call.name, nonce, hash, gasUsed, status }, 'transaction mined');
  if (status === 'reverted') throw await reasonOf(outbox, call, receipt);
  return receipt;
}

/** Half more than needed now: another transaction may come first and make the call dearer. */
async function estimate({ client, account }: Outbox, { to, data, value = 0n, name }: Call): Promise<bigint> {
  try {
    const needed = await client.estimateGas({ account: account.address, to, data, value });
    return (needed * 3n) / 2n;
  } catch (error) {
    throw chainError(error, name);
  }
}

async function nonceOf({ client, account }: Outbox, blockTag: 'latest' | 'pending'): Promise<number> {
  try {
    return await client.getTransactionCount({ address: account.address, blockTag });
  } catch (error) {
    throw chainError(error, 'asking for the next nonce');
  }
}

/** A mined revert has no reason in its receipt: the call is repeated on the block it was mined in. */
async function reasonOf({ client, account }: Outbox, call: Call, receipt: TransactionReceipt): Promise<SwarmlockError> {
  const { to, data, value = 0n, name } = call;
  try {
    await client.call({ account: account.address, to, data, value, blockNumber: receipt.blockNumber });
    return new ContractRevert('NoReason', [], name);
  } catch (error) {
    return chainError(error, name);
  }
}

function conflict({ account }: Outbox, nonce: number): SwarmlockError {
  return new SwarmlockError(`Another process sent a transaction of ${account.address} with nonce ${nonce}`, {
    code: 'NONCE_CONFLICT',
    argument: account.address,
    hint: 'Run one worker for each node key.',
  });
}
