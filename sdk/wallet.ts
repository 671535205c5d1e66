import type { Account, Chain, Client, TransactionReceipt, Transport } from 'viem';
import { call, estimateGas, sendTransaction, signTypedData, waitForTransactionReceipt } from 'viem/actions';

import type { Call } from './call.ts';
import { chainError, ContractRevert, onChain } from './errors.ts';
import type { Signer } from './signer.ts';

/** What a call has done on chain. */
export type Receipt = Pick<TransactionReceipt, 'transactionHash' | 'blockNumber' | 'gasUsed' | 'logs'>;

/** Signs and sends for one account. */
export type Wallet = Signer & {
  /**
   * Resolves when the call is on chain and has succeeded.
   * @throws ContractRevert, before anything is sent where the refusal can be foreseen; INSUFFICIENT_FUNDS,
   *   WALLET_REFUSED, RPC_UNREACHABLE (retryable), RPC_FAILED
   */
  send(call: Call): Promise<Receipt>;
};

/** The wallet of a client of viem that has an account. */
export function viemWallet(client: Client<Transport, Chain | undefined, Account>): Wallet {
  const { account, chain = null } = client;
  return {
    address: account.address,
    signTypedData: (data) => onChain('signing', signTypedData(client, { ...data, account })),
    async send({ to, data, value = 0n, name }) {
      const transaction = { account, to, data, value };
      const gas = withMargin(await onChain(name, estimateGas(client, transaction)));
      const hash = await onChain(name, sendTransaction(client, { ...transaction, chain, gas }));
      const receipt = await onChain(name, waitForTransactionReceipt(client, { hash }));
      if (receipt.status === 'success') return receipt;
      throw await reasonOf(name, () => call(client, { ...transaction, blockNumber: receipt.blockNumber }));
    },
  };
}

/** Half more than needed now: another transaction may come first and make the call dearer. */
export function withMargin(gas: bigint): bigint {
  return (gas * 3n) / 2n;
}

/** A mined revert has no reason in its receipt: the call is repeated on the block it was mined in. */
export async function reasonOf(name: string, again: () => Promise<unknown>): Promise<Error> {
  try {
    await again();
    return new ContractRevert('NoReason', [], name);
  } catch (error) {
    return chainError(error, name);
  }
}
