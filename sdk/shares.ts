import { encodeFunctionData, erc20Abi, type Address } from 'viem';

import { ownershipAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import type { At } from './run.ts';

export const payStatuses = ['unearned', 'pending', 'frozen', 'claimable', 'paid', 'forfeitable', 'forfeited'] as const;
/** Why a seat's round, or a verdict, is or is not paid; as IOwnership.PayStatus. */
export type PayStatus = (typeof payStatuses)[number];

export type Pay = { readonly round: number; readonly amount: bigint; readonly status: PayStatus };

/** What a seat earns for a round, in units of the share token, and where that stands. */
export async function readPay(
  client: Client,
  { ownership }: Deployment,
  runId: bigint,
  round: number,
  seat: number,
  at: At = {},
): Promise<Pay> {
  const [amount, status] = await onChain(
    'Ownership.payOf',
    client.readContract({
      address: ownership,
      abi: ownershipAbi,
      functionName: 'payOf',
      args: [runId, round, seat],
      ...at,
    }),
  );
  return { round, amount, status: payStatuses[status]! };
}

/** What a verdict earns, in units of the share token, and where that stands. */
export async function readVerdictPay(
  client: Client,
  { ownership: address }: Deployment,
  claimId: bigint,
  at: At = {},
): Promise<Omit<Pay, 'round'>> {
  const query = { address, abi: ownershipAbi, functionName: 'verdictPayOf', args: [claimId], ...at } as const;
  const [amount, status] = await onChain('Ownership.verdictPayOf', client.readContract(query));
  return { amount, status: payStatuses[status]! };
}

/** A run's account: shares given out to rounds so far, carried over, and the verified tokens they are for. */
export type Ledger = { readonly accrued: bigint; readonly carry: bigint; readonly verifiedTokens: bigint };

export async function readLedger(
  client: Client,
  { ownership }: Deployment,
  runId: bigint,
  at: At = {},
): Promise<Ledger> {
  return onChain(
    'Ownership.ledgerOf',
    client.readContract({ address: ownership, abi: ownershipAbi, functionName: 'ledgerOf', args: [runId], ...at }),
  );
}

/** Shares of a run that an owner holds, in units of its share token. */
export async function readShares(
  client: Client,
  { ownership }: Deployment,
  runId: bigint,
  owner: Address,
  at: At = {},
): Promise<bigint> {
  const token = await onChain(
    'Ownership.shareTokenOf',
    client.readContract({ address: ownership, abi: ownershipAbi, functionName: 'shareTokenOf', args: [runId] }),
  );
  return onChain(
    'ShareToken.balanceOf',
    client.readContract({ address: token, abi: erc20Abi, functionName: 'balanceOf', args: [owner], ...at }),
  );
}

/** Mints what a seat has earned in these rounds to its owner: all of them claimable, or none is paid. Anyone may send it. */
export function claimShares({ ownership }: Deployment, runId: bigint, seat: number, rounds: readonly number[]): Call {
  const args = [runId, seat, rounds] as const;
  const data = encodeFunctionData({ abi: ownershipAbi, functionName: 'claimShares', args });
  return { to: ownership, data, name: 'Ownership.claimShares' };
}

/** Mints what these verdicts have earned, each to its validator: all of them claimable, or none is paid. Anyone may send it. */
export function claimVerdictShares({ ownership }: Deployment, claimIds: readonly bigint[]): Call {
  const data = encodeFunctionData({ abi: ownershipAbi, functionName: 'claimVerdictShares', args: [claimIds] });
  return { to: ownership, data, name: 'Ownership.claimVerdictShares' };
}
