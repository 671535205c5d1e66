import { createHash } from 'node:crypto';
import { parseEther } from 'viem';

import type { Dataset } from '../../engine/data/dataset.ts';
import {
  parseRecipe,
  recipeRoot,
  tokensPerRound,
  tokensPerSegment,
  type Recipe,
  type RecipeInput,
} from '../../engine/recipe.ts';
import type { Hash } from '../../engine/commit/hash.ts';
import type { RunParameters } from '../../sdk/run.ts';
import { programsOf } from '../../workers/lib/programs.ts';
import type { DemoOptions, Size } from './options.ts';

type Shape = Pick<RecipeInput, 'model' | 'batch'> & { readonly steps: number; readonly segments: number };

const shapes: Record<Size, Shape> = {
  small: {
    model: { depth: 4, width: 128, heads: 4, context: 64, vocabulary: 256, mlp: 'squared-relu' },
    batch: 16,
    steps: 30,
    // A state is ten megabytes: more segments would put more than 2% of a round into hashing.
    segments: 2,
  },
  tiny: {
    model: { depth: 1, width: 32, heads: 2, context: 32, vocabulary: 256, mlp: 'squared-relu' },
    batch: 4,
    steps: 4,
    segments: 2,
  },
};

/** Measured over ten rounds of the small shape: held-out loss 5.67 before, 2.13 after. */
const LEARNING_RATE = 3e-3;

/** What is left out of an update is sent later: a larger outer rate makes up for it in a run of few rounds. */
const compressed: Pick<RecipeInput, 'compression' | 'outer'> = {
  compression: { name: 'sparseloco' },
  outer: { name: 'sgd', learningRate: 3 },
};

/**
 * Rounds to an epoch: as long as may be, so that few local states are lost, and such that the last epoch ends with the
 * last round or soon after, since pay is final with whole epochs. Returns the number of rounds to run, too.
 */
export function epochsOf(rounds: number): { epoch: number; rounds: number } {
  if (rounds <= 8) return { epoch: rounds, rounds };
  const candidates = [8, 7, 6, 5, 4].map((epoch) => ({ epoch, rounds: Math.ceil(rounds / epoch) * epoch }));
  return candidates.reduce((best, candidate) => (candidate.rounds < best.rounds ? candidate : best));
}

/** The recipe of the run. */
export function demoRecipe(
  { seed, size, rounds, compression }: Pick<DemoOptions, 'seed' | 'size' | 'rounds'> & Partial<DemoOptions>,
  dataset: Dataset,
): Recipe {
  const { model, batch, steps, segments } = shapes[size];
  const { epoch } = epochsOf(rounds);
  return parseRecipe({
    name: `demo ${size}`,
    model,
    batch,
    // The step counter is local state: the schedule starts anew with each epoch.
    optimizer: {
      name: 'adamw',
      learningRate: LEARNING_RATE,
      warmupSteps: Math.ceil(steps / 3),
      steps: steps * epoch,
      finalFraction: 0.2,
    },
    round: { steps, segments, epoch },
    ...(compression === 'sparseloco' && compressed),
    dataset: datasetFields(dataset),
    seed: `0x${createHash('sha256').update(`swarmlock/demo ${seed}`).digest('hex')}`,
  });
}

/** The same model on one machine: one schedule over as many steps as the honest miners take together. */
export function centralRecipe(recipe: Recipe, totalSteps: number): Recipe {
  const warmupSteps = Math.ceil(totalSteps / 20);
  const optimizer = { ...recipe.optimizer, warmupSteps, steps: totalSteps, finalFraction: 0.1 };
  return parseRecipe({ ...recipe, name: 'demo central', optimizer });
}

function datasetFields({ root, train, heldOut }: Dataset): RecipeInput['dataset'] {
  return { root, tokenizer: 'bytes', trainTokens: train.length, heldOutTokens: heldOut.length };
}

const MAX_MEMBERS = 32;

/** Seconds; every round waits for it in full. */
export const CHALLENGE_WINDOW = 2;

export const bonds = {
  minerBond: parseEther('10'),
  serviceDeposit: parseEther('20'),
  dutyDeposit: parseEther('20'),
  aggregateBond: parseEther('10'),
  challengeBond: parseEther('5'),
} as const;

/** Enough for a bond in every round that is not final yet, and for the dearest seat. */
export function stakeOf({ epoch, rounds }: { epoch: number; rounds: number }): bigint {
  return bonds.minerBond * BigInt(Math.min(rounds, 2 * epoch) + 2) + parseEther('60');
}

/** What the run's windows and its opening depend on. */
export type Pace = {
  /** Of one inner step, measured here. */
  readonly stepMs: number;
  /** Training processes that share the processor. */
  readonly miners: number;
  readonly cores: number;
  /** Of the chain, in seconds. */
  readonly now: number;
  /** In seconds, for everyone to start and to take a seat. */
  readonly enlistment: number;
};

/**
 * The run's parameters. Commit and audit windows are many times what the work takes: a round closes as soon as everyone
 * has committed and reported. The challenge window is waited for in full.
 */
export function runParameters(recipe: Recipe, genesisRoot: Hash, rounds: number, pace: Pace): RunParameters {
  const { stepMs, miners, cores, now, enlistment } = pace;
  const roundSeconds = (recipe.round.steps * stepMs * miners) / Math.min(cores, miners) / 1_000;
  const generous = Math.ceil(30 + 6 * roundSeconds);
  return {
    recipeRoot: recipeRoot(recipe),
    programsRoot: programsOf(recipe, MAX_MEMBERS).root,
    genesisRoot,
    datasetRoot: recipe.dataset.root as Hash,
    opensAt: now + enlistment,
    plannedTokens: BigInt(tokensPerRound(recipe) * miners * rounds),
    lambda: parseEther('1'),
    shareSupply: parseEther('1000000'),
    ownersShare: 570_000,
    royalty: 0,
    tokensPerSegment: BigInt(tokensPerSegment(recipe)),
    commitWindow: generous,
    // What is drawn while everyone is new is two rounds of work for each validator, and is sealed in the first quarter.
    auditWindow: 4 * generous,
    aggregateWindow: 60,
    challengeWindow: CHALLENGE_WINDOW,
    aggregateChallengeWindow: CHALLENGE_WINDOW,
    segments: recipe.round.segments,
    epochRounds: recipe.round.epoch,
    // Everyone is drawn while new, then one in four, so that pay vests after four rounds; the protocol's default is one in ten.
    probationRounds: 2,
    minSegments: 1,
    auditRate: 2_500,
    maxMembers: MAX_MEMBERS,
    minMiners: 1,
    committeeSeats: 24,
    committeeNeeded: 16,
    parent: 0n,
    ...bonds,
    joinFloor: parseEther('1'),
    joinMultiplier: parseEther('1.1'),
    joinHalfLife: 60,
  };
}
