import type { Address } from 'viem';

import type { Hash } from '../../engine/commit/hash.ts';
import { loadBatch } from '../../engine/data/batch.ts';
import type { Dataset } from '../../engine/data/dataset.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import type { State } from '../../engine/graph/state.ts';
import { checkFinite } from '../../engine/onnx/executor.ts';
import type { Recipe } from '../../engine/recipe.ts';
import type { Trainer } from '../../engine/training.ts';

export type StepsOptions = {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly trainer: Trainer;
  readonly onStep?: (step: number, loss: number) => void;
};

/** Inner steps from `first` to before `end`, of a member in the round of `seed`. */
export type Span = {
  readonly seed: Hash;
  readonly participant: Address;
  readonly first: number;
  readonly end: number;
};

/**
 * Takes the steps. The result is valid until the trainer's next step but one, and finite.
 * @throws FAULT when the claim that these steps can be taken is wrong; EXECUTION_FAILED (retryable) when this machine fails
 */
export async function takeSteps(
  { recipe, dataset, trainer, onStep }: StepsOptions,
  start: State,
  { seed, participant, first, end }: Span,
  signal: AbortSignal,
): Promise<State> {
  const { batch: rows, model } = recipe;
  let state = start;
  for (let step = first; step < end; step += 1) {
    signal.throwIfAborted();
    const batch = loadBatch(dataset, { seed, participant, step, rows, context: model.context });
    state = await trainer.step(state, batch).catch(rethrow);
    onStep?.(step, state.tensors.get('loss')![0]!);
  }
  checkFinite(state);
  return state;
}

/** What the kernels say that gather rows, and single elements. */
const BAD_INDEX = /out of data bounds|Out of range value in index tensor/;

/** Values that are not finite can become an index on their way, before anybody can look at them. */
function rethrow(cause: unknown): never {
  if (cause instanceof SwarmlockError) throw cause;
  const message = cause instanceof Error ? cause.message : String(cause);
  if (BAD_INDEX.test(message)) {
    throw new SwarmlockError(`an operator refused its operands: ${message}`, { code: 'FAULT', cause });
  }
  throw new SwarmlockError(`a training step failed: ${message}`, {
    code: 'EXECUTION_FAILED',
    hint: 'Check that there is enough memory; the worker tries again.',
    retryable: true,
    cause,
  });
}

/** Whether every number of a state is finite; a state that is not is nobody's right result. */
export function isFiniteState(state: State): boolean {
  try {
    checkFinite(state);
    return true;
  } catch (error) {
    if (error instanceof SwarmlockError && error.code === 'FAULT') return false;
    throw error;
  }
}

/** The inner steps of one of a round's segments. */
export function segmentSpan(recipe: Recipe, segment: number): { first: number; end: number } {
  return { first: stepsIn(recipe, segment), end: stepsIn(recipe, segment + 1) };
}

/** Inner steps in so many segments; a slower miner has fewer than a whole round. */
export function stepsIn({ round }: Recipe, segments: number): number {
  return (round.steps / round.segments) * segments;
}
