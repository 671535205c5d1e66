// Traced or plain steps alone in a process, for its peak memory: node bench/children/trace.ts traced|plain WIDTH DEPTH STEPS
import { initialParameters } from '../../engine/nn/initial.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import { trainingProgram } from '../../engine/programs.ts';
import { createTracer } from '../../engine/trace.ts';
import { createTrainer, startState } from '../../engine/training.ts';
import { peakKilobytes } from '../lib/memory.ts';
import { syntheticBatch, tracedRecipe } from '../lib/recipes.ts';

const [mode, width, depth, steps] = process.argv.slice(2);
const recipe = tracedRecipe(Number(width), Number(depth));
const options = { kernel: await chooseKernel() };
let state = startState(recipe, initialParameters(recipe));

if (mode === 'traced') {
  const tracer = await createTracer(trainingProgram(recipe), options);
  for (let step = 0; step < Number(steps); step++) await tracer.trace([state], syntheticBatch(recipe, step));
  await tracer.close();
} else {
  const trainer = await createTrainer(recipe, options);
  for (let step = 0; step < Number(steps); step++) state = await trainer.step(state, syntheticBatch(recipe, step));
}
console.log(JSON.stringify({ maxRssKb: peakKilobytes() }));
