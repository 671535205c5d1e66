import { readLineage, type ChainFacts } from '../lib/read-progress.ts';
import type { Workshop } from '../lib/workshop.ts';
import type { MinerConfig } from './config.ts';
import type { EarlierWork, MinerFacts } from './decide.ts';
import { readEarlier } from './read-earlier.ts';
import type { Finished } from './training.ts';

/** What a miner process knows besides what is on chain and on disk. */
export type MinerMemory = {
  /** The round that is trained; lost with the process, and found again in the checkpoint. */
  finished: Finished | undefined;
  /** The round that it has played last without committing. */
  ghost: number | undefined;
  /** What it has published, and of which round. */
  published: { round: number; payload: boolean; onChain: boolean; segments: readonly number[] };
  /** Set when the miner has collected something, so that it is looked at again. */
  collected: boolean;
  /** The first round whose claim can still be disputed. */
  oldestOpen: number;
};

export function emptyMemory(): MinerMemory {
  return {
    finished: undefined,
    ghost: undefined,
    published: { round: 0, payload: false, onChain: false, segments: [] },
    collected: false,
    oldestOpen: 0,
  };
}

/** What takes many questions to the chain and changes seldom. */
type Slow = { readonly lineage: readonly number[]; readonly earlier: readonly EarlierWork[] };

/** Seconds for which earlier rounds are not looked at again. */
const SLOW_SECONDS = 5;

export type MinerReader = { read(signal: AbortSignal): Promise<MinerFacts> };

export function minerReader(shop: Workshop<MinerConfig>, memory: MinerMemory): MinerReader {
  const { client, deployment, config, progress, states } = shop;
  const limits = { maxJoiningPrice: config.maxJoiningPrice, reserve: config.reserve };
  const done = new Set<number>();
  let slow: (Slow & { round: number; since: number; seat: number | undefined }) | undefined;
  const readSlow = async (chain: ChainFacts): Promise<Slow> => {
    const { run, standing, at } = chain;
    const { seat } = standing;
    const isFresh = slow?.round === run.round && slow.seat === seat?.number && run.time - slow.since < SLOW_SECONDS;
    if (slow !== undefined && isFresh && !memory.collected) return slow;
    memory.collected = false;
    const lineage = seat === undefined ? [] : await readLineage(client, deployment, chain, seat.number);
    const earlier = seat === undefined ? [] : await readEarlier(client, deployment, run, seat, done, at);
    memory.oldestOpen = Math.min(run.round, ...earlier.filter(isOpen).map((work) => work.round));
    slow = { lineage, earlier, round: run.round, since: run.time, seat: seat?.number };
    return slow;
  };
  return {
    async read(signal) {
      const chain = await progress.read(signal);
      const { lineage, earlier } = await readSlow(chain);
      const { finished, published } = memory;
      const isPublished = published.round === chain.run.round;
      return {
        ...chain,
        limits,
        lineage,
        earlier,
        verified: states.roots(),
        patience: config.patience,
        received: shop.reception.now(),
        trained: finished && { ...finished.facts, segments: finished.facts.segmentRoots.length },
        ghost: memory.ghost,
        trainingShare: config.trainingShare,
        published: isPublished ? published : { payload: false, onChain: false, segments: [] },
      };
    },
  };
}

function isOpen({ claim }: EarlierWork): boolean {
  return claim === 'standing' || claim === 'frozen';
}
