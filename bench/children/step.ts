// One program alone in a process, for its peak memory: node bench/children/step.ts exact|fp32 WIDTH STEPS
import { existsSync, readFileSync } from 'node:fs';
import { initialParameters } from '../../engine/nn/initial.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import { createTrainer, startState } from '../../engine/training.ts';
import { createFp32Trainer, fp32State } from '../baseline/training.ts';
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
/** Peak resident memory. Linux's rusage also counts the parent before exec, so the kernel's own figure is preferred. */
function peakKilobytes(): number {
  const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
  const line = /VmHWM:\s+(\d+) kB/.exec(status);
  return line ? Number(line[1]) : process.resourceUsage().maxRSS;
}
console.log(JSON.stringify({ maxRssKb: peakKilobytes() }));
