import type { Hex } from 'viem';

import type { Hash } from '../../engine/commit/hash.ts';
import { readClaim } from '../../sdk/claims.ts';
import type { Workshop } from '../lib/workshop.ts';
import type { ValidatorConfig } from './config.ts';
import type { Outcome, ValidatorFacts } from './decide.ts';

/** What a validator process knows besides what is on chain. */
export type ValidatorMemory = {
  /** Its verdicts on claims of the current round, by claim id. */
  verdicts: Map<bigint, Outcome>;
  /** Of the last round that it found right, by seat: what the next one must go on from. */
  readonly localRoots: Map<number, { readonly round: number; readonly root: Hash }>;
};

export function emptyMemory(): ValidatorMemory {
  return { verdicts: new Map(), localRoots: new Map() };
}

export type ValidatorReader = { read(signal: AbortSignal): Promise<ValidatorFacts> };

export function validatorReader(shop: Workshop<ValidatorConfig>, memory: ValidatorMemory): ValidatorReader {
  const { client, deployment, config, progress, states } = shop;
  const limits = { maxJoiningPrice: config.maxJoiningPrice, reserve: config.reserve };
  let known: { claimId: bigint; word: Hex } | undefined;
  let round = 0;
  return {
    async read(signal) {
      const chain = await progress.read(signal);
      if (chain.run.round !== round) memory.verdicts = new Map();
      round = chain.run.round;
      const claimId = chain.round.aggregate?.claimId;
      if (claimId !== undefined && known?.claimId !== claimId) {
        known = { claimId, word: (await readClaim(client, deployment, claimId, chain.at)).word };
      }
      return {
        ...chain,
        limits,
        verified: states.roots(),
        verdicts: [...memory.verdicts].map(([id, outcome]) => ({ claimId: id, outcome })),
        aggregateWord: claimId === undefined ? undefined : known?.word,
        patience: config.patience,
      };
    },
  };
}
