import type { GraphBuilder, Value } from '../graph/builder.ts';
import type { StateLayout, StateSlot } from '../graph/types.ts';
import type { Recipe } from '../recipe.ts';
import { Attention } from './attention.ts';
import { embedding } from './embedding.ts';
import { linear, type LinearInput, type LinearSlices } from './linear.ts';
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

/** Attention of one block: qkv [M, 3 width] -> [M, width]. */
type Attend = (qkv: Value, block: number) => Value;
type Parameters = (name: string) => Value;

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
  parameter: Parameters,
): Value {
  const attention = attentionOf(graph, recipe, rows, recipe.model.context);
  return head(
    graph,
    recipe,
    hidden(graph, recipe, tokens, parameter, (qkv) => attention.apply(qkv)),
    parameter,
  );
}

/** The attention of all blocks, over `context` successive tokens of each row. */
export function attentionOf(
  graph: GraphBuilder,
  { model: { width, heads }, slices }: Recipe,
  rows: number,
  context: number,
): Attention {
  return new Attention(graph, { rows, context, width, heads }, { ...slices, gradients: slices.attentionGradients });
}

/** What the blocks make of tokens u32 [M]: [M, width]. */
export function hidden(
  graph: GraphBuilder,
  recipe: Recipe,
  tokens: Value,
  parameter: Parameters,
  attend: Attend,
): Value {
  const { model, slices } = recipe;
  const linearSlices = linearSlicesOf(recipe);
  const mlp = model.mlp === 'swiglu' ? swigluMlp : squaredReluMlp;
  let x = embedding(graph, parameter('embedding'), tokens, slices.gradients);
  for (let block = 0; block < model.depth; block++) {
    const weight = (name: string) => parameter(`block${block}.${name}`);
    const normal = normalised(graph, x, slices.activations);
    const o = attend(linear(graph, normal, weight('qkv'), linearSlices), block);
    x = graph.add(x, linear(graph, cut(graph, o, slices.activations), weight('out'), linearSlices));
    x = graph.add(
      x,
      mlp(graph, normalised(graph, x, slices.activations), weight('up'), weight('down'), {
        ...linearSlices,
        hidden: slices.hidden,
      }),
    );
  }
  return x;
}

/** Logits [M, vocabulary] of [M, width]. */
export function head(graph: GraphBuilder, recipe: Recipe, x: Value, parameter: Parameters): Value {
  const { head: count } = recipe.slices;
  const headSlices = { ...linearSlicesOf(recipe), weights: count, gradients: count, propagated: count };
  return linear(graph, normalised(graph, x, count), parameter('head'), headSlices);
}

function linearSlicesOf({ slices: { weights, gradients, propagated, saved } }: Recipe): LinearSlices {
  return { weights, gradients, propagated, saved };
}

function normalised(graph: GraphBuilder, x: Value, count: SliceCount): LinearInput {
  return cut(graph, rmsNorm(graph, x), count);
}

function cut(graph: GraphBuilder, x: Value, count: SliceCount): LinearInput {
  return { x, sliced: sliceUnder(graph, x, graph.scalar(normalisedScale(count)), count) };
}
