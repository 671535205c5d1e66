import { expect } from 'chai';
import { GraphBuilder } from '../../../engine/graph/builder.ts';
import { decodeProgram, encodeProgram } from '../../../engine/graph/encode.ts';
import { finalCheckGas, requireAffordable } from '../../../engine/graph/final_check.ts';
import type { StateLayout } from '../../../engine/graph/types.ts';
import { aggregateProgram, trainingProgram } from '../../../engine/programs.ts';
import { failsWith } from '../../helpers/errors.ts';
import { tinyRecipe, tinyRecipeInput } from '../../helpers/recipes.ts';

describe('the gas of a final check', function () {
  this.timeout(60_000);

  it('is within the limit for every node of what is trained, up to contractions of 4,096', () => {
    const recipe = tinyRecipe({ model: { ...tinyRecipeInput.model, width: 1_024, context: 1_024, heads: 8 } });
    for (const program of [trainingProgram(recipe), aggregateProgram(recipe, 255)]) {
      requireAffordable(program);
      expect(finalCheckGas(program, program.nodes.indexOf(null))).to.equal(0);
    }
  });

  it('makes the builder and the decoder refuse a program above the limit, and only that', async () => {
    const layout: StateLayout = { groups: [[{ name: 'x', dtype: 'f32', shape: [2 ** 20, 1_024] }]] };
    const graph = new GraphBuilder([layout]);
    const largest = graph.reduceMax(graph.input('x'));
    const output: StateLayout = { groups: [[{ name: 'y', dtype: 'f32', shape: largest.shape }]] };
    const finish = (mostGas?: number) => graph.finish(output, new Map([['y', largest]]), mostGas);
    const program = finish();
    const gas = finalCheckGas(program, 0);
    expect(finish(gas)).to.deep.equal(program);
    await failsWith('GRAPH_INVALID', () => finish(gas - 1));
    expect(decodeProgram(encodeProgram(program), gas)).to.deep.equal(program);
    await failsWith('GRAPH_INVALID', () => decodeProgram(encodeProgram(program), gas - 1));
  });
});
