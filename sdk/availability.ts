import { encodeFunctionData, type Hex } from 'viem';

import { availabilityAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import { inSpans, type Blocks } from './events.ts';
import type { MemberSet } from './member-set.ts';
import type { Commitment } from './round.ts';
import type { At } from './run.ts';

/** Whose payloads of a round can be had, in one block. */
export type Availability = {
  /** Members that say whose payloads they have; empty before the beacon. */
  readonly committee: MemberSet;
  /** Of the committee, for a payload to be available. */
  readonly needed: number;
  readonly said: MemberSet;
  /** In full, on chain. */
  readonly published: MemberSet;
  /** Published, or received by as many as are needed; fixed once the audit is over. */
  readonly available: MemberSet;
};

export async function readAvailability(
  client: Client,
  { availability: address }: Deployment,
  runId: bigint,
  round: number,
  at: At = {},
): Promise<Availability> {
  const args = [runId, round] as const;
  return onChain(
    'Availability.viewOf',
    client.readContract({ address, abi: availabilityAbi, functionName: 'viewOf', args, ...at }),
  );
}

/** Says whose payloads the sender's owner has received; once, by a member of the round's committee. */
export function attest({ availability }: Deployment, runId: bigint, round: number, received: MemberSet): Call {
  const data = encodeFunctionData({ abi: availabilityAbi, functionName: 'attest', args: [runId, round, received] });
  return { to: availability, data, name: 'Availability.attest' };
}

/** Publishes pieces of a payload; `pending` is the stack that the last call has left, at first the payload root alone. */
export function publish(
  { availability }: Deployment,
  work: bigint,
  commitment: Commitment,
  pending: readonly Hex[],
  pieces: Hex,
): Call {
  const args = [work, commitment, pending, pieces] as const;
  const data = encodeFunctionData({ abi: availabilityAbi, functionName: 'publish', args });
  return { to: availability, data, name: 'Availability.publish' };
}

/** Shows that a drawn miner was not available when the audit closed: its deposit is burned, its seat ends. */
export function reportUnserved({ availability }: Deployment, work: bigint): Call {
  const data = encodeFunctionData({ abi: availabilityAbi, functionName: 'reportUnserved', args: [work] });
  return { to: availability, data, name: 'Availability.reportUnserved' };
}

/** The pieces of a claim's payload that were published in these blocks, in their order. */
export async function readPieces(
  client: Client,
  { availability: address }: Deployment,
  work: bigint,
  blocks: Blocks,
): Promise<readonly Hex[]> {
  const query = { address, abi: availabilityAbi, eventName: 'PiecesPublished', args: { work }, strict: true } as const;
  const events = await inSpans(blocks, (span) =>
    onChain('reading a published payload', client.getContractEvents({ ...query, ...span })),
  );
  return events.map(({ args }) => args.pieces);
}
