import type { Address } from 'viem';

import { protocolAbi, stakeManagerAbi } from './abi/index.ts';
import type { Client } from './client.ts';
import { onChain } from './errors.ts';

/** Where the contracts of one deployment are. */
export type Deployment = {
  readonly protocol: Address;
  readonly lens: Address;
  readonly stake: Address;
  readonly claims: Address;
  readonly runs: Address;
  readonly ownership: Address;
  readonly availability: Address;
  readonly game: Address;
  readonly verdicts: Address;
  readonly receipts: Address;
  /** The ERC-20 that is staked. */
  readonly token: Address;
};

/** What the protocol contract names. */
type Part = 'stake' | 'claims' | 'runs' | 'ownership' | 'availability' | 'game' | 'verdicts' | 'receipts';

/** The deployment of a protocol contract and its lens. */
export async function deploymentAt(
  { protocol, lens }: Pick<Deployment, 'protocol' | 'lens'>,
  client: Client,
): Promise<Deployment> {
  const ask = (functionName: Part): Promise<Address> =>
    onChain(`Protocol.${functionName}`, client.readContract({ address: protocol, abi: protocolAbi, functionName }));
  const [stake, claims, runs, ownership, availability, game, verdicts, receipts] = await Promise.all([
    ask('stake'),
    ask('claims'),
    ask('runs'),
    ask('ownership'),
    ask('availability'),
    ask('game'),
    ask('verdicts'),
    ask('receipts'),
  ]);
  const token = await onChain(
    'StakeManager.token',
    client.readContract({ address: stake, abi: stakeManagerAbi, functionName: 'token' }),
  );
  return { protocol, lens, stake, claims, runs, ownership, availability, game, verdicts, receipts, token };
}
