import { encodeFunctionData, zeroHash, type Address, type Hex } from 'viem';

import { runLensAbi, runsAbi, verdictsAbi } from './abi/index.ts';
import { readAvailability, type Availability } from './availability.ts';
import type { Call } from './call.ts';
import { claimStatuses, type ClaimStatus } from './claims.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import type { MemberSet } from './member-set.ts';
import { roundStatuses, type At, type RoundStatus } from './run.ts';

/** One miner that committed in a round. */
export type Duty = {
  readonly seat: number;
  /** Its bit in the member sets. */
  readonly index: number;
  readonly owner: Address;
  readonly claimId: bigint;
  /** The hash of everything it committed. */
  readonly word: Hex;
  readonly status: ClaimStatus;
  /** Of its seat's deposit. */
  readonly deposit: ClaimStatus;
  /** Whether it is audited; false before the beacon. */
  readonly drawn: boolean;
  /** How many segments it has committed. */
  readonly segments: number;
  /** The segment to audit besides the last one. */
  readonly segment: number;
  /** On duty for it, until the round is settled. */
  readonly validators: MemberSet;
  /** For those of them that were absent; final once sealing is over. */
  readonly standIns: MemberSet;
};

/** A round as it stands in one block. Instants are in seconds and undefined while unknown. */
export type Round = {
  readonly runId: bigint;
  readonly number: number;
  readonly status: RoundStatus;
  /** Of the global state that it starts from. */
  readonly parent: Hex;
  readonly seed: Hex;
  /** Undefined before it is drawn. */
  readonly beacon: Hex | undefined;
  /** What the randomness was asked for; zero before. */
  readonly ticket: bigint;
  /** Nobody drew it in time: everyone is audited. */
  readonly beaconLost: boolean;
  readonly commitDeadline: number | undefined;
  readonly auditDeadline: number | undefined;
  readonly aggregateDeadline: number | undefined;
  readonly settledAt: number | undefined;
  readonly committed: MemberSet;
  /** Of those, the ones whose claim is frozen or voided. */
  readonly challenged: MemberSet;
  /** Validators that have reported. */
  readonly reported: MemberSet;
  readonly availability: Availability;
  /** Claimed so far, oldest first; at most `MAX_AGGREGATES`. */
  readonly aggregates: readonly RoundAggregate[];
  /** The first of them that stands: the round settles with it, or has. */
  readonly aggregate: RoundAggregate | undefined;
  /** Miners that have committed, in ascending index. */
  readonly duties: readonly Duty[];
};

/** Aggregate claims in one round at most. */
export const MAX_AGGREGATES = 8;

export type RoundAggregate = {
  readonly claimId: bigint;
  readonly accepted: MemberSet;
  readonly nextRoot: Hex;
  /** When the round may settle with it, if it is the first that stands. */
  readonly settleableAt: number;
  /** Neither frozen nor voided. */
  readonly stands: boolean;
};

/** What a miner claims about its round. */
export type Commitment = {
  readonly parent: Hex;
  readonly startRoot: Hex;
  readonly segmentRoots: readonly Hex[];
  readonly payloadRoot: Hex;
  readonly payloadBytes: bigint;
};

export async function readRound(
  client: Client,
  deployment: Deployment,
  runId: bigint,
  number: number,
  at: At = {},
): Promise<Round> {
  const args = [runId, number] as const;
  const { runs, lens, verdicts } = deployment;
  const [view, duties, reported, availability] = await Promise.all([
    onChain('Runs.roundOf', client.readContract({ address: runs, abi: runsAbi, functionName: 'roundOf', args, ...at })),
    onChain(
      'RunLens.dutiesOf',
      client.readContract({ address: lens, abi: runLensAbi, functionName: 'dutiesOf', args, ...at }),
    ),
    onChain(
      'Verdicts.reportersOf',
      client.readContract({ address: verdicts, abi: verdictsAbi, functionName: 'reportersOf', args, ...at }),
    ),
    readAvailability(client, deployment, runId, number, at),
  ]);
  const aggregates = view.aggregates.map(({ id: claimId, ...aggregate }) => ({ claimId, ...aggregate }));
  return {
    ...view,
    aggregates,
    aggregate: aggregates.find(({ stands }) => stands),
    reported,
    availability,
    runId,
    number,
    status: roundStatuses[view.status]!,
    beacon: view.beacon === zeroHash ? undefined : view.beacon,
    commitDeadline: known(view.commitDeadline),
    auditDeadline: known(view.auditDeadline),
    aggregateDeadline: known(view.aggregateDeadline),
    settledAt: known(view.settledAt),
    duties: duties.map(({ status, deposit, ...duty }) => {
      return { ...duty, status: claimStatuses[status]!, deposit: claimStatuses[deposit]! };
    }),
  };
}

function known(instant: number): number | undefined {
  return instant === 0 ? undefined : instant;
}

/** Claims a miner's round; sent by the node key of an active miner, once a round. */
export function commit({ runs }: Deployment, runId: bigint, round: number, commitment: Commitment): Call {
  const args = [runId, round, commitment] as const;
  return { to: runs, data: encodeFunctionData({ abi: runsAbi, functionName: 'commit', args }), name: 'Runs.commit' };
}

/** Says that a validator on duty has audited; `audited` are the members whose drawn segments it has recomputed. */
export function report({ verdicts }: Deployment, runId: bigint, round: number, audited: MemberSet): Call {
  const data = encodeFunctionData({ abi: verdictsAbi, functionName: 'report', args: [runId, round, audited] });
  return { to: verdicts, data, name: 'Verdicts.report' };
}

/**
 * Claims the next global state: the payloads of the `accepted` members, which are all that are available and stand, applied
 * to the round's parent.
 */
export function claimAggregate(
  { runs }: Deployment,
  runId: bigint,
  round: number,
  accepted: MemberSet,
  nextRoot: Hex,
): Call {
  const args = [runId, round, accepted, nextRoot] as const;
  const data = encodeFunctionData({ abi: runsAbi, functionName: 'claimAggregate', args });
  return { to: runs, data, name: 'Runs.claimAggregate' };
}
