import { parseEventLogs, type Address, type Hex, type ParseEventLogsReturnType } from 'viem';

import { availabilityAbi, claimsAbi, gameAbi, ownershipAbi, runsAbi, verdictsAbi } from './abi/index.ts';
import { parseClaimId } from './claims.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import type { MemberSet } from './member-set.ts';
import type { Commitment } from './round.ts';

const eventsAbi = [...runsAbi, ...claimsAbi, ...ownershipAbi, ...availabilityAbi, ...gameAbi, ...verdictsAbi] as const;

/** What happened in a run, as the contracts tell it: `eventName` and `args`, with the block and transaction. */
export type RunEvent = ParseEventLogsReturnType<typeof eventsAbi, undefined, true>[number];

export type Blocks = { readonly fromBlock: bigint; readonly toBlock: bigint };

/** Public endpoints refuse to search more blocks than this in one request. */
const SPAN = 2_000n;

/** Searches the blocks span by span, oldest first. */
export async function inSpans<T>(
  blocks: Blocks,
  search: (span: Blocks) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const found: T[] = [];
  for (let fromBlock = blocks.fromBlock; fromBlock <= blocks.toBlock; fromBlock += SPAN) {
    const end = fromBlock + SPAN - 1n;
    found.push(...(await search({ fromBlock, toBlock: end < blocks.toBlock ? end : blocks.toBlock })));
  }
  return found;
}

/** All events of a run in these blocks, oldest first. */
export async function readEvents(
  client: Client,
  { runs, claims, ownership, availability, game, verdicts }: Deployment,
  runId: bigint,
  blocks: Blocks,
): Promise<readonly RunEvent[]> {
  const address = [runs, claims, ownership, availability, game, verdicts];
  return inSpans(blocks, async (span) => {
    const logs = await onChain('reading events', client.getLogs({ address, ...span }));
    return parseEventLogs({ abi: eventsAbi, logs }).filter((event) => runIdOf(event) === runId);
  });
}

function runIdOf({ args }: RunEvent): bigint | undefined {
  if ('runId' in args) return args.runId;
  if ('work' in args) return parseClaimId(args.work).runId;
  return 'id' in args ? parseClaimId(args.id).runId : undefined;
}

export type Follower = {
  /** What has happened since the last call; all of it so far at the first. */
  next(): Promise<readonly RunEvent[]>;
};

/**
 * Follows a run from a block on: first what it has missed, then what is new. For showing, not for deciding: an event that
 * a re-org takes back later has been told all the same.
 */
export function followRun(client: Client, deployment: Deployment, runId: bigint, fromBlock = 0n): Follower {
  return { next: inNewBlocks(client, (blocks) => readEvents(client, deployment, runId, blocks), fromBlock) };
}

/** Reads the blocks that have come since the last call. @param fromBlock where the first begins; by default with the latest then */
export function inNewBlocks<T>(
  client: Client,
  read: (blocks: Blocks) => Promise<T>,
  fromBlock?: bigint,
): () => Promise<T> {
  let from = fromBlock;
  return async () => {
    const toBlock = await onChain('reading events', client.getBlockNumber());
    const first = from ?? toBlock;
    const found = await read({ fromBlock: first, toBlock });
    from = toBlock < first ? first : toBlock + 1n;
    return found;
  };
}

/** What a miner has committed, with the claim it made by that. */
export type Committed = {
  readonly claimId: bigint;
  readonly seat: number;
  readonly index: number;
  readonly owner: Address;
  readonly word: Hex;
  readonly commitment: Commitment;
};

/** The commitments of a round; the chain keeps only their hash, `Duty.word`. */
export async function readCommitments(
  client: Client,
  { runs }: Deployment,
  runId: bigint,
  round: number,
  blocks: Blocks,
): Promise<readonly Committed[]> {
  const query = { address: runs, abi: runsAbi, eventName: 'Committed', args: { runId, round }, strict: true } as const;
  const events = await inSpans(blocks, (span) =>
    onChain('reading commitments', client.getContractEvents({ ...query, ...span })),
  );
  return events.map(({ args: { claimId, index, owner, word, commitment } }) => {
    return { claimId, seat: parseClaimId(claimId).number, index, owner, word, commitment };
  });
}

/** An aggregate that was claimed. */
export type AggregateClaimed = {
  readonly round: number;
  readonly claimId: bigint;
  readonly claimant: Address;
  readonly word: Hex;
  readonly parent: Hex;
  readonly accepted: MemberSet;
  readonly nextRoot: Hex;
};

/** The aggregates that one owner has claimed, or all of one round, oldest first. */
export async function readAggregateClaims(
  client: Client,
  { runs }: Deployment,
  runId: bigint,
  of: { readonly claimant: Address } | { readonly round: number },
  blocks: Blocks,
): Promise<readonly AggregateClaimed[]> {
  const eventName = 'AggregateClaimed';
  const query = { address: runs, abi: runsAbi, eventName, args: { runId, ...of }, strict: true } as const;
  const events = await inSpans(blocks, (span) =>
    onChain('reading aggregates', client.getContractEvents({ ...query, ...span })),
  );
  return events.map(({ args: { round, claimId, claimant, word, parent, accepted, nextRoot } }) => {
    return { round, claimId, claimant, word, parent, accepted, nextRoot };
  });
}
