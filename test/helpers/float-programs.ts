import { GraphBuilder, type Value } from '../../engine/graph/builder.ts';
import type { Program } from '../../engine/graph/program.ts';
import { createState, type State } from '../../engine/graph/state.ts';
import type { StateLayout } from '../../engine/graph/types.ts';

const layoutOf = (...shapes: readonly (readonly number[])[]): StateLayout => ({
  groups: [shapes.map((shape, i) => ({ name: `x${i}`, dtype: 'f32', shape }))],
});

/** A program over one f32 input state of given shapes. */
export function programOf(
  shapes: readonly (readonly number[])[],
  compose: (graph: GraphBuilder, ...inputs: Value[]) => Value,
): Program {
  const graph = new GraphBuilder([layoutOf(...shapes)]);
  const { ref, dtype, shape } = compose(graph, ...shapes.map((_, i) => graph.input(`x${i}`)));
  return graph.finish({ groups: [[{ name: 'y', dtype, shape }]] }, new Map([['y', { ref, dtype, shape }]]));
}

/** A state of such tensors. */
export function stateOf(shapes: readonly (readonly number[])[], ...data: readonly (readonly number[])[]): State {
  const state = createState(layoutOf(...shapes));
  data.forEach((values, i) => state.tensors.get(`x${i}`)!.set(values));
  return state;
}
