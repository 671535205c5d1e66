import { SwarmlockError } from '../errors.ts';
import type { GraphBuilder, Value } from './builder.ts';
import type { Node, Ref } from './program.ts';

/** Gradients of one operator's inputs, given its node's inputs and the gradient of its result; null where there is none. */
type Rule = (graph: GraphBuilder, inputs: readonly Value[], g: Value, node: Node) => readonly (Value | null)[];

const rules: Record<string, Rule> = {
  add: (_, __, g) => [g, g],
  sub: (graph, _, g) => [g, graph.neg(g)],
  neg: (graph, _, g) => [graph.neg(g)],
  mul: (graph, [a, b], g) => [graph.mul(g, b!), graph.mul(g, a!)],
  reshape: (graph, [x], g) => [graph.reshape(g, x!.shape)],
  transpose: (graph, _, g, { attributes }) => [graph.transpose(g, inverse(attributes))],
};

/**
 * Reverse-mode differentiation inside the graph: appends the nodes that compute the gradients of a value with respect to
 * others, given the gradient of the value itself.
 *
 * Composites bring their own rule (`GraphBuilder.differentiable`), because the gradient of rounding is that of what was
 * rounded. Of the plain operators only those that composites leave between them have a rule.
 */
export function gradients(graph: GraphBuilder, output: Value, seed: Value, wrt: readonly Value[]): Value[] {
  const found = new Map<string, Value>();
  const accumulate = (value: Value, g: Value) => {
    const before = found.get(keyOf(value.ref));
    found.set(keyOf(value.ref), before === undefined ? g : graph.add(before, g));
  };
  accumulate(output, seed);
  const last = output.ref.kind === 'node' ? output.ref.index : -1;
  for (let index = last; index >= 0; index--) {
    const g = found.get(keyOf({ kind: 'node', index }));
    if (g === undefined) continue;
    const { inputs, contributions } = contributionsOf(graph, index, g);
    contributions.forEach((contribution, i) => {
      if (contribution !== null) accumulate(inputs[i]!, contribution);
    });
  }
  return wrt.map((value) => {
    const g = found.get(keyOf(value.ref));
    if (g !== undefined) return g;
    throw new SwarmlockError('the output does not depend on a value', {
      code: 'NO_GRADIENT',
      argument: keyOf(value.ref),
    });
  });
}

function contributionsOf(graph: GraphBuilder, index: number, g: Value) {
  const composite = graph.backward.get(index);
  if (composite !== undefined) return { inputs: composite.inputs, contributions: composite.gradients(g) };
  const node = graph.nodes[index]!;
  const rule = rules[node.op];
  if (rule === undefined) {
    throw new SwarmlockError(`${node.op} has no derivative outside a composite`, {
      code: 'NO_GRADIENT',
      argument: node.op,
    });
  }
  const inputs = node.inputs.map((ref) => graph.valueOf(ref));
  return { inputs, contributions: rule(graph, inputs, g, node) };
}

function keyOf(ref: Ref): string {
  return ref.kind === 'input' ? `input ${ref.state} ${ref.place}` : `${ref.kind} ${ref.index}`;
}

function inverse(permutation: readonly number[]): number[] {
  const result: number[] = [];
  permutation.forEach((axis, i) => (result[axis] = i));
  return result;
}
