import { expect } from 'chai';
import { EMPTY } from '../../engine/commit/tree.ts';
import type { Program } from '../../engine/graph/program.ts';
import type { State } from '../../engine/graph/state.ts';
import type { ExecutorOptions } from '../../engine/onnx/executor.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import { createTracer, faultElement } from '../../engine/trace.ts';
import { failsWith } from '../helpers/errors.ts';
import { programOf, stateOf } from '../helpers/float-programs.ts';

describe('a fault in a trace', function () {
  this.timeout(60_000);

  let options: ExecutorOptions;
  before(async () => {
    options = { kernel: await chooseKernel({ threads: 1 }), threads: 2 };
  });

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
    const tracer = await createTracer(quotient, options);
    const trace = await tracer.trace([stateOf([[6], [6]], one, [0, 1, 1, 1, 1, 1])]);
    expect(trace.faultAt).to.equal(0);
    await failsWith('NO_VALUE', trace.tensor(0));
    expect((await trace.operands(0)).map(({ data }) => data[0])).to.deep.equal([1, 0]);
    await tracer.close();
  });
});
