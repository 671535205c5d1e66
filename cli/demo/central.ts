import { loadBatch } from '../../engine/data/batch.ts';
import type { Dataset } from '../../engine/data/dataset.ts';
import { heldOutBatches } from '../../engine/data/evaluation.ts';
import type { State } from '../../engine/graph/state.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import type { ExecutorOptions } from '../../engine/onnx/executor.ts';
import type { Recipe } from '../../engine/recipe.ts';
import { createTrainer, evaluateLoss, parametersState, startState } from '../../engine/training.ts';

/** Held-out windows of one evaluation: the same for every state. */
const EVALUATION = { rows: 16, limit: 12 } as const;

/** Nobody's address: a sequence of batches that no miner has. */
const PARTICIPANT = '0x0000000000000000000000000000000000000000';

export type HeldOut = (parameters: State) => Promise<number>;

/** The mean loss of parameters over the first held-out windows. */
export function heldOutLoss(recipe: Recipe, dataset: Dataset, options: ExecutorOptions): HeldOut {
  const { context } = recipe.model;
  const batches = [...heldOutBatches(dataset, { ...EVALUATION, context })];
  return (parameters) => evaluateLoss(recipe, parameters, batches, EVALUATION.rows, options);
}

/** The baseline: the same model, trained in this process alone. */
export type Central = {
  readonly tokens: number;
  /** Trains until it has seen at least so many tokens. Calls are served in order. */
  reach(tokens: number): Promise<State>;
  /** Milliseconds of one step, the median of those so far. */
  readonly stepMs: number;
  close(): Promise<void>;
};

export async function createCentral(recipe: Recipe, dataset: Dataset, options: ExecutorOptions): Promise<Central> {
  const { seed, batch: rows, model } = recipe;
  const { context } = model;
  const trainer = await createTrainer(recipe, options);
  let state = startState(recipe, initialParameters(recipe));
  let step = 0;
  const times: number[] = [];
  let last: Promise<unknown> = Promise.resolve();

  async function train(tokens: number): Promise<State> {
    for (; step * rows * context < tokens; step++) {
      const batch = loadBatch(dataset, { seed: seed as `0x${string}`, participant: PARTICIPANT, step, rows, context });
      const started = performance.now();
      state = await trainer.step(state, batch);
      times.push(performance.now() - started);
    }
    return parametersState(recipe, state);
  }

  return {
    get tokens() {
      return step * rows * context;
    },
    get stepMs() {
      return times.toSorted((a, b) => a - b)[times.length >> 1] ?? 0;
    },
    reach(tokens) {
      const result = last.then(() => train(tokens));
      last = result.catch(() => undefined);
      return result;
    },
    async close() {
      await last;
      await trainer.close();
    },
  };
}
