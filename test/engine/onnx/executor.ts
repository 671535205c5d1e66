import { expect } from 'chai';
import { GraphBuilder } from '../../../engine/graph/builder.ts';
import type { Program } from '../../../engine/graph/program.ts';
import { createState } from '../../../engine/graph/state.ts';
import type { StateLayout } from '../../../engine/graph/types.ts';
import { checkFinite, createExecutor, type ExecutorOptions } from '../../../engine/onnx/executor.ts';
import { requireExactFloats } from '../../../engine/onnx/float_test.ts';
import { chooseKernel, isExactKernel } from '../../../engine/onnx/self_test.ts';
import { failsWith } from '../../helpers/errors.ts';

const layoutOf = (name: string, shape: readonly number[]): StateLayout => ({
  groups: [[{ name, dtype: 'f32', shape }]],
});
const square = layoutOf('x', [4, 4]);

/** x x^T as `slicedMatmul` computes it, of 2^100 x: overflows for x of 2^28. */
function overflowing(): Program {
  const graph = new GraphBuilder([square]);
  const x = graph.mul(graph.input('x'), 2 ** 100);
  const largest = graph.reduceMax(graph.abs(graph.reshape(x, [1, 16])));
  const scale = graph.reshape(graph.pow2ceil(graph.mul(largest, 1 / 127)), [1]);
  const q = graph.quantize(x, scale);
  const product = graph.mul(graph.fromI32(graph.matmulNt(q, q)), scale);
  return graph.finish(square, new Map([['x', product]]));
}

describe('executor', function () {
  this.timeout(30_000);

  let options: ExecutorOptions;
  before(async () => {
    options = { kernel: await chooseKernel({ threads: 1 }), threads: 1 };
  });

  it('is started with a kernel that is exact here', async () => {
    expect(await isExactKernel(options.kernel)).to.equal(true);
    await requireExactFloats();
  });

  it('writes results into the memory of the output state, run after run', async () => {
    const graph = new GraphBuilder([square]);
    const program = graph.finish(square, new Map([['x', graph.add(graph.input('x'), 1)]]));
    const executor = await createExecutor(program, options);
    const states = [createState(square), createState(square)] as const;
    for (let step = 0; step < 4; step++) await executor.run([states[step % 2]!], states[(step + 1) % 2]!);
    await executor.close();
    expect([...new Float32Array(states[0].bytes.buffer)]).to.deep.equal(Array(16).fill(4));
    expect([...states[1].tensors.get('x')!]).to.deep.equal(Array(16).fill(3));
  });

  it('computes what is wanted with the same bits, and leaves the rest as it was', async () => {
    const both: StateLayout = { groups: [[...square.groups[0]!, { name: 'y', dtype: 'f32', shape: [1] }]] };
    const graph = new GraphBuilder([square]);
    const x = graph.input('x');
    const y = graph.reshape(graph.reduceMax(graph.reshape(x, [1, 16])), [1]);
    const program = graph.finish(
      both,
      new Map([
        ['x', graph.add(x, 1)],
        ['y', y],
      ]),
    );
    const outputs = [createState(both), createState(both)] as const;
    const input = createState(square);
    input.tensors.get('x')!.forEach((_, i, all) => (all[i] = i));
    for (const [i, unwanted] of [[], ['y']].entries()) {
      const executor = await createExecutor(program, { ...options, unwanted });
      await executor.run([input], outputs[i]!);
      await executor.close();
    }
    expect(outputs[1].tensors.get('x')).to.deep.equal(outputs[0].tensors.get('x'));
    expect(outputs.map(({ tensors }) => tensors.get('y')![0])).to.deep.equal([15, 0]);
  });

  it('keeps no copy of its results', async () => {
    const large = layoutOf('x', [1_024, 1_024]);
    const graph = new GraphBuilder([large]);
    const executor = await createExecutor(graph.finish(large, new Map([['x', graph.neg(graph.input('x'))]])), options);
    const states = [createState(large), createState(large)] as const;
    const before = process.memoryUsage().arrayBuffers;
    await executor.run([states[0]], states[1]);
    const kept = process.memoryUsage().arrayBuffers - before;
    await executor.close();
    expect(kept).to.be.below(states[1].bytes.length);
  });

  it('refuses a batch of another size', async () => {
    const graph = new GraphBuilder([]);
    const table = graph.constant('f32', [3], Float32Array.of(1, 2, 3));
    const output = layoutOf('y', [2, 2]);
    const program = graph.finish(output, new Map([['y', graph.gather(table, graph.loadBatch(2, 2))]]));
    const executor = await createExecutor(program, options);
    const state = createState(output);
    await failsWith('BATCH_SHAPE', executor.run([], state));
    await failsWith('BATCH_SHAPE', executor.run([], state, Uint32Array.of(0, 1, 2)));
    await executor.run([], state, Uint32Array.of(0, 1, 2, 0));
    expect([...state.tensors.get('y')!]).to.deep.equal([1, 2, 3, 1]);
    await executor.close();
  });

  it('lets an overflow reach the state through quantisers, where a check finds it', async () => {
    const program = overflowing();
    const [input, output] = [createState(square), createState(square)];
    const executor = await createExecutor(program, options);
    input.tensors.get('x')!.fill(1);
    await executor.run([input], output);
    checkFinite(output);
    input.tensors.get('x')![5] = 2 ** 28;
    await executor.run([input], output);
    await executor.close();
    await failsWith('FAULT', () => checkFinite(output));
  });

  it('finds values that are not finite, and no others', async () => {
    const state = createState(square);
    const values = state.tensors.get('x')!;
    values.set([-0, 3.4028234663852886e38, -3.4028234663852886e38, 2 ** -149]);
    checkFinite(state);
    for (const bad of [NaN, Infinity, -Infinity]) {
      values[15] = bad;
      await failsWith('FAULT', () => checkFinite(state));
    }
  });
});
