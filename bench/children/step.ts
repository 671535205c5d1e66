// One program alone in a process, for its peak memory: node bench/children/step.ts exact|fp32 WIDTH STEPS
import { initialParameters } from '../../engine/nn/initial.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import { createTrainer, startState } from '../../engine/training.ts';
import { createFp32Trainer, fp32State } from '../baseline/training.ts';
import { peakKilobytes } from '../lib/memory.ts';
import { stepRecipe, syntheticBatch } from '../lib/recipes.ts';

const [program, width, steps] = process.argv.slice(2);
const recipe = stepRecipe(Number(width));

if (program === 'exact') {
  const trainer = await createTrainer(recipe, { kernel: await chooseKernel() });
  let state = startState(recipe, initialParameters(recipe));
  for (let step = 0; step < Number(steps); step++) state = await trainer.step(state, syntheticBatch(recipe, step));
} else {
  const trainer = await createFp32Trainer(recipe);
  let [state, next] = [fp32State(recipe, initialParameters(recipe).tensors), fp32State(recipe)];
  for (let step = 0; step < Number(steps); step++) {
    await trainer.step(state, next, syntheticBatch(recipe, step), step);
    [state, next] = [next, state];
  }
}
console.log(JSON.stringify({ maxRssKb: peakKilobytes() }));
