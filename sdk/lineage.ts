import { encodeFunctionData, parseEventLogs, type Hex, type TransactionReceipt } from 'viem';

import { ownershipAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import type { At } from './run.ts';

/**
 * Registers the state that a settled round has made as one of its run: runs that start from it then name a parent and give it
 * its royalty. Anyone may send it; the receipt has the root: `registeredState`.
 */
export function registerState({ ownership }: Deployment, runId: bigint, round: number): Call {
  const data = encodeFunctionData({ abi: ownershipAbi, functionName: 'registerState', args: [runId, round] });
  return { to: ownership, data, name: 'Ownership.registerState' };
}

/** The root that a transaction has registered; undefined when it has registered none. */
export function registeredState({ logs }: Pick<TransactionReceipt, 'logs'>): Hex | undefined {
  return parseEventLogs({ abi: ownershipAbi, eventName: 'StateRegistered', logs })[0]?.args.root;
}

/** Whether a state is registered as one of any run: then a run that starts from it must name its parent. */
export async function readIsRegistered(
  client: Client,
  { ownership: address }: Deployment,
  root: Hex,
  at: At = {},
): Promise<boolean> {
  const query = { address, abi: ownershipAbi, functionName: 'isRegistered', args: [root], ...at } as const;
  return onChain('Ownership.isRegistered', client.readContract(query));
}

/** Whether a state is registered as one of this run: then the run may be named as the parent. */
export async function readIsStateOf(
  client: Client,
  { ownership: address }: Deployment,
  root: Hex,
  runId: bigint,
  at: At = {},
): Promise<boolean> {
  const query = { address, abi: ownershipAbi, functionName: 'isStateOf', args: [root, runId], ...at } as const;
  return onChain('Ownership.isStateOf', client.readContract(query));
}
