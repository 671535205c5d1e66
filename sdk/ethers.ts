import type {
  JsonRpcApiProvider,
  Log as EthersLog,
  Signer as EthersSigner,
  TypedDataDomain,
  TypedDataField,
} from 'ethers';
import { createPublicClient, custom, isAddress, type Address, type Hex } from 'viem';

import { SwarmlockError } from '../engine/errors.ts';
import { actionsOf, type SwarmlockActions } from './actions.ts';
import { chainOf, type Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import type { Serving } from './serving.ts';
import { reasonOf, withMargin, type Receipt, type Wallet } from './wallet.ts';

/** The wallet of a signer of ethers (version 6). */
export async function ethersWallet(signer: EthersSigner): Promise<Wallet> {
  const address = await signer.getAddress();
  if (!isAddress(address)) throw new SwarmlockError(`${address} is not an address`, { code: 'SIGNER_INVALID' });
  return {
    address,
    signTypedData: ({ domain, types, message }) => {
      const { EIP712Domain: _, ...rest } = types as unknown as Record<string, TypedDataField[]>;
      return onChain('signing', signer.signTypedData(domain as TypedDataDomain, rest, message) as Promise<Hex>);
    },
    async send({ to, data, value = 0n, name }) {
      const transaction = { to, data, value };
      const gasLimit = withMargin(await onChain(name, signer.estimateGas(transaction)));
      const response = await onChain(name, signer.sendTransaction({ ...transaction, gasLimit }));
      const receipt = await response.wait().catch(async (error: unknown) => {
        throw await reasonOf(name, async () => {
          await signer.call({ ...transaction, blockTag: 'latest' });
          throw error;
        });
      });
      const { hash, blockNumber, gasUsed, logs } = receipt!;
      return { transactionHash: hash as Hex, blockNumber: BigInt(blockNumber), gasUsed, logs: logs.map(viemLog) };
    },
  };
}

/** Reads the chain through a provider of ethers. */
export async function ethersClient(provider: JsonRpcApiProvider): Promise<Client> {
  const { chainId } = await provider.getNetwork();
  const request = ({ method, params }: { method: string; params?: unknown }) =>
    provider.send(method, (params ?? []) as unknown[]);
  const transport = custom({ request }, { retryCount: 0 });
  return createPublicClient({ chain: chainOf(Number(chainId)), transport, cacheTime: 0 }) as unknown as Client;
}

/** The same as `swarmlockActions`, for a signer of ethers. @throws SIGNER_INVALID when it is not connected to an endpoint */
export async function ethersActions(signer: EthersSigner, deployment: Deployment & Serving): Promise<SwarmlockActions> {
  const { provider } = signer;
  if (provider === null || !('send' in provider)) {
    throw new SwarmlockError('The signer has no provider that takes JSON-RPC', {
      code: 'SIGNER_INVALID',
      argument: 'signer',
      hint: 'Connect it to a JsonRpcProvider or a BrowserProvider.',
    });
  }
  return actionsOf(await ethersClient(provider as JsonRpcApiProvider), await ethersWallet(signer), deployment);
}

function viemLog({
  address,
  topics,
  data,
  index,
  blockNumber,
  blockHash,
  transactionHash,
  transactionIndex,
  removed,
}: EthersLog): Receipt['logs'][number] {
  return {
    address: address as Address,
    topics: topics as [Hex, ...Hex[]],
    data: data as Hex,
    logIndex: index,
    blockNumber: BigInt(blockNumber),
    blockHash: blockHash as Hex,
    transactionHash: transactionHash as Hex,
    transactionIndex,
    removed,
  };
}
