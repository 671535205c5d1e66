import { expect } from 'chai';
import { stateRoot, tensorRoot } from '../../engine/commit/reference.ts';
import { subtreeAt, tensorTree } from '../../engine/commit/subtrees.ts';
import { EMPTY, merkleRoot, treeLevels } from '../../engine/commit/tree.ts';
import type { Program } from '../../engine/graph/program.ts';
import { createState, type State } from '../../engine/graph/state.ts';
import type { Tensor } from '../../engine/graph/types.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import { leafCounts } from '../../engine/leaf-places.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import type { ExecutorOptions } from '../../engine/onnx/executor.ts';
import { aggregateProgram, payloadProgram, trainingProgram } from '../../engine/programs.ts';
import { evaluate } from '../../engine/reference.ts';
import { createTracer, type Trace } from '../../engine/trace.ts';
import { startState } from '../../engine/training.ts';
import { failsWith } from '../helpers/errors.ts';
import { programOf, stateOf } from '../helpers/float-programs.ts';
import { periodicBatch, tinyRecipe } from '../helpers/recipes.ts';

const recipe = tinyRecipe();
let options: ExecutorOptions;

/** What `check` says of the trace of one invocation. */
async function traced<T>(
  program: Program,
  inputs: readonly State[],
  check: (trace: Trace) => T | Promise<T>,
  batch?: Uint32Array,
): Promise<T> {
  const tracer = await createTracer(program, options);
  try {
    return await check(await tracer.trace(inputs, batch));
  } finally {
    await tracer.close();
  }
}

function rootsOf(values: readonly (Tensor | null)[]) {
  return values.map((tensor) => (tensor === null ? EMPTY : tensorRoot(tensor)));
}

describe('a trace', function () {
  this.timeout(60_000);
  before(async () => {
    options = { kernel: await chooseKernel({ threads: 1 }), threads: 2 };
  });

  it('has the root of every node of every program of a run, as the reference evaluator gives its value', async () => {
    const parameters = initialParameters(recipe);
    const start = startState(recipe, parameters);
    const runs: readonly [Program, readonly State[], Uint32Array?][] = [
      [trainingProgram(recipe), [start], periodicBatch(recipe, 1)],
      [payloadProgram(recipe), [parameters, parameters]],
      [aggregateProgram(recipe, 3), [parameters, parameters, parameters, parameters]],
    ];
    for (const [program, inputs, batch] of runs) {
      const expected = rootsOf(evaluate(program, inputs, batch));
      const { nodes, root, faultAt } = await traced(program, inputs, (trace) => trace, batch);
      expect(faultAt).to.equal(undefined);
      expect(nodes).to.deep.equal(expected);
      expect(root).to.equal(merkleRoot(expected));
    }
  });

  it('hashes the leaves that are asked for on the way, whatever they follow from', async () => {
    const parameters = initialParameters(recipe);
    const runs: readonly [Program, readonly State[], Uint32Array?][] = [
      [trainingProgram(recipe), [startState(recipe, parameters)], periodicBatch(recipe, 1)],
      [payloadProgram(recipe), [parameters, parameters]],
    ];
    for (const [program, inputs, batch] of runs) {
      const values = evaluate(program, inputs, batch);
      const places = leafCounts(program).flatMap((count, node) =>
        [...new Set([0, count >> 1, Math.max(0, count - 1)])].map((leaf) => ({ node, leaf })),
      );
      const expected = places.map(({ node, leaf }) => {
        const value = values[node];
        return value ? tensorTree(value)[0]![leaf] : EMPTY;
      });
      for (const pieceBytes of [200_000, 24_000_000]) {
        const tracer = await createTracer(program, { ...options, pieceBytes });
        const [plain, drawn] = [await tracer.trace(inputs, batch), await tracer.trace(inputs, batch, places)];
        expect(drawn.leaves).to.deep.equal(expected);
        expect([drawn.root, plain.leaves]).to.deep.equal([plain.root, []]);
        await tracer.close();
      }
    }
  });

  it('is the same however small its pieces are, whatever is asked of it', async () => {
    const program = trainingProgram(recipe);
    const start = startState(recipe, initialParameters(recipe));
    const batch = periodicBatch(recipe, 4);
    const whole = await traced(program, [start], (trace) => trace, batch);
    for (const pieceBytes of [200_000, 1_500_000]) {
      const tracer = await createTracer(program, { ...options, pieceBytes });
      const first = await tracer.trace([start], batch);
      const middle = await first.tensor(900);
      const second = await tracer.trace([start], batch);
      expect(first.nodes).to.deep.equal(whole.nodes);
      expect(second.root).to.equal(whole.root);
      expect(tensorRoot(middle)).to.equal(whole.nodes[900]);
      expect(tensorRoot(await first.tensor(40))).to.equal(whole.nodes[40]);
      await tracer.close();
    }
  });

  it('has the root of the output state as a subtree', async () => {
    const program = trainingProgram(recipe);
    const start = startState(recipe, initialParameters(recipe));
    const batch = periodicBatch(recipe, 2);
    const output = createState(program.output);
    const values = evaluate(program, [start], batch);
    program.output.groups.forEach((group, i) =>
      group.forEach(({ name }, place) => {
        const width = (program.nodes.length - program.outputStart) / program.output.groups.length;
        output.tensors.get(name)!.set(values[program.outputStart + i * width + place]!.data);
      }),
    );
    await traced(
      program,
      [start],
      ({ nodes }) => {
        const height = Math.log2(program.nodes.length - program.outputStart);
        const subtree = subtreeAt(treeLevels(nodes), height, program.outputStart / 2 ** height);
        expect(subtree).to.equal(stateRoot(output));
      },
      batch,
    );
  });

  it('gives any value again, one by one, together and out of order', async () => {
    const program = trainingProgram(recipe);
    const start = startState(recipe, initialParameters(recipe));
    const batch = periodicBatch(recipe, 3);
    const values = evaluate(program, [start], batch);
    const wanted = [0.8, 0.002, 0.5, 0.51, 0.95]
      .map((part) => Math.floor(part * program.nodes.length))
      .filter((node) => program.nodes[node] !== null);
    await traced(
      program,
      [start],
      async (trace) => {
        await failsWith('NO_VALUE', trace.tensor(program.nodes.indexOf(null)));
        const together = await trace.tensors(wanted);
        for (const [i, node] of wanted.entries()) {
          const alone = await trace.tensor(node);
          expect(tensorRoot(alone)).to.equal(tensorRoot(values[node]!));
          expect(tensorRoot(together[i]!)).to.equal(trace.nodes[node]);
        }
      },
      batch,
    );
  });

  it('is the same from a tracer that has traced something else before, and whichever call comes first', async () => {
    // `pow2ceil` ends a line, so that the sum is a node of its own.
    const program = programOf([[4, 300]], (graph, x) => graph.mul(graph.pow2ceil(graph.add(x, 1)), x));
    const inputs = [1, 2, 3].map((value) => stateOf([[4, 300]], Array<number>(1_200).fill(value)));
    const tracer = await createTracer(program, options);
    const sum = program.nodes.findIndex((node) => node?.op === 'add');
    const together = await Promise.all(inputs.map((input) => tracer.trace([input])));
    for (const [i, input] of inputs.entries()) {
      const expected = rootsOf(evaluate(program, [input]));
      expect(together[i]!.nodes).to.deep.equal(expected);
      expect((await together[i]!.tensor(sum)).data[7]).to.equal(i + 2);
    }
    await tracer.close();
  });

  it('commits to values that repeat others as if they had been written out', async () => {
    const shapes = [[3, 1, 5], [7], [1], [2, 300]];
    const program = programOf(shapes, (graph, a, b, c, d) => {
      const inner = graph.broadcast(a, [3, 4, 5]);
      const rows = graph.broadcast(b, [40, 7]);
      const whole = graph.broadcast(c, [3, 4, 5]);
      const long = graph.reshape(graph.broadcast(graph.reshape(d, [600, 1]), [600, 6]), [6, 600]);
      const parts = [graph.add(inner, whole), rows, graph.broadcast(c, [5, 700]), graph.reshape(long, [3, 1_200])];
      return parts
        .map((part) => graph.reshape(part, [part.shape.reduce((x, y) => x * y, 1)]))
        .reduce((x, y) => graph.concat(x, y, 0));
    });
    const numbers = shapes.map((shape, i) =>
      Array.from({ length: shape.reduce((x, y) => x * y, 1) }, (_, j) => (j % 3 === 0 ? -0 : j - 2.5 * i)),
    );
    const input = stateOf(shapes, ...numbers);
    const { nodes } = await traced(program, [input], (trace) => trace);
    expect(nodes).to.deep.equal(rootsOf(evaluate(program, [input])));
  });

  it('refuses a batch of another size', async () => {
    const program = trainingProgram(recipe);
    const start = startState(recipe, initialParameters(recipe));
    await failsWith(
      'BATCH_SHAPE',
      traced(program, [start], () => undefined),
    );
    await failsWith(
      'BATCH_SHAPE',
      traced(program, [start], () => undefined, new Uint32Array(3)),
    );
  });
});
