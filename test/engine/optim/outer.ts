import { expect } from 'chai';
import { GraphBuilder } from '../../../engine/graph/builder.ts';
import type { Program } from '../../../engine/graph/program.ts';
import { createState, type State } from '../../../engine/graph/state.ts';
import type { StateLayout, StateSlot } from '../../../engine/graph/types.ts';
import { createExecutor } from '../../../engine/onnx/executor.ts';
import { learningRateAt } from '../../../engine/optim/adamw.ts';
import { outerSlots, outerStep } from '../../../engine/optim/outer.ts';
import { aggregateProgram, globalLayout, payloadLayout } from '../../../engine/programs.ts';
import type { Recipe, RecipeInput } from '../../../engine/recipe.ts';
import { evaluate } from '../../../engine/reference.ts';
import { normal } from '../../helpers/composites.ts';
import { exactKernels } from '../../helpers/programs.ts';
import { tinyRecipe } from '../../helpers/recipes.ts';

const slots: readonly StateSlot[] = [
  { name: 'a', dtype: 'f32', shape: [4, 8] },
  { name: 'b', dtype: 'f32', shape: [3] },
];
const ROUNDS = 6;

/** One round over two parameters: their mean pseudo-gradients are read from a second state. */
function stepProgram(recipe: Recipe): Program {
  const global: StateLayout = { groups: [[...slots, ...outerSlots(recipe, slots)]] };
  const graph = new GraphBuilder([global, { groups: [slots] }]);
  const next = outerStep(
    graph,
    recipe,
    slots,
    (name) => graph.input(name),
    (name) => graph.input(name, 1),
  );
  return graph.finish(global, next);
}

function outputOf(program: Program, inputs: readonly State[]): State {
  const values = evaluate(program, inputs);
  const output = createState(program.output);
  program.output.groups[0]!.forEach(({ name }, i) =>
    output.tensors.get(name)!.set(values[program.outputStart + i]!.data),
  );
  return output;
}

/** The parameter `a` after each round of a rule in double precision; `rule` gives its next value. */
function trajectories(
  outer: RecipeInput['outer'],
  rule: (p: number, g: number, kept: number[], round: number) => number,
) {
  const recipe = tinyRecipe({ outer });
  const program = stepProgram(recipe);
  let state = createState(program.output);
  state.tensors.get('a')!.set(normal([4, 8]).data);
  const plain = Array.from(state.tensors.get('a')!);
  const kept = plain.map(() => [0, 0]);
  for (let round = 0; round < ROUNDS; round++) {
    const mean = createState({ groups: [slots] });
    mean.tensors.get('a')!.set(normal([4, 8], 0.1, round + 2).data);
    const g = mean.tensors.get('a')!;
    state = outputOf(program, [state, mean]);
    plain.forEach((p, i) => (plain[i] = rule(p, g[i]!, kept[i]!, round)));
    Array.from(state.tensors.get('a')!).forEach((value, i) => {
      expect(value, `round ${round}, element ${i}`).to.be.closeTo(plain[i]!, 2e-6);
    });
  }
  return { state, recipe };
}

describe('the outer step, against the same rule in double precision', () => {
  it('descends by the learning rate', () => {
    trajectories({ learningRate: 0.5 }, (p, g) => p - 0.5 * g);
  });

  it('takes the late rate from the round on that the recipe names, and counts rounds in the global state', () => {
    const outer = { learningRate: 1, lateLearningRate: 0.4, lateFrom: 3 };
    const { state } = trajectories(outer, (p, g, _, round) => p - (round < 3 ? 1 : 0.4) * g);
    expect(state.tensors.get('outer.round')![0]).to.equal(ROUNDS);
  });

  it('looks ahead along its momentum, in the manner of Nesterov', () => {
    const { state } = trajectories({ name: 'nesterov', learningRate: 0.7, momentum: 0.9 }, (p, g, kept) => {
      kept[0] = 0.9 * kept[0]! + g;
      return p - 0.7 * (g + 0.9 * kept[0]!);
    });
    expect(Array.from(state.tensors.get('outer.momentum.b')!)).to.deep.equal([0, 0, 0]);
  });

  it('is AdamW by rounds, under its own schedule', () => {
    const options = { learningRate: 0.01, warmupSteps: 2, steps: 5, finalFraction: 0.1, weightDecay: 0.1 };
    trajectories({ name: 'adamw', ...options }, (p, g, kept, round) => {
      const rate = learningRateAt({ ...options, beta1: 0.9, beta2: 0.95, epsilon: 1e-8 }, Math.min(round, 4));
      const power = Math.min(round, 4) + 1;
      kept[0] = 0.9 * kept[0]! + 0.1 * g;
      kept[1] = 0.95 * kept[1]! + 0.05 * g * g;
      const direction = kept[0]! / (1 - 0.9 ** power) / (Math.sqrt(kept[1]! / (1 - 0.95 ** power)) + 1e-8);
      return p * (1 - rate * 0.1) - rate * direction;
    });
  });
});

describe('the aggregate program', function () {
  this.timeout(60_000);
  const outers: readonly NonNullable<RecipeInput['outer']>[] = [
    { learningRate: 0.5 },
    { learningRate: 1, lateLearningRate: 0.4, lateFrom: 2 },
    { name: 'nesterov' },
    { name: 'adamw', learningRate: 0.01, steps: 4 },
  ];
  for (const outer of outers) {
    it(`has the same bits lowered as by the reference: ${JSON.stringify(outer)}`, async () => {
      const recipe = tinyRecipe({ model: { depth: 1, width: 16, heads: 1, context: 16, vocabulary: 256 }, outer });
      const program = aggregateProgram(recipe, 3);
      let seed = 1;
      const filled = (layout: StateLayout, scale: number) => {
        const state = createState(layout);
        for (const values of state.tensors.values()) values.set(normal([values.length], scale, seed++).data);
        return state;
      };
      const global = filled(globalLayout(recipe), 1);
      for (const [name, values] of global.tensors) {
        if (name === 'outer.round') values.fill(1);
        if (name.startsWith('outer.second')) values.forEach((value, i) => (values[i] = value * value));
      }
      const inputs = [global, ...[1, 2, 3].map(() => filled(payloadLayout(recipe), 0.01))];
      const expected = outputOf(program, inputs);
      for (const kernel of await exactKernels()) {
        const executor = await createExecutor(program, { kernel, threads: 1 });
        const output = createState(program.output);
        await executor.run(inputs, output);
        await executor.close();
        for (const [name, values] of output.tensors) {
          expect(Array.from(values), name).to.deep.equal(Array.from(expected.tensors.get(name)!));
        }
      }
    });
  }
});
