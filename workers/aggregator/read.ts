import { readAggregateClaims, readReports, type AggregateClaimed, type Blocks } from '../../sdk/events.ts';
import type { MemberSet } from '../../sdk/member-set.ts';
import { ownBonds } from '../lib/bonds.ts';
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
  const own = ownBonds({ ...shop, since: shop.parameters.opensAt, search: (blocks) => ownClaims(shop, blocks) });
  let reports: readonly MemberSet[] = [];
  let reportsOf: ChainFacts | undefined;
  return {
    async read(signal) {
      const chain = await progress.read(signal);
      if (chain !== reportsOf) reports = await reportsIn(shop, chain);
      reportsOf = chain;
      const { bonded, releasable } = await own.read(chain);
      const claimed = bonded.filter(({ round }) => round === chain.round.number).map(({ nextRoot }) => nextRoot);
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

async function ownClaims(
  { client, deployment, config, owner }: Workshop<AggregatorConfig>,
  blocks: Blocks,
): Promise<readonly AggregateClaimed[]> {
  return readAggregateClaims(client, deployment, config.runId, { claimant: owner }, blocks);
}
