import { expect } from 'chai';

import { stepProgram } from '../../../engine/decoding/programs.ts';
import { bind } from '../../../engine/graph/bind.ts';
import type { Program } from '../../../engine/graph/program.ts';
import { createState, slotsOf, type State } from '../../../engine/graph/state.ts';
import { initialParameters } from '../../../engine/nn/initial.ts';
import { createExecutor } from '../../../engine/onnx/executor.ts';
import { evaluate } from '../../../engine/reference.ts';
import { exactKernels } from '../../helpers/programs.ts';
import { tinyRecipe } from '../../helpers/recipes.ts';

/** The output state by the reference evaluator. */
function outputOf(program: Program, inputs: readonly State[]): State {
  const values = evaluate(program, inputs);
  const state = createState(program.output);
  slotsOf(program.output).forEach(({ name }, place) => {
    state.tensors.get(name)!.set(values[program.outputStart + place]!.data);
  });
  return state;
}

/** A cache and a request as they could be. */
function inputsOf(program: Program, parameters: State): readonly State[] {
  const [cache, request] = program.inputs.slice(1).map((layout) => createState(layout)) as [State, State];
  for (const values of cache.tensors.values()) values.forEach((_, i) => (values[i] = ((i * 89) % 255) - 127));
  const [rows, length] = slotsOf(request.layout)[0]!.shape as [number, number];
  for (let i = 0; i < rows * length; i++) {
    request.tensors.get('tokens')![i] = (i * 71) % 256;
    request.tensors.get('positions')![i] = 5 * Math.floor(i / length) + (i % length);
  }
  for (let row = 0; row < rows; row++) request.tensors.get('last')![row] = row * length + (row % length);
  return [parameters, cache, request];
}

describe('binding a program to a state', function () {
  this.timeout(60_000);
  const recipe = tinyRecipe();
  const program = stepProgram(recipe, { rows: 3, length: 2 });
  const parameters = initialParameters(recipe);
  const inputs = inputsOf(program, parameters);

  it('changes no bit, by the reference and with every exact kernel', async () => {
    const whole = outputOf(program, inputs).bytes;
    const { settled, rest } = bind(program, 0);
    const values = outputOf(settled, [parameters]);
    const bound = rest(parameters, values);
    expect(outputOf(bound, inputs).bytes).to.deep.equal(whole);
    for (const kernel of await exactKernels()) {
      const found = [];
      for (const [one, given] of [
        [program, inputs],
        [settled, [parameters]],
        [bound, inputs],
      ] as const) {
        const executor = await createExecutor(one, { kernel, threads: 1 });
        const output = createState(one.output);
        await executor.run(given, output);
        await executor.close();
        found.push(output.bytes);
      }
      expect(found).to.deep.equal([whole, values.bytes, whole]);
    }
  });

  it('leaves nothing to be computed that follows from the state alone', () => {
    const { settled, rest } = bind(program, 0);
    const bound = rest(parameters, outputOf(settled, [parameters]));
    const readsState = bound.nodes.some((node) => node?.inputs.some((ref) => ref.kind === 'input' && ref.state === 0));
    expect(readsState).to.equal(false);
    const operators = (one: Program, op: string) => one.nodes.filter((node) => node?.op === op).length;
    // The weights of two blocks and the head; all else quantises what tokens make.
    expect(operators(settled, 'quantize')).to.equal(9);
    expect(operators(bound, 'pow2ceil')).to.be.lessThan(operators(program, 'pow2ceil'));
    expect(settled.nodes.some((node) => node?.op === 'load_batch' || node?.op === 'matmul_nt')).to.equal(false);
  });

  it('binds any state: of a cache, all that is computed from it alone', () => {
    const { settled, rest } = bind(program, 1);
    const bound = rest(inputs[1]!, outputOf(settled, [createState(program.inputs[0]!), inputs[1]!]));
    expect(outputOf(bound, inputs).bytes).to.deep.equal(outputOf(program, inputs).bytes);
  });
});
