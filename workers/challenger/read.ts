import { isAddressEqual } from 'viem';

import type { Hash } from '../../engine/commit/hash.ts';
import { firstBlockAt } from '../../sdk/blocks.ts';
import { parseClaimId, readClaim, readTerms } from '../../sdk/claims.ts';
import { readEvents } from '../../sdk/events.ts';
import { readVerdicts } from '../../sdk/verdicts.ts';
import { OVERLAP } from '../lib/game/read.ts';
import type { ChainFacts } from '../lib/read-progress.ts';
import type { Workshop } from '../lib/workshop.ts';
import type { ChallengerConfig } from './config.ts';
import type { ChallengerFacts, Judgement, Watched } from './decide.ts';

/** What a challenger process knows besides what is on chain; found again after a crash. */
export type ChallengerMemory = {
  readonly judgements: Map<bigint, Judgement>;
  readonly accused: Set<bigint>;
};

export function emptyMemory(): ChallengerMemory {
  return { judgements: new Map(), accused: new Set() };
}

export type ChallengerReader = { read(signal: AbortSignal): Promise<ChallengerFacts> };

export function challengerReader(shop: Workshop<ChallengerConfig>, memory: ChallengerMemory): ChallengerReader {
  const { config, progress, states } = shop;
  const limits = { maxJoiningPrice: 0n, reserve: config.reserve };
  const claims = openClaims(shop, memory);
  return {
    async read(signal) {
      const chain = await progress.read(signal);
      const watched = await claims.read(chain);
      return {
        ...chain,
        limits,
        verified: states.roots(),
        watched,
        judgements: [...memory.judgements.values()],
        accused: [...memory.accused],
      };
    },
  };
}

/** The claims of others that can still be challenged, from the events of the chain. */
function openClaims(
  { client, deployment, config, parameters, owner }: Workshop<ChallengerConfig>,
  memory: ChallengerMemory,
) {
  /** What each of them says: its word. */
  const known = new Map<bigint, Hash>();
  let from: bigint | undefined;
  let last: { readonly chain: ChainFacts; readonly watched: readonly Watched[] } | undefined;
  /** After a re-org, a claim may say something else than what was judged. */
  const note = (claimId: bigint, word: Hash): void => {
    if ((known.get(claimId) ?? word) !== word) {
      memory.judgements.delete(claimId);
      memory.accused.delete(claimId);
    }
    known.set(claimId, word);
  };
  const find = async (toBlock: bigint): Promise<void> => {
    from ??= await firstBlockAt(client, parameters.opensAt);
    if (from > toBlock) return;
    const blocks = { fromBlock: from, toBlock };
    for (const { eventName, args } of await readEvents(client, deployment, config.runId, blocks)) {
      if (eventName === 'Committed' && !isAddressEqual(args.owner, owner)) note(args.claimId, args.word);
      if (eventName === 'AggregateClaimed' && !isAddressEqual(args.claimant, owner)) note(args.claimId, args.word);
    }
    for (const { claimId, word, verdict } of await readVerdicts(client, deployment, { runId: config.runId }, blocks)) {
      if (!isAddressEqual(verdict.validator, owner)) note(claimId, word);
    }
    from = toBlock > from + OVERLAP ? toBlock - OVERLAP : from;
  };
  return {
    async read(chain: ChainFacts): Promise<readonly Watched[]> {
      const isOpen = ({ claimId }: Pick<Watched, 'claimId'>) => memory.judgements.get(claimId)?.missing ?? true;
      if (chain === last?.chain) return last.watched.filter(isOpen);
      await find(chain.at.blockNumber);
      const watched: Watched[] = [];
      for (const claimId of known.keys()) {
        if (!isOpen({ claimId })) continue;
        const { status } = await readClaim(client, deployment, claimId, chain.at);
        const { kind, round } = parseClaimId(claimId);
        if (status === 'final' || status === 'voided') known.delete(claimId);
        else if (kind !== 'seat') {
          const { finalAt } = await readTerms(client, deployment, claimId, chain.at);
          watched.push({ claimId, kind, round, left: finalAt - chain.run.time });
        }
      }
      last = { chain, watched };
      return watched;
    },
  };
}
