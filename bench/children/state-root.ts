// Trains a tiny model and prints the root of its state: node bench/children/state-root.ts THREADS [KERNEL]
// Its MLP starts from constant weights, so that 8-bit products reach the largest sums and a kernel that saturates shows.
import { stateRoot } from '../../engine/commit/reference.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import type { Kernel } from '../../engine/onnx/lowering.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import { createTrainer, startState } from '../../engine/training.ts';
import { measuredRecipe, syntheticBatch } from '../lib/recipes.ts';

const [threads = '1', forced] = process.argv.slice(2);
const STEPS = 4;
/** Quantises to 126 under the scale 2^-10. */
const WORST = 126.5 * 2 ** -10;

const recipe = measuredRecipe({ depth: 2, width: 64, heads: 2, context: 32 }, { batch: 4 });
const kernel = (forced as Kernel | undefined) ?? (await chooseKernel({ threads: Number(threads) }));
const trainer = await createTrainer(recipe, { kernel, threads: Number(threads) });
const parameters = initialParameters(recipe);
for (const name of ['block0.up', 'block0.down', 'block1.down']) parameters.tensors.get(name)!.fill(WORST);
parameters.tensors.get('embedding')!.forEach((value, i, all) => (all[i] = Math.abs(value) + 1));

let state = startState(recipe, parameters);
for (let step = 0; step < STEPS; step++) state = await trainer.step(state, syntheticBatch(recipe, step));
console.log(JSON.stringify({ stateRoot: stateRoot(state), kernel, loss: state.tensors.get('loss')![0] }));
