import type { Hex } from 'viem';

import type { Hash } from '../../engine/commit/hash.ts';
import { readSealing, readVerdicts } from '../../sdk/verdicts.ts';
import type { ChainFacts } from '../lib/read-progress.ts';
import { absentIn, unservedReader } from '../lib/service.ts';
import type { Workshop } from '../lib/workshop.ts';
import type { ValidatorConfig } from './config.ts';
import type { Judgement, ValidatorFacts } from './decide.ts';
import { verdictEarnings } from './earnings.ts';
import type { SealFiles } from './seal-file.ts';
import type { Seals, VerdictFacts } from './verdicts.ts';

/** What a validator process knows besides what is on chain. */
export type ValidatorMemory = {
  /** What it found of claims of the current round, and of earlier ones what is still to be said of them; by claim id. */
  judgements: Map<bigint, Omit<Judgement, 'claimId'>>;
  /** Of the last round that it found right, by seat: what the next one must go on from. */
  readonly localRoots: Map<number, { readonly round: number; readonly root: Hash }>;
  /** Claims that it has brought to the game. */
  readonly accused: Set<bigint>;
  /** Indices of validators that it has shown to be absent in the current round. */
  readonly denounced: Set<number>;
};

export function emptyMemory(): ValidatorMemory {
  return { judgements: new Map(), localRoots: new Map(), accused: new Set(), denounced: new Set() };
}

/** A round may be over before its audit is: what was found wrong in it can be disputed for long, and stays until it is. */
export function unsaid({ judgements, accused }: ValidatorMemory): ValidatorMemory['judgements'] {
  const isUnsaid = (claimId: bigint, { wrong }: Omit<Judgement, 'claimId'>) =>
    wrong !== undefined && !accused.has(claimId);
  return new Map([...judgements].filter(([claimId, judgement]) => isUnsaid(claimId, judgement)));
}

export type ValidatorReader = { read(signal: AbortSignal): Promise<ValidatorFacts> };

export function validatorReader(
  shop: Workshop<ValidatorConfig>,
  memory: ValidatorMemory,
  seals: SealFiles,
): ValidatorReader {
  const { config, progress, states } = shop;
  const limits = { maxJoiningPrice: config.maxJoiningPrice, reserve: config.reserve };
  const earnings = verdictEarnings(shop);
  const readVerdictFacts = verdictFactsReader(shop);
  const unserved = unservedReader({ ...shop, runId: config.runId });
  let round = 0;
  return {
    async read(signal) {
      const chain = await progress.read(signal);
      if (chain.run.round !== round) {
        memory.judgements = unsaid(memory);
        memory.denounced.clear();
      }
      round = chain.run.round;
      const judgements = [...memory.judgements].map(([claimId, judgement]) => ({ claimId, ...judgement }));
      const { beacon } = chain.round;
      const verdicts = await readVerdictFacts(chain);
      return {
        ...chain,
        ...verdicts,
        seals: beacon === undefined ? {} : await loadSeals(seals, beacon),
        absent: absentIn(chain.round, verdicts.revealed).filter(({ validator }) => {
          return validator !== chain.standing.seat?.index && !memory.denounced.has(validator);
        }),
        limits,
        judgements,
        verified: states.roots(),
        ...(await earnings.read(chain)),
        accused: [...memory.accused],
        unserved: await unserved.read(chain),
        patience: config.patience,
        received: shop.reception.now(),
      };
    },
  };
}

async function loadSeals({ duty, standIn }: SealFiles, beacon: Hex): Promise<Seals> {
  return { duty: await duty.load(beacon), standIn: await standIn.load(beacon) };
}

/** How far the verdicts of the round are; asked again for each block. */
function verdictFactsReader({
  client,
  deployment,
  config,
  book,
  owner,
}: Workshop<ValidatorConfig>): (chain: ChainFacts) => Promise<Omit<VerdictFacts, 'seals'>> {
  const { runId } = config;
  let last: { chain: ChainFacts; facts: Omit<VerdictFacts, 'seals'> } | undefined;
  const look = async ({ run, round, at }: ChainFacts): Promise<Omit<VerdictFacts, 'seals'>> => {
    const sealing = await readSealing(client, deployment, runId, run.round, owner, at);
    if (round.beacon === undefined) return { sealing, revealed: [] };
    const blocks = { ...(await book.blocksSince(run.round)), toBlock: at.blockNumber };
    return { sealing, revealed: await readVerdicts(client, deployment, { runId, round: run.round }, blocks) };
  };
  return async (chain) => {
    if (last?.chain !== chain) last = { chain, facts: await look(chain) };
    return last.facts;
  };
}
