import { expect } from 'chai';
import { decodePayload, encodePayload } from '../../../engine/compress/wire.ts';
import { createState, slotsOf, type State } from '../../../engine/graph/state.ts';
import { initialParameters } from '../../../engine/nn/initial.ts';
import { createExecutor } from '../../../engine/onnx/executor.ts';
import { payloadLayout, payloadProgram, publishedLayout } from '../../../engine/programs.ts';
import { evaluate } from '../../../engine/reference.ts';
import { exactKernels } from '../../helpers/programs.ts';
import { tinyRecipe } from '../../helpers/recipes.ts';

const recipe = tinyRecipe({ compression: { name: 'sparseloco' } });
const program = payloadProgram(recipe);

/** A global state at some distance from the initial one. */
function moved(distance: number): State {
  const state = initialParameters(recipe);
  for (const values of state.tensors.values()) values.forEach((x, i) => (values[i] = x + distance * Math.sin(i * i)));
  return state;
}

function byReference(inputs: readonly State[]): State {
  const values = evaluate(program, inputs)
    .slice(program.outputStart)
    .filter((tensor) => tensor !== null);
  const state = createState(program.output);
  slotsOf(program.output).forEach(({ name }, i) => state.tensors.get(name)!.set(values[i]!.data));
  return state;
}

async function lowered(inputs: readonly State[], kernel: Awaited<ReturnType<typeof exactKernels>>[0]): Promise<State> {
  const executor = await createExecutor(program, { kernel, threads: 1 });
  const output = createState(program.output);
  await executor.run(inputs, output);
  await executor.close();
  return output;
}

const plain = ({ tensors }: State) => Array.from(tensors.values(), (data) => Array.from(data, (x) => x + 0));

describe('the payload of a round', function () {
  this.timeout(120_000);

  it('is the same by the reference and by every kernel, round after round', async () => {
    let before = createState(payloadLayout(recipe));
    for (const distance of [1e-3, 2e-2]) {
      const inputs = [initialParameters(recipe), moved(distance), before];
      const payload = byReference(inputs);
      for (const kernel of await exactKernels()) {
        expect(plain(await lowered(inputs, kernel))).to.deep.equal(plain(payload));
      }
      before = payload;
    }
  });

  it('is of zeros for a miner that did nothing', () => {
    const start = initialParameters(recipe);
    const payload = byReference([start, start, createState(payloadLayout(recipe))]);
    expect(plain(payload)[1]!.every((x) => x === 0)).to.equal(true);
    expect(plain(payload)[2]!.every((x) => x === 0)).to.equal(true);
    expect(plain(decodePayload(recipe, encodePayload(recipe, payload)))).to.deep.equal(plain(payload).slice(0, 2));
  });

  it('travels without loss and without its error feedback', () => {
    const payload = byReference([initialParameters(recipe), moved(1e-3), createState(payloadLayout(recipe))]);
    const received = decodePayload(recipe, encodePayload(recipe, payload));
    expect(received.layout).to.deep.equal(publishedLayout(recipe));
    expect(plain(received)).to.deep.equal(plain(payload).slice(0, 2));
  });
});
