import type { Dataset } from '../../engine/data/dataset.ts';
import { heldOutBatches } from '../../engine/data/evaluation.ts';
import { createState, type State } from '../../engine/graph/state.ts';
import { createExecutor, type ExecutorOptions } from '../../engine/onnx/executor.ts';
import { evaluationProgram } from '../../engine/programs.ts';
import type { Recipe } from '../../engine/recipe.ts';

const EVALUATION = { rows: 64, limit: 24 } as const;

/** The mean loss in nats of global states on the first held-out windows: the same for every state. */
export type HeldOut = {
  loss(global: State): Promise<number>;
  close(): Promise<void>;
};

export async function createHeldOut(recipe: Recipe, dataset: Dataset, options: ExecutorOptions): Promise<HeldOut> {
  const executor = await createExecutor(evaluationProgram(recipe, EVALUATION.rows), options);
  const batches = [...heldOutBatches(dataset, { ...EVALUATION, context: recipe.model.context })];
  const output = createState(executor.program.output);
  return {
    async loss(global) {
      let sum = 0;
      for (const batch of batches) {
        await executor.run([global], output, batch);
        sum += output.tensors.get('loss')![0]!;
      }
      return sum / batches.length;
    },
    close: () => executor.close(),
  };
}
