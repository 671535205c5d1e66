import { expect } from 'chai';
import { tensorRoot } from '../../../engine/commit/reference.ts';
import { EMPTY } from '../../../engine/commit/tree.ts';
import { programRoot } from '../../../engine/graph/encode.ts';
import { createState } from '../../../engine/graph/state.ts';
import { initialParameters } from '../../../engine/nn/initial.ts';
import { createExecutor } from '../../../engine/onnx/executor.ts';
import { chooseKernel } from '../../../engine/onnx/self_test.ts';
import { evaluationProgram, logitsProgram, trainingProgram } from '../../../engine/programs.ts';
import { evaluate } from '../../../engine/reference.ts';
import { createTracer } from '../../../engine/trace.ts';
import { createTrainer, startState } from '../../../engine/training.ts';
import { exactKernels } from '../../helpers/programs.ts';
import { periodicBatch, tinyRecipe, tinyRecipeInput } from '../../helpers/recipes.ts';

const two = { activations: 2, hidden: 2, weights: 2, gradients: 2, propagated: 2, saved: 2, scores: 2 } as const;
const fine = { ...two, probabilities: 2, values: 2, attentionGradients: 2, head: 2 } as const;
const variants = {
  'the default recipe': tinyRecipe(),
  'two slices everywhere': tinyRecipe({
    slices: { ...two, probabilities: 2, values: 2, attentionGradients: 2, head: 2 },
  }),
  'one slice everywhere': tinyRecipe({
    slices: { activations: 1, hidden: 1, gradients: 1, probabilities: 1, attentionGradients: 1, head: 1 },
  }),
  'Muon, under an outer AdamW': tinyRecipe({
    optimizer: { name: 'muon', learningRate: 3e-3, steps: 100 },
    outer: { name: 'adamw', learningRate: 3e-3, steps: 100 },
  }),
  'a schedule of the run': tinyRecipe({ optimizer: { ...tinyRecipeInput.optimizer, schedule: 'run' } }),
  'plain descent': tinyRecipe({ optimizer: { name: 'sgd' } }),
  'a SwiGLU of another width': tinyRecipe({ model: { ...tinyRecipeInput.model, mlp: 'swiglu', expansion: 3 } }),
};

describe('the training program', function () {
  this.timeout(60_000);

  for (const [name, recipe] of Object.entries(variants)) {
    it(`has the same bits in every node as the reference, with every exact kernel: ${name}`, async () => {
      const program = trainingProgram(recipe);
      const state = startState(recipe, initialParameters(recipe));
      const batch = periodicBatch(recipe, 1);
      const expected = evaluate(program, [state], batch).map((tensor) =>
        tensor === null ? EMPTY : tensorRoot(tensor),
      );
      for (const kernel of await exactKernels()) {
        const tracer = await createTracer(program, { kernel, threads: 1 });
        const { nodes, faultAt } = await tracer.trace([state], batch);
        await tracer.close();
        expect(faultAt).to.equal(undefined);
        expected.forEach((root, index) => {
          expect(nodes[index], `node ${index}, ${program.nodes[index]?.op}, ${kernel}`).to.equal(root);
        });
      }
    });
  }

  it('is the same program whenever it is built from the same recipe', () => {
    expect(programRoot(trainingProgram(tinyRecipe()))).to.equal(programRoot(trainingProgram(tinyRecipe())));
    const other = tinyRecipe({ optimizer: { ...tinyRecipeInput.optimizer, beta1: 0.8 } });
    expect(programRoot(trainingProgram(other))).not.to.equal(programRoot(trainingProgram(tinyRecipe())));
  });

  it('gives the same state with one thread and with two', async () => {
    const recipe = tinyRecipe();
    const states = [];
    for (const threads of [1, 2]) {
      const trainer = await createTrainer(recipe, { kernel: await chooseKernel(), threads });
      let state = startState(recipe, initialParameters(recipe));
      for (let step = 0; step < 5; step++) state = await trainer.step(state, periodicBatch(recipe, step));
      states.push(Buffer.from(state.bytes));
      await trainer.close();
    }
    expect(states[0]!.equals(states[1]!)).to.equal(true);
  });

  it('learns', async () => {
    const recipe = tinyRecipe();
    const trainer = await createTrainer(recipe, { kernel: await chooseKernel(), threads: 1 });
    let state = startState(recipe, initialParameters(recipe));
    const losses: number[] = [];
    for (let step = 0; step < 60; step++) {
      state = await trainer.step(state, periodicBatch(recipe, step));
      losses.push(state.tensors.get('loss')![0]!);
    }
    await trainer.close();
    expect(losses[0]).to.be.within(5, 7);
    expect(losses.at(-1)).to.be.below(2.5);
    expect(state.tensors.get('step')![0]).to.equal(60);
  });

  it('descends along its gradient at the rate that the gradient predicts', async () => {
    const recipe = tinyRecipe({
      slices: fine,
      optimizer: { learningRate: 1e-9, steps: 2, beta1: 0, weightDecay: 0 },
    });
    const batch = periodicBatch(recipe, 3);
    const options = { kernel: await chooseKernel(), threads: 1 };
    const parameters = initialParameters(recipe);
    const trainer = await createTrainer(recipe, options);
    const after = await trainer.step(startState(recipe, parameters), batch);
    const evaluation = await createExecutor(evaluationProgram(recipe, recipe.batch), options);
    // With beta1 = 0 the first moment is the gradient itself.
    const slopeOf = (name: string) => after.tensors.get(`first.${name}`)!;
    let squared = 0;
    for (const name of parameters.tensors.keys()) for (const g of slopeOf(name)) squared += g * g;
    const lossAt = async (distance: number) => {
      const moved = initialParameters(recipe);
      for (const [name, values] of moved.tensors) {
        slopeOf(name).forEach((g, i) => (values[i]! += (distance * g) / Math.sqrt(squared)));
      }
      const output = createState(evaluation.program.output);
      await evaluation.run([moved], output, batch);
      return output.tensors.get('loss')![0]!;
    };
    const slope = ((await lossAt(0.03)) - (await lossAt(-0.03))) / 0.06;
    expect(slope / Math.sqrt(squared)).to.be.within(0.95, 1.05);
    await trainer.close();
    await evaluation.close();
  });
});

describe('the forward pass', function () {
  this.timeout(60_000);

  it('gives a sequence the same logits whatever its neighbours and whatever follows a token', async () => {
    const recipe = tinyRecipe();
    const options = { kernel: await chooseKernel(), threads: 1 };
    const alone = await createExecutor(logitsProgram(recipe), options);
    const parameters = initialParameters(recipe);
    const { context, vocabulary } = recipe.model;
    const logitsOf = async (tokens: Uint32Array) => {
      const output = createState(alone.program.output);
      await alone.run([parameters], output, tokens);
      return Array.from(output.tensors.get('logits')!);
    };
    const text = periodicBatch(recipe, 2).slice(0, context + 1);
    const changed = text.slice();
    changed.fill(90, 9);
    const [whole, prefix] = [await logitsOf(text), await logitsOf(changed)];
    expect(prefix.slice(0, 9 * vocabulary)).to.deep.equal(whole.slice(0, 9 * vocabulary));
    expect(prefix.slice(9 * vocabulary)).not.to.deep.equal(whole.slice(9 * vocabulary));
    await alone.close();
  });
});
