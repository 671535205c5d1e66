import { parseEther, type Address } from 'viem';

import type { Hash } from '../../engine/commit/hash.ts';
import { createHasher, type Hasher } from '../../engine/commit/hasher.ts';
import { createDataset, type Dataset } from '../../engine/data/dataset.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import { recipeRoot, tokensPerRound, tokensPerSegment, type Recipe } from '../../engine/recipe.ts';
import type { RunPrograms } from '../../sdk/game.ts';
import { join } from '../../sdk/membership.ts';
import { createRun, readRun, tick, type RunParameters } from '../../sdk/run.ts';
import { setNode } from '../../sdk/stake.ts';
import { programsOf } from '../../workers/lib/programs.ts';
import { openChain, pass, stake, type LocalChain } from './chain.ts';

export const RUN = 1n;
const MAX_MEMBERS = 4;
/** The chain forgets the hash of a block after so many. */
const FORGOTTEN_AFTER = 8_300;

/** A run whose first round is open, with one miner and somebody who will challenge it. */
export type Arena = {
  readonly chain: LocalChain;
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly programs: RunPrograms;
  /** Of the round's batches. */
  readonly seed: Hash;
  readonly genesisRoot: Hash;
  readonly miner: Address;
  readonly challenger: Address;
  readonly hasher: Hasher;
  close(): Promise<void>;
};

export type ArenaOptions = {
  readonly text: string;
  /** Of the model. */
  readonly context: number;
  readonly recipe: (dataset: Dataset) => Recipe;
};

/**
 * Deploys everything on a chain in this process and opens a run of the recipe. The beacon of its first seed is let lapse, so
 * that the seed follows from the run alone, and the same recipe meets the same batches each time.
 */
export async function openArena({ text, context, recipe: recipeOf }: ArenaOptions): Promise<Arena> {
  const chain = await openChain();
  const dataset = createDataset(text, { context });
  const recipe = recipeOf(dataset);
  const { programs, root: programsRoot } = programsOf(recipe, MAX_MEMBERS);
  const [creator, miner, challenger] = chain.accounts as readonly [Address, Address, Address];
  const hasher = createHasher();
  const genesisRoot = await hasher.stateRoot(initialParameters(recipe));
  const { timestamp } = await chain.client.getBlock();
  const opensAt = Number(timestamp) + 200;
  const parameters = { ...parametersOf(recipe), genesisRoot, programsRoot, opensAt };
  const metadata = { name: 'Arena', symbol: 'ARENA', uri: '' };
  await chain.send(creator, createRun(chain.deployment, parameters, metadata));
  for (const account of [miner, challenger]) await stake(chain, account, parseEther('100'));
  await chain.send(miner, setNode(chain.deployment, miner));
  await chain.send(miner, join(chain.deployment, RUN, 'miner', parseEther('5')));
  await pass(chain, 200);
  await reachFirstRound(chain, creator);
  const { seed } = await readRun(chain.client, chain.deployment, RUN);
  return {
    chain,
    recipe,
    dataset,
    programs,
    seed,
    genesisRoot,
    miner,
    challenger,
    hasher,
    close: async () => {
      await Promise.all([chain.close(), hasher.close()]);
    },
  };
}

async function reachFirstRound(chain: LocalChain, from: Address): Promise<void> {
  const { client, deployment } = chain;
  for (;;) {
    const { due, round } = await readRun(client, deployment, RUN);
    if (round > 0) return;
    await chain.send(from, tick(deployment, RUN));
    if (due === 'request') await chain.request('hardhat_mine', [`0x${FORGOTTEN_AFTER.toString(16)}`]);
  }
}

function parametersOf(recipe: Recipe): Omit<RunParameters, 'genesisRoot' | 'programsRoot' | 'opensAt'> {
  return {
    recipeRoot: recipeRoot(recipe),
    datasetRoot: recipe.dataset.root as Hash,
    plannedTokens: BigInt(100 * tokensPerRound(recipe)),
    lambda: parseEther('1'),
    shareSupply: parseEther('1000000'),
    ownersShare: 570_000,
    royalty: 0,
    tokensPerSegment: BigInt(tokensPerSegment(recipe)),
    commitWindow: 3_600,
    auditWindow: 3_600,
    aggregateWindow: 3_600,
    challengeWindow: 3_600,
    aggregateChallengeWindow: 3_600,
    segments: recipe.round.segments,
    epochRounds: recipe.round.epoch,
    probationRounds: 1,
    minSegments: recipe.round.segments,
    auditRate: 1_000,
    maxMembers: MAX_MEMBERS,
    minMiners: 1,
    committeeSeats: 24,
    committeeNeeded: 16,
    parent: 0n,
    minerBond: parseEther('10'),
    serviceDeposit: parseEther('20'),
    dutyDeposit: parseEther('20'),
    aggregateBond: parseEther('10'),
    challengeBond: parseEther('5'),
    joinFloor: parseEther('1'),
    joinMultiplier: parseEther('1.1'),
    joinHalfLife: 60,
  };
}
