import { expect } from 'chai';
import { stateRoot, tensorRoot } from '../../engine/commit/reference.ts';
import { subtreeAt } from '../../engine/commit/subtrees.ts';
import { EMPTY, merkleRoot, treeLevels } from '../../engine/commit/tree.ts';
import { GraphBuilder, type Value } from '../../engine/graph/builder.ts';
import type { Program } from '../../engine/graph/program.ts';
import { createState, type State } from '../../engine/graph/state.ts';
import type { StateLayout, Tensor } from '../../engine/graph/types.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import type { ExecutorOptions } from '../../engine/onnx/executor.ts';
import { aggregateProgram, pseudoGradientProgram, trainingProgram } from '../../engine/programs.ts';
import { evaluate } from '../../engine/reference.ts';
import { createTracer, faultElement, type Trace } from '../../engine/trace.ts';
import { startState } from '../../engine/training.ts';
import { failsWith } from '../helpers/errors.ts';
import { periodicBatch, tinyRecipe } from '../helpers/recipes.ts';

const recipe = tinyRecipe();
let options: ExecutorOptions;

const layoutOf = (...shapes: readonly (readonly number[])[]): StateLayout => ({
  groups: [shapes.map((shape, i) => ({ name: `x${i}`, dtype: 'f32', shape }))],
});

/** A program over one f32 input state of given shapes. */
function programOf(
  shapes: readonly (readonly number[])[],
  compose: (graph: GraphBuilder, ...inputs: Value[]) => Value,
): Program {
  const graph = new GraphBuilder([layoutOf(...shapes)]);
  const { ref, dtype, shape } = compose(graph, ...shapes.map((_, i) => graph.input(`x${i}`)));
  return graph.finish({ groups: [[{ name: 'y', dtype, shape }]] }, new Map([['y', { ref, dtype, shape }]]));
}

function stateOf(shapes: readonly (readonly number[])[], ...data: readonly (readonly number[])[]): State {
  const state = createState(layoutOf(...shapes));
  data.forEach((values, i) => state.tensors.get(`x${i}`)!.set(values));
  return state;
}

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
      [pseudoGradientProgram(recipe), [parameters, parameters]],
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
    const wanted = [1_400, 3, 777, 778, 1_650].filter((node) => program.nodes[node] !== null);
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
    const program = programOf([[4, 300]], (graph, x) => graph.mul(graph.add(x, 1), x));
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

describe('a fault in a trace', function () {
  this.timeout(60_000);

  const quotient = programOf([[6], [6]], (graph, a, b) => graph.add(graph.div(a, b), 1));
  const one = [1, 1, 1, 1, 1, 1];

  /** Node and element of the first fault. */
  async function faultOf(program: Program, input: State) {
    const found = [];
    for (const pieceBytes of [1, undefined]) {
      const tracer = await createTracer(program, { ...options, ...(pieceBytes && { pieceBytes }) });
      const trace = await tracer.trace([input]);
      const { faultAt, nodes } = trace;
      expect(nodes.slice(faultAt ?? nodes.length).every((root) => root === EMPTY)).to.equal(true);
      found.push(
        faultAt === undefined
          ? undefined
          : {
              op: program.nodes[faultAt]!.op,
              element: await faultElement(trace, faultAt),
              roots: nodes.slice(0, faultAt),
            },
      );
      await tracer.close();
    }
    // Node by node, or all at once: the roots before it are there too.
    expect(found[0]).to.deep.equal(found[1]);
    return found[0] && { op: found[0].op, element: found[0].element };
  }

  it('is the first node and its first element without a result', async () => {
    const shapes = [[6], [6]];
    expect(await faultOf(quotient, stateOf(shapes, one, one))).to.equal(undefined);
    expect(await faultOf(quotient, stateOf(shapes, one, [1, 1, 0, 1, 0, 1]))).to.deep.equal({ op: 'div', element: 2 });
    const large = programOf([[6]], (graph, x) => graph.mul(graph.mul(x, 2 ** 100), 2 ** 20));
    expect(await faultOf(large, stateOf([[6]], [0, 0, 0, 0, 2 ** 27, 2 ** 28]))).to.deep.equal({
      op: 'mul',
      element: 5,
    });
  });

  it('is found where an operator is undefined though its result looks sound', async () => {
    const scaled = programOf(
      [
        [2, 3],
        [2, 1],
      ],
      (graph, x, s) =>
        graph.fromI32(
          graph.toFixed(graph.fromI32(graph.matmulNt(graph.quantize(x, s), graph.quantize(x, s))), 0, 2 ** 20),
        ),
    );
    const shapes = [
      [2, 3],
      [2, 1],
    ];
    expect(await faultOf(scaled, stateOf(shapes, one, [0.5, 0.25]))).to.equal(undefined);
    expect(await faultOf(scaled, stateOf(shapes, one, [0.5, 0.3]))).to.deep.equal({ op: 'quantize', element: 3 });
    const fixed = programOf([[6]], (graph, x) => graph.fromI32(graph.toFixed(x, 2, 100)));
    expect(await faultOf(fixed, stateOf([[6]], [0, 25, -25, 1, 2, 3]))).to.equal(undefined);
    expect(await faultOf(fixed, stateOf([[6]], [0, 25, -25, 1, 26, 30]))).to.deep.equal({ op: 'to_fixed', element: 4 });
    const power = programOf([[6]], (graph, x) => graph.pow2ceil(x));
    expect(await faultOf(power, stateOf([[6]], [0, 1, 2, -1, 1, 1]))).to.deep.equal({ op: 'pow2ceil', element: 3 });
  });

  it('is an index outside of a table, before and behind it', async () => {
    const table = programOf([[3], [4, 2]], (graph, x, rows) => graph.gather(rows, graph.toFixed(x, 0, 100)));
    const shapes = [[3], [4, 2]];
    const rows = [1, 2, 3, 4, 5, 6, 7, 8];
    expect(await faultOf(table, stateOf(shapes, [0, 3, 1], rows))).to.equal(undefined);
    expect(await faultOf(table, stateOf(shapes, [0, 4, 1], rows))).to.deep.equal({ op: 'gather', element: 2 });
    expect(await faultOf(table, stateOf(shapes, [0, 1, -1], rows))).to.deep.equal({ op: 'gather', element: 4 });
  });

  it('is what reads a NaN or an infinity from a state, and no movement that leaves it out', async () => {
    for (const bad of [NaN, Infinity, -Infinity]) {
      const values = [1, 2, bad, 4, 5, 6];
      const smaller = programOf([[6]], (graph, x) => graph.min(x, 1));
      expect(await faultOf(smaller, stateOf([[6]], values))).to.deep.equal({ op: 'min', element: 2 });
      const turned = programOf([[2, 3]], (graph, x) => graph.transpose(x, [1, 0]));
      expect(await faultOf(turned, stateOf([[2, 3]], values))).to.deep.equal({ op: 'transpose', element: 4 });
      const spread = programOf([[6]], (graph, x) => graph.broadcast(x, [2, 6]));
      expect(await faultOf(spread, stateOf([[6]], values))).to.deep.equal({ op: 'broadcast', element: 2 });
      const rest = programOf([[6]], (graph, x) => graph.slice(x, 0, 3, 3));
      expect(await faultOf(rest, stateOf([[6]], values))).to.equal(undefined);
      const picked = programOf([[3, 2]], (graph, x) => graph.gather(x, graph.constant('u32', [1], Uint32Array.of(1))));
      expect(await faultOf(picked, stateOf([[3, 2]], values))).to.deep.equal({ op: 'gather', element: 0 });
      const others = programOf([[3, 2]], (graph, x) =>
        graph.gather(x, graph.constant('u32', [2], Uint32Array.of(2, 0))),
      );
      expect(await faultOf(others, stateOf([[3, 2]], values))).to.equal(undefined);
      const largest = programOf([[2, 3]], (graph, x) => graph.reduceMax(x));
      expect(await faultOf(largest, stateOf([[2, 3]], values))).to.deep.equal({ op: 'reduce_max', element: 0 });
    }
  });

  it('leaves the values before it', async () => {
    await traced(quotient, [stateOf([[6], [6]], one, [0, 1, 1, 1, 1, 1])], async (trace) => {
      expect(trace.faultAt).to.equal(0);
      await failsWith('NO_VALUE', trace.tensor(0));
      expect((await trace.operands(0)).map(({ data }) => data[0])).to.deep.equal([1, 0]);
    });
  });
});
