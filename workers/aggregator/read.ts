import type { Address } from 'viem';

import { firstBlockAt } from '../../sdk/blocks.ts';
import { readClaim } from '../../sdk/claims.ts';
import { readAggregateClaims, readReports, type AggregateClaimed } from '../../sdk/events.ts';
import type { MemberSet } from '../../sdk/member-set.ts';
import type { ChainFacts } from '../lib/read-progress.ts';
import type { Workshop } from '../lib/workshop.ts';
import type { AggregatorConfig } from './config.ts';
import type { AggregatorFacts, Computed } from './decide.ts';

/** What an aggregator process knows besides what is on chain. */
export type AggregatorMemory = {
  computed: Computed | undefined;
  /** When it first looked for the payloads of a round, in milliseconds. */
  waiting: { readonly round: number; readonly since: number } | undefined;
};

export function emptyMemory(): AggregatorMemory {
  return { computed: undefined, waiting: undefined };
}

export type AggregatorReader = { read(signal: AbortSignal): Promise<AggregatorFacts> };

export function aggregatorReader(shop: Workshop<AggregatorConfig>, memory: AggregatorMemory): AggregatorReader {
  const { config, progress, states } = shop;
  const limits = { maxJoiningPrice: 0n, reserve: config.reserve };
  const own = ownClaims(shop);
  let reports: readonly MemberSet[] = [];
  let reportsOf: ChainFacts | undefined;
  return {
    async read(signal) {
      const chain = await progress.read(signal);
      if (chain !== reportsOf) reports = await reportsIn(shop, chain);
      reportsOf = chain;
      const { claimed, releasable } = await own.read(chain);
      return {
        ...chain,
        limits,
        verified: states.roots(),
        reports,
        computed: memory.computed,
        claimed,
        releasable,
      };
    },
  };
}

/** They are of interest once the audit is closed. */
async function reportsIn(
  { client, deployment, config, book }: Workshop<AggregatorConfig>,
  { round, at }: ChainFacts,
): Promise<readonly MemberSet[]> {
  if (round.status !== 'audited' || round.committed === 0n) return [];
  const { fromBlock } = await book.blocksSince(round.number);
  const blocks = { fromBlock, toBlock: at.blockNumber };
  const found = await readReports(client, deployment, config.runId, round.number, blocks);
  return found.map(({ audited }) => audited);
}

type OwnClaims = Pick<AggregatorFacts, 'claimed' | 'releasable'>;

/** The aggregator's own claims, from the events of the chain: a process that was killed finds them again. */
function ownClaims({ client, deployment, config, parameters }: Workshop<AggregatorConfig>): {
  read(chain: ChainFacts): Promise<OwnClaims>;
} {
  let bonded: readonly AggregateClaimed[] = [];
  let from: bigint | undefined;
  let last: { chain: ChainFacts; own: OwnClaims } | undefined;
  const readNew = async (owner: Address, toBlock: bigint): Promise<void> => {
    from ??= await firstBlockAt(client, parameters.opensAt);
    if (from > toBlock) return;
    const blocks = { fromBlock: from, toBlock };
    bonded = [...bonded, ...(await readAggregateClaims(client, deployment, config.runId, { claimant: owner }, blocks))];
    from = toBlock + 1n;
  };
  return {
    async read(chain) {
      if (chain === last?.chain) return last.own;
      const { round, standing, at } = chain;
      await readNew(standing.stake.owner, at.blockNumber);
      const claimed = bonded.filter((claim) => claim.round === round.number).map(({ nextRoot }) => nextRoot);
      const releasable: bigint[] = [];
      for (const claim of bonded.filter((candidate) => candidate.round < round.number)) {
        const { status, released } = await readClaim(client, deployment, claim.claimId, at);
        if (released || status === 'voided') bonded = bonded.filter((candidate) => candidate !== claim);
        else if (status === 'final') releasable.push(claim.claimId);
      }
      last = { chain, own: { claimed, releasable } };
      return last.own;
    },
  };
}
