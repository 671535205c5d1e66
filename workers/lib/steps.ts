import type { Address } from 'viem';

import type { Hash } from '../../engine/commit/hash.ts';
import { loadBatch } from '../../engine/data/batch.ts';
import type { Dataset } from '../../engine/data/dataset.ts';
import type { State } from '../../engine/graph/state.ts';
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

/** Takes the steps. The result is valid until the trainer's next step but one. */
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
    state = await trainer.step(state, loadBatch(dataset, { seed, participant, step, rows, context: model.context }));
    onStep?.(step, state.tensors.get('loss')![0]!);
  }
  return state;
}

/** The inner steps of one of a round's segments. */
export function segmentSpan({ round }: Recipe, segment: number): { first: number; end: number } {
  const length = round.steps / round.segments;
  return { first: segment * length, end: (segment + 1) * length };
}
