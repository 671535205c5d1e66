import type { Hash } from '../../engine/commit/hash.ts';
import { loadBatch } from '../../engine/data/batch.ts';
import type { Dataset } from '../../engine/data/dataset.ts';
import type { State } from '../../engine/graph/state.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import type { ExecutorOptions } from '../../engine/onnx/executor.ts';
import type { Recipe } from '../../engine/recipe.ts';
import { createTrainer, parametersState, startState } from '../../engine/training.ts';

const PARTICIPANT = `0x${'11'.repeat(20)}` as const;

/** One machine that trains alone, without rounds. */
export type Central = {
  /** Takes so many steps more. */
  train(steps: number): Promise<State>;
  close(): Promise<void>;
};

/** @param seed of the batches */
export async function createCentral(
  recipe: Recipe,
  dataset: Dataset,
  seed: Hash,
  options: ExecutorOptions,
): Promise<Central> {
  const trainer = await createTrainer(recipe, { ...options, unwanted: ['loss'] });
  const { batch: rows, model } = recipe;
  let state = startState(recipe, initialParameters(recipe));
  let taken = 0;
  return {
    async train(steps) {
      for (const end = taken + steps; taken < end; taken++) {
        const at = { seed, participant: PARTICIPANT, step: taken, rows, context: model.context };
        state = await trainer.step(state, loadBatch(dataset, at));
      }
      return parametersState(recipe, state);
    },
    close: () => trainer.close(),
  };
}
