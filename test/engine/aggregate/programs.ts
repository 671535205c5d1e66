import { expect } from 'chai';
import { createState, slotsOf, type State } from '../../../engine/graph/state.ts';
import { requireAffordable } from '../../../engine/graph/final_check.ts';
import { initialParameters } from '../../../engine/nn/initial.ts';
import { createExecutor } from '../../../engine/onnx/executor.ts';
import { aggregateProgram, payloadProgram, publishedLayout } from '../../../engine/programs.ts';
import type { Recipe, RecipeInput } from '../../../engine/recipe.ts';
import { evaluate } from '../../../engine/reference.ts';
import { normal } from '../../helpers/composites.ts';
import { exactKernels } from '../../helpers/programs.ts';
import { tinyRecipe, tinyRecipeInput } from '../../helpers/recipes.ts';

const model = { depth: 1, width: 8, heads: 2, context: 16, vocabulary: 256 };
const aggregations = [
  { name: 'mean' },
  { name: 'clipped-mean' },
  { name: 'trimmed-mean', trim: 0.3 },
  { name: 'centered-clip', iterations: 3 },
] as const;
const compressions = [{ name: 'none' }, { name: 'sparseloco', chunk: 1024, k: 16 }] as const;

/** Payloads that differ in direction and length, the last one as extreme as a wire carries it. */
function payloads(recipe: Recipe, members: number): State[] {
  return Array.from({ length: members }, (_, m) => {
    const payload = createState(publishedLayout(recipe));
    const isExtreme = members > 1 && m === members - 1;
    for (const [name, data] of payload.tensors) {
      const noise = normal([data.length], 1e-3 * (m + 1), 7 + 13 * m).data;
      if (name === 'positions') data.forEach((_, i) => (data[i] = 61 * (i % 16) + ((m + i) % 7)));
      else if (name === 'values')
        data.forEach((_, i) => (data[i] = Math.sign(noise[i]!) * (isExtreme ? 2 ** 40 : 2 ** -10)));
      else data.forEach((_, i) => (data[i] = isExtreme ? 3e38 : noise[i]!));
    }
    return payload;
  });
}

describe('the program of an aggregate', function () {
  this.timeout(120_000);

  for (const compression of compressions) {
    for (const aggregation of aggregations) {
      it(`is the same lowered as by the reference: ${aggregation.name}, compression ${compression.name}`, async () => {
        const fields = { model, compression, aggregation, outer: { name: 'nesterov' } } as Partial<RecipeInput>;
        const recipe = tinyRecipe(fields);
        const isOverflowing = aggregation.name === 'mean' && compression.name === 'none';
        for (const members of [1, 2, 5]) {
          const program = aggregateProgram(recipe, members);
          const sent = payloads(recipe, members);
          if (isOverflowing && members > 1) sent[members - 1]!.tensors.forEach((data) => data.fill(1));
          const inputs = [initialParameters(recipe), ...sent];
          const values = evaluate(program, inputs)
            .slice(program.outputStart)
            .filter((tensor) => tensor !== null);
          const executor = await createExecutor(program, { kernel: (await exactKernels())[0]!, threads: 1 });
          const output = createState(program.output);
          await executor.run(inputs, output);
          await executor.close();
          slotsOf(program.output).forEach(({ name }, i) => {
            const plain = (data: ArrayLike<number>) => Array.from(data, (x) => x + 0);
            expect(plain(output.tensors.get(name)!), name).to.deep.equal(plain(values[i]!.data));
            expect(values[i]!.data.every(Number.isFinite), name).to.equal(true);
          });
        }
      });
    }
  }

  it('reads published payloads, and hardly grows with their number', () => {
    for (const aggregation of aggregations) {
      const recipe = tinyRecipe({ model, compression: { name: 'sparseloco' }, aggregation });
      const program = aggregateProgram(recipe, 32);
      expect(program.inputs.slice(1)).to.deep.equal(Array(32).fill(publishedLayout(recipe)));
      const size = aggregation.name === 'centered-clip' ? 512 : 257;
      expect(program.nodes.length).to.be.below(size);
    }
  });

  it('can be checked on chain within its gas, for a billion parameters and 255 members', () => {
    const large = { ...tinyRecipeInput.model, depth: 20, width: 2048, heads: 16, context: 1024 };
    for (const aggregation of aggregations) {
      const recipe = tinyRecipe({ model: large, compression: { name: 'sparseloco' }, aggregation });
      requireAffordable(payloadProgram(recipe));
      requireAffordable(aggregateProgram(recipe, 255));
    }
  });
});
