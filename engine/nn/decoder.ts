import type { GraphBuilder, Value } from '../graph/builder.ts';
import type { StateLayout, StateSlot } from '../graph/types.ts';
import type { Recipe } from '../recipe.ts';
import { Attention } from './attention.ts';
import { embedding } from './embedding.ts';
import { linear, type LinearInput } from './linear.ts';
import { squaredReluMlp, swigluMlp } from './mlp.ts';
import { rmsNorm } from './norm.ts';
import { sliceUnder, type SliceCount } from './sliced.ts';

type Model = Recipe['model'];

/** One parameter and the standard deviation that it is drawn with. */
export type Parameter = StateSlot & { readonly deviation: number };

/** Scale of a normalised activation: one slice is clamped at 8 times the root mean square, two at 16. */
const normalisedScale = (count: SliceCount) => (count === 1 ? 2 ** -4 : 2 ** -3);

/** The parameters of a GPT-style decoder, in the order of the state. Weights are [out, in]. */
export function parametersOf({ depth, width, vocabulary, mlp, expansion }: Model): Parameter[] {
  const hidden = expansion * width;
  const parameter = (name: string, rows: number, columns: number, deviation: number): Parameter => ({
    name,
    dtype: 'f32',
    shape: [rows, columns],
    deviation,
  });
  const blocks = Array.from({ length: depth }, (_, block) => [
    parameter(`block${block}.qkv`, 3 * width, width, 1 / Math.sqrt(width)),
    parameter(`block${block}.out`, width, width, 0.2 / Math.sqrt(width)),
    parameter(`block${block}.up`, (mlp === 'swiglu' ? 2 : 1) * hidden, width, 1 / Math.sqrt(width)),
    parameter(`block${block}.down`, width, hidden, 0.2 / Math.sqrt(hidden)),
  ]);
  return [
    parameter('embedding', vocabulary, width, 0.1),
    ...blocks.flat(),
    parameter('head', vocabulary, width, 0.5 / Math.sqrt(width)),
  ];
}

/** The layout of the global state: the parameters alone. */
export function modelLayout(model: Model): StateLayout {
  return { groups: [parametersOf(model).map(({ name, dtype, shape }) => ({ name, dtype, shape }))] };
}

/**
 * Logits [rows * context, vocabulary] of a decoder: embedding, then blocks of causal attention and MLP with RMSNorm before
 * each and residual connections, a last RMSNorm and the head.
 * @param tokens u32 [rows * context]
 */
export function decoder(
  graph: GraphBuilder,
  recipe: Recipe,
  tokens: Value,
  rows: number,
  parameter: (name: string) => Value,
): Value {
  const { model, slices } = recipe;
  const { depth, width, heads, context } = model;
  const { weights, gradients, propagated, saved } = slices;
  const linearSlices = { weights, gradients, propagated, saved };
  const attention = new Attention(
    graph,
    { rows, context, width, heads },
    { ...slices, gradients: slices.attentionGradients },
  );
  const normalised = (x: Value, count = slices.activations): LinearInput => {
    const h = rmsNorm(graph, x);
    return { x: h, sliced: sliceUnder(graph, h, graph.scalar(normalisedScale(count)), count) };
  };
  const mlp = model.mlp === 'swiglu' ? swigluMlp : squaredReluMlp;
  let x = embedding(graph, parameter('embedding'), tokens, slices.gradients);
  for (let block = 0; block < depth; block++) {
    const weight = (name: string) => parameter(`block${block}.${name}`);
    const o = attention.apply(linear(graph, normalised(x), weight('qkv'), linearSlices));
    const mixed = {
      x: o,
      sliced: sliceUnder(graph, o, graph.scalar(normalisedScale(slices.activations)), slices.activations),
    };
    x = graph.add(x, linear(graph, mixed, weight('out'), linearSlices));
    x = graph.add(
      x,
      mlp(graph, normalised(x), weight('up'), weight('down'), { ...linearSlices, hidden: slices.hidden }),
    );
  }
  const headSlices = { weights: slices.head, gradients: slices.head, propagated: slices.head, saved };
  return linear(graph, normalised(x, slices.head), parameter('head'), headSlices);
}
