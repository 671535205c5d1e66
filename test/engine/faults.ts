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

  const quotient = programOf([[6], [6]], (graph, a, b) => graph.max(graph.div(a, b), 1));
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
    const large = programOf([[6]], (graph, x) => graph.mul(x, 2 ** 100));
    expect(await faultOf(large, stateOf([[6]], [0, 0, 0, 0, 2 ** 27, 2 ** 28]))).to.deep.equal({
      op: 'mul',
      element: 5,
    });
  });

  it('in the middle of a line is one of the fused node', async () => {
    const lines = {
      overflow: programOf([[6]], (graph, x) => graph.mul(graph.mul(x, 2 ** 100), 2 ** -100)),
      root: programOf([[6]], (graph, x) => graph.div(graph.scalar(0), graph.add(graph.sqrt(graph.neg(x)), 1))),
      quotient: programOf([[6]], (graph, x) => graph.mul(graph.div(graph.scalar(0), graph.sub(x, 2 ** 28)), 0)),
    };
    const sound = [-1, 0, -3, -7, 0, -(2 ** 27)];
    const bad = { overflow: 2 ** 28, root: 2 ** -149, quotient: 2 ** 28 };
    for (const [name, program] of Object.entries(lines)) {
      expect(await faultOf(program, stateOf([[6]], sound)), name).to.equal(undefined);
      const wrong = [...sound.slice(0, 4), bad[name as keyof typeof bad], sound[5]!];
      expect(await faultOf(program, stateOf([[6]], wrong)), name).to.deep.equal({ op: 'fused', element: 4 });
    }
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

  it('is a mask of anything but zeros and ones, and positions that do not ascend, from the first element of their row', async () => {
    const shape = [3, 4];
    const packed = programOf([shape, shape], (graph, x, set) =>
      graph.packChunk(x, graph.quantize(set, graph.scalar(1)), 2),
    );
    const x = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12];
    expect(await faultOf(packed, stateOf([shape, shape], x, [0, 1, 1, 0, 1, 1, 1, 1, 0, 0, 0, 0]))).to.equal(undefined);
    for (const wrong of [2, -1, 127, -127]) {
      const found = await faultOf(packed, stateOf([shape, shape], x, [0, 1, 1, 0, 1, 1, 1, wrong, wrong, 0, 0, 0]));
      expect(found).to.deep.equal({ op: 'pack_chunk', element: 2 });
    }
    const scattered = programOf([shape, shape], (graph, values, positions) =>
      graph.scatterChunk(values, graph.add(positions, 0), 6),
    );
    const sound = [0, 1, 2, 3, 2, 3, 4, 5, 0, 1, 4, 5];
    expect(await faultOf(scattered, stateOf([shape, shape], x, sound))).to.equal(undefined);
    for (const [place, wrong] of [
      [5, 2],
      [7, 6],
      [4, -1],
      [6, 4.5],
      [7, 2 ** 40],
    ] as const) {
      const found = await faultOf(scattered, stateOf([shape, shape], x, sound.with(place, wrong)));
      expect(found, `${wrong} at ${place}`).to.deep.equal({ op: 'scatter_chunk', element: 6 });
    }
    const repeated = programOf([shape, [4]], (graph, values, positions) =>
      graph.scatterChunk(values, graph.broadcast(positions, shape), 6),
    );
    expect(await faultOf(repeated, stateOf([shape, [4]], x, [0, 2, 3, 5]))).to.equal(undefined);
    expect(await faultOf(repeated, stateOf([shape, [4]], x, [0, 2, 2, 5]))).to.deep.equal({
      op: 'scatter_chunk',
      element: 0,
    });
    const stretched = programOf([shape, [3, 1]], (graph, values, positions) =>
      graph.scatterChunk(values, graph.broadcast(positions, shape), 6),
    );
    expect(await faultOf(stretched, stateOf([shape, [3, 1]], x, [0, 1, 2]))).to.deep.equal({
      op: 'scatter_chunk',
      element: 0,
    });
  });

  it('is a NaN or an infinity in a row that is ranked, in a chunk only where it is taken', async () => {
    const shape = [2, 4];
    const mask = (set: readonly number[]) => Int8Array.from(set);
    for (const bad of [NaN, Infinity, -Infinity]) {
      const values = [1, 2, 3, 4, 5, 6, bad, 8];
      const sorted = programOf([shape], (graph, x) => graph.sortLanes(x));
      expect(await faultOf(sorted, stateOf([shape], values))).to.deep.equal({ op: 'sort_lanes', element: 4 });
      const ranked = programOf([shape], (graph, x) =>
        graph.fromI32(graph.matmulNt(graph.topkChunk(x, 1), graph.topkChunk(x, 1))),
      );
      expect(await faultOf(ranked, stateOf([shape], values))).to.deep.equal({ op: 'topk_chunk', element: 4 });
      const taken = programOf([shape], (graph, x) =>
        graph.packChunk(x, graph.constant('i8', shape, mask([1, 1, 0, 0, 0, 1, 1, 0])), 2),
      );
      expect(await faultOf(taken, stateOf([shape], values))).to.deep.equal({ op: 'pack_chunk', element: 3 });
      const others = programOf([shape], (graph, x) =>
        graph.packChunk(x, graph.constant('i8', shape, mask([1, 1, 0, 0, 0, 1, 0, 1])), 2),
      );
      expect(await faultOf(others, stateOf([shape], values))).to.equal(undefined);
      const numbers = Float32Array.of(0, 1, 2, 3, 1, 2, 3, 5);
      const placed = programOf([shape], (graph, x) => graph.scatterChunk(x, graph.constant('f32', shape, numbers), 6));
      expect(await faultOf(placed, stateOf([shape], values))).to.deep.equal({ op: 'scatter_chunk', element: 9 });
      const nowhere = programOf([shape], (graph, x) => graph.scatterChunk(graph.constant('f32', shape, numbers), x, 6));
      const positions = [0, 1, 2, 3, 0, bad, 2, 3];
      expect(await faultOf(nowhere, stateOf([shape], positions))).to.deep.equal({ op: 'scatter_chunk', element: 6 });
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
