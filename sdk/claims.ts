import { encodeFunctionData, type Address, type Hex } from 'viem';

import { claimsAbi, runsAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import type { At } from './run.ts';

export const claimStatuses = ['none', 'standing', 'frozen', 'final', 'voided'] as const;
export type ClaimStatus = (typeof claimStatuses)[number];

export const claimKinds = ['work', 'aggregate', 'seat', 'verdict', 'pledge'] as const;
export type ClaimKind = (typeof claimKinds)[number];

/**
 * What a claim's id says: of `work` and `seat`, the number is the seat; of `aggregate`, the attempt, from 1; of `verdict`, the
 * indices of validator and miner; of `pledge`, whose round is 0, which one of the run it is, from 1.
 */
export type ClaimName = {
  readonly kind: ClaimKind;
  readonly runId: bigint;
  readonly round: number;
  readonly number: number;
};

/** As contracts/types/ClaimId.sol: kind, run, round and number, from the high bits down. */
export function claimIdOf({ kind, runId, round, number }: ClaimName): bigint {
  return (BigInt(claimKinds.indexOf(kind)) << 128n) | (runId << 64n) | (BigInt(round) << 32n) | BigInt(number);
}

export function parseClaimId(id: bigint): ClaimName {
  return {
    kind: claimKinds[Number(id >> 128n)]!,
    runId: BigInt.asUintN(64, id >> 64n),
    round: Number(BigInt.asUintN(32, id >> 32n)),
    number: Number(BigInt.asUintN(32, id)),
  };
}

/** A claim as it stands in one block. */
export type Claim = ClaimName & {
  readonly id: bigint;
  /** The hash of everything claimed; zero when nothing is. */
  readonly word: Hex;
  readonly status: ClaimStatus;
  readonly openChallenges: number;
  /** The bond is free again. */
  readonly released: boolean;
};

export async function readClaim(client: Client, { claims }: Deployment, id: bigint, at: At = {}): Promise<Claim> {
  const about = { address: claims, abi: claimsAbi, args: [id], ...at } as const;
  const [word, status, openChallenges, released] = await Promise.all([
    onChain('Claims.wordOf', client.readContract({ ...about, functionName: 'wordOf' })),
    onChain('Claims.statusOf', client.readContract({ ...about, functionName: 'statusOf' })),
    onChain('Claims.openChallengesOf', client.readContract({ ...about, functionName: 'openChallengesOf' })),
    onChain('Claims.isReleased', client.readContract({ ...about, functionName: 'isReleased' })),
  ]);
  return { ...parseClaimId(id), id, word, status: claimStatuses[status]!, openChallenges, released };
}

/** Frees the bond of a final claim. Anyone may send it. */
export function release({ claims }: Deployment, id: bigint): Call {
  const data = encodeFunctionData({ abi: claimsAbi, functionName: 'release', args: [id] });
  return { to: claims, data, name: 'Claims.release' };
}

export const challengeStatuses = ['none', 'open', 'lost', 'closed'] as const;
/** What became of one challenge: `closed` when it was won, or given back. */
export type ChallengeStatus = (typeof challengeStatuses)[number];

export async function readChallenge(
  client: Client,
  { claims }: Deployment,
  id: bigint,
  challenger: Address,
  at: At = {},
): Promise<ChallengeStatus> {
  const query = { address: claims, abi: claimsAbi, functionName: 'challengeStatusOf', args: [id, challenger] } as const;
  return challengeStatuses[await onChain('Claims.challengeStatusOf', client.readContract({ ...query, ...at }))]!;
}

/** The terms of a posted claim, in units of the stake token and in seconds. */
export type ClaimTerms = {
  readonly claimant: Address;
  readonly bond: bigint;
  readonly challengeBond: bigint;
  /** From when it is final if nobody challenges it; far away while that is not known. */
  readonly finalAt: number;
};

export async function readTerms(
  client: Client,
  { runs, verdicts, receipts }: Deployment,
  id: bigint,
  at: At = {},
): Promise<ClaimTerms> {
  const { kind } = parseClaimId(id);
  const address = kind === 'verdict' ? verdicts : kind === 'pledge' ? receipts : runs;
  const query = { address, abi: runsAbi, functionName: 'termsOf', args: [id] } as const;
  return onChain('IClaimSource.termsOf', client.readContract({ ...query, ...at }));
}
