import { readAggregateClaims, type AggregateClaimed, type Blocks } from '../../sdk/events.ts';
import { ownBonds } from '../lib/bonds.ts';
import type { Workshop } from '../lib/workshop.ts';
import type { AggregatorConfig } from './config.ts';
import type { AggregatorFacts, Computed } from './decide.ts';

/** What an aggregator process knows besides what is on chain. */
export type AggregatorMemory = {
  computed: readonly Computed[];
};

export function emptyMemory(): AggregatorMemory {
  return { computed: [] };
}

export type AggregatorReader = { read(signal: AbortSignal): Promise<AggregatorFacts> };

export function aggregatorReader(shop: Workshop<AggregatorConfig>, memory: AggregatorMemory): AggregatorReader {
  const { config, progress, states } = shop;
  const limits = { maxJoiningPrice: 0n, reserve: config.reserve };
  const own = ownBonds({ ...shop, since: shop.parameters.opensAt, search: (blocks) => ownClaims(shop, blocks) });
  return {
    async read(signal) {
      const chain = await progress.read(signal);
      const { bonded, releasable } = await own.read(chain);
      const claimed = bonded.filter(({ round }) => round === chain.round.number).map(({ nextRoot }) => nextRoot);
      return {
        ...chain,
        limits,
        verified: states.roots(),
        computed: memory.computed,
        claimed,
        releasable,
      };
    },
  };
}

async function ownClaims(
  { client, deployment, config, owner }: Workshop<AggregatorConfig>,
  blocks: Blocks,
): Promise<readonly AggregateClaimed[]> {
  return readAggregateClaims(client, deployment, config.runId, { claimant: owner }, blocks);
}
