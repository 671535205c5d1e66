import { expect } from 'chai';
import { GraphBuilder } from '../../../engine/graph/builder.ts';
import { createState } from '../../../engine/graph/state.ts';
import { learningRateAt } from '../../../engine/optim/adamw.ts';
import { ROUND, scheduled } from '../../../engine/optim/schedule.ts';
import type { Optimizer } from '../../../engine/recipe.ts';
import { evaluate } from '../../../engine/reference.ts';
import { tinyRecipe, tinyRecipeInput } from '../../helpers/recipes.ts';

const scalar = (name: string) => ({ name, dtype: 'f32', shape: [1] }) as const;

/** The rates at a step of a member's local state in a round. */
function ratesAt(schedule: 'run' | undefined, round: number, step: number) {
  const options = { ...tinyRecipeInput.optimizer, ...(schedule === undefined ? {} : { schedule }) };
  const recipe = tinyRecipe({ optimizer: options, round: { steps: 4, segments: 2, epoch: 3 } });
  const input = { groups: [[ROUND, scalar('step')]] };
  const graph = new GraphBuilder([input]);
  const optimizer = recipe.optimizer as Optimizer<'adamw'>;
  const { rate, factors } = scheduled(graph, recipe, optimizer, (name) => graph.input(name));
  const outputs = { rate: rate(), ...factors };
  const names = ['rate', 'update', 'epsilon', 'keep'] as const;
  const program = graph.finish({ groups: [names.map(scalar)] }, new Map(names.map((name) => [name, outputs[name]])));
  const state = createState(input);
  state.tensors.get(ROUND.name)!.set([round]);
  state.tensors.get('step')!.set([step]);
  const values = evaluate(program, [state]);
  return Object.fromEntries(names.map((name, i) => [name, values[program.outputStart + i]!.data[0]!]));
}

describe('the schedule of inner steps', () => {
  const { optimizer } = tinyRecipe();
  const options = optimizer as Optimizer<'adamw'>;

  it('goes by the steps of a member, which an epoch starts anew', () => {
    for (const step of [0, 3, 11]) {
      expect(ratesAt(undefined, 0, step)).to.deep.equal(ratesAt(undefined, 5, step));
      expect(ratesAt(undefined, 5, step)['rate']).to.be.closeTo(learningRateAt(options, step), 1e-9);
    }
  });

  it('goes by the steps of the run where the recipe says so, with the bias corrections of the member', () => {
    for (const [round, step] of [
      [0, 0],
      [0, 3],
      [2, 11],
      [3, 0],
      [7, 5],
      [24, 3],
      [30, 3],
    ] as const) {
      const rate = learningRateAt(options, Math.min(round * 4 + (step % 4), 99));
      const [c1, c2] = [1 - 0.9 ** (step + 1), 1 - 0.95 ** (step + 1)];
      const found = ratesAt('run', round, step);
      expect(found['rate']).to.be.closeTo(rate, 1e-9);
      expect(found['update']! / ((rate * Math.sqrt(c2)) / c1)).to.be.closeTo(1, 1e-6);
      expect(found['epsilon']! / (1e-8 * Math.sqrt(c2))).to.be.closeTo(1, 1e-6);
      expect(found['keep']).to.be.closeTo(1 - rate * 0.1, 1e-7);
    }
  });
});
