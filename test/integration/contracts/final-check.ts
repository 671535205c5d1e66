import { expect } from 'chai';
import { GraphBuilder, type Value } from '../../../engine/graph/builder.ts';
import { finalCheckGas, MAX_FINAL_CHECK_GAS } from '../../../engine/graph/final_check.ts';
import type { Program } from '../../../engine/graph/program.ts';
import { createState, slotsOf } from '../../../engine/graph/state.ts';
import type { DType, Shape, StateLayout } from '../../../engine/graph/types.ts';
import { operators } from '../../../engine/ops/index.ts';
import { encodeLine, FIRST_RESULT } from '../../../engine/ops/line.ts';
import { evaluate } from '../../../engine/reference.ts';
import { checkOf, createReferee, type RefereeContract } from '../../helpers/referee/checks.ts';

type Operands = readonly (readonly [DType, Shape])[];

/** A program of one result over operands that are held in a state. */
function programOf(operands: Operands, compose: (graph: GraphBuilder, values: readonly Value[]) => Value): Program {
  const slots = operands.map(([dtype, shape], i) => ({ name: `x${i}`, dtype, shape }));
  const layout: StateLayout = { groups: [slots] };
  const graph = new GraphBuilder([layout]);
  const { dtype, shape, ref } = compose(
    graph,
    slots.map(({ name }) => graph.input(name)),
  );
  return graph.finish({ groups: [[{ name: 'y', dtype, shape }]] }, new Map([['y', { dtype, shape, ref }]]));
}

/** The dearest line: x0 / x1 / x2 / x3 / x1 and so on. */
const quotients = Array.from({ length: 12 }, (_, i) => ({
  operator: operators.get('div')!,
  sources: [i === 0 ? 0 : FIRST_RESULT + i - 1, 1 + (i % 3)],
}));

/** The numbers from 0 on. */
function numbers(graph: GraphBuilder, n: number): Value {
  return graph.constant(
    'f32',
    [n],
    Float32Array.from({ length: n }, (_, i) => i),
  );
}

/** The largest applications of the operators that read rows, and of others that open the most leaves. */
const largest: Record<string, Program> = {
  matmul_nt: programOf(
    [
      ['i8', [64, 2_048]],
      ['i8', [64, 2_048]],
    ],
    (graph, [a, b]) => graph.matmulNt(a!, b!),
  ),
  'matmul_nt of rows that straddle leaves': programOf(
    [
      ['i8', [64, 1_000]],
      ['i8', [64, 1_000]],
    ],
    (graph, [a, b]) => graph.matmulNt(a!, b!),
  ),
  reduce_max: programOf([['f32', [64, 1_024]]], (graph, [x]) => graph.reduceMax(x!)),
  reduce_absmax: programOf([['f32', [64, 1_024]]], (graph, [x]) =>
    graph.apply('reduce_absmax', [x!], { dtype: 'f32', shape: [64, 1] }),
  ),
  sum_i32: programOf([['f32', [64, 1_024]]], (graph, [x]) => graph.sumI32(graph.toFixed(x!, 0, 2 ** 20))),
  topk_chunk: programOf([['f32', [64, 1_024]]], (graph, [x]) => graph.topkChunk(x!, 512)),
  pack_chunk: programOf([['f32', [64, 1_024]]], (graph, [x]) => graph.packChunk(x!, graph.topkChunk(x!, 512), 1_024)),
  scatter_chunk: programOf([['f32', [64, 1_024]]], (graph, [x]) =>
    graph.scatterChunk(x!, graph.broadcast(numbers(graph, 1_024), [64, 1_024]), 4_096),
  ),
  'scatter_chunk of rows that straddle leaves': programOf([['f32', [64, 250]]], (graph, [x]) =>
    graph.scatterChunk(x!, graph.broadcast(numbers(graph, 250), [64, 250]), 251),
  ),
  sort_lanes: programOf([['f32', [64, 256]]], (graph, [x]) => graph.sortLanes(x!)),
  'sort_lanes of rows that straddle leaves': programOf([['f32', [64, 250]]], (graph, [x]) => graph.sortLanes(x!)),
  residual: programOf([['f32', [64, 2_048]]], (graph, [x]) => graph.residual(x!, graph.scalar(0.5))),
  div: programOf(
    [
      ['f32', [64, 2_048]],
      ['f32', [64, 2_048]],
    ],
    (graph, [a, b]) => graph.div(a!, b!),
  ),
  'fused, twelve quotients': programOf(Array<[DType, Shape]>(4).fill(['f32', [64, 2_048]]), (graph, values) =>
    graph.apply('fused', values, { dtype: 'f32', shape: [64, 2_048] }, encodeLine(quotients)),
  ),
  transpose: programOf([['f32', [2, 4, 4, 8, 8, 32]]], (graph, [x]) => graph.transpose(x!, [5, 4, 3, 2, 1, 0])),
  concat: programOf(
    [
      ['f32', [2, 4, 4, 8, 8, 32]],
      ['f32', [2, 4, 4, 8, 8, 32]],
    ],
    (graph, [a, b]) => graph.concat(a!, b!, 3),
  ),
  gather: programOf([['f32', [64, 2_048]]], (graph, [x]) =>
    graph.gather(x!, graph.constant('u32', [3], Uint32Array.of(5, 0, 63))),
  ),
};

/** What the game adds to an evaluation: about half of it, and so much that no measurement comes near. */
const GAME_GAS = 70_000;

describe('the gas of a final check', function () {
  this.timeout(120_000);

  let referee: RefereeContract;
  before(async () => {
    referee = await createReferee();
  });
  after(() => referee.close());

  for (const [name, program] of Object.entries(largest)) {
    it(`is bounded above what the contract takes: ${name}`, async () => {
      const [layout] = program.inputs;
      const state = createState(layout!);
      for (const slot of slotsOf(layout!)) {
        const values = state.tensors.get(slot.name)!;
        values.forEach((_, i) => (values[i] = (Math.imul(i + 1, 2_654_435_761) >>> 8) % 127 || 1));
      }
      const values = evaluate(program, [state]);
      const node = program.nodes.findLastIndex((candidate, index) => candidate !== null && index < program.outputStart);
      const check = await checkOf({ program, states: [state] }, values, node, values[node]!.data.length - 1);
      expect(await referee.evaluate(check)).to.have.property('word');
      expect((await referee.gasOf(check)) + GAME_GAS).to.be.at.most(finalCheckGas(program, node));
      expect(finalCheckGas(program, node)).to.be.at.most(MAX_FINAL_CHECK_GAS);
    });
  }
});
