import { EMPTY, merkleRoot } from './commit/tree.ts';
import { type Hash } from './commit/hash.ts';
import { SwarmlockError } from './errors.ts';
import { continuationProgram } from './decoding/programs.ts';
import { mostPublished } from './compress/published.ts';
import { createState } from './graph/state.ts';
import { stateTree, subtreeAt } from './commit/subtrees.ts';
import { programRoot } from './graph/encode.ts';
import { aggregateProgram, payloadLayout, payloadProgram, trainingLayout, trainingProgram } from './programs.ts';
import type { Recipe } from './recipe.ts';

/** Leaves of the table of aggregates: one for each number of members that a round can accept, and 0. */
const AGGREGATES = 256;

/** What a run computes; twin of contracts/claim/RunPrograms.sol. */
export type RunPrograms = {
  /** Program root of one inner step. */
  readonly training: Hash;
  /** Program root of the payload: the pseudo-gradient and its compression. */
  readonly payload: Hash;
  /** The outer step: leaf R is the program root over R members, EMPTY for 0 and above the run's most. */
  readonly aggregates: { readonly root: Hash; readonly leaves: readonly Hash[] };
  /** Root of the group of first moments of a local state of zeros. */
  readonly zeroFirst: Hash;
  /** Root of the node over the groups of second moments and scalars of a local state of zeros. */
  readonly zeroRest: Hash;
  /** Root of a payload of zeros, which comes before the first; zero without error feedback. */
  readonly zeroPayload: Hash;
  /** Inner steps of a segment. */
  readonly segmentSteps: number;
  /** The most that a published payload takes. */
  readonly payloadBytes: bigint;
  readonly dataset: Hash;
  /** Program root of the next token after a sequence; zero where tokens are not bytes. */
  readonly continuation: Hash;
  /** Tokens that the model reads at most. */
  readonly context: number;
};

/** All programs of a run whose rounds accept at most `maxMembers` members. @throws MEMBERS_INVALID */
export function runPrograms(recipe: Recipe, maxMembers: number): RunPrograms {
  if (!Number.isInteger(maxMembers) || maxMembers < 1 || maxMembers >= AGGREGATES) {
    throw new SwarmlockError(`A round cannot have ${maxMembers} members`, {
      code: 'MEMBERS_INVALID',
      argument: 'maxMembers',
      hint: `Give an integer from 1 to ${AGGREGATES - 1}.`,
    });
  }
  const leaves = Array.from({ length: AGGREGATES }, (_, members): Hash => {
    const isPossible = members > 0 && members <= maxMembers;
    return isPossible ? programRoot(aggregateProgram(recipe, members)) : EMPTY;
  });
  const zeros = stateTree(createState(trainingLayout(recipe)));
  const height = zeros.length - 1;
  return {
    training: programRoot(trainingProgram(recipe)),
    payload: programRoot(payloadProgram(recipe)),
    aggregates: { root: merkleRoot(leaves), leaves },
    zeroFirst: subtreeAt(zeros, height - 2, 1),
    zeroRest: subtreeAt(zeros, height - 1, 1),
    zeroPayload: zeroPayload(recipe),
    segmentSteps: recipe.round.steps / recipe.round.segments,
    payloadBytes: BigInt(mostPublished(recipe)),
    dataset: recipe.dataset.root as Hash,
    continuation: continuation(recipe),
    context: recipe.model.context,
  };
}

function continuation(recipe: Recipe): Hash {
  const isBytes = recipe.model.vocabulary <= 256;
  return isBytes ? programRoot(continuationProgram(recipe)) : NONE;
}

function zeroPayload(recipe: Recipe): Hash {
  const layout = payloadLayout(recipe);
  const hasFeedback = layout.groups.length > 1;
  return hasFeedback ? stateTree(createState(layout)).at(-1)![0]! : NONE;
}

/** Stands for a root where there is none. */
const NONE: Hash = `0x${'00'.repeat(32)}`;
