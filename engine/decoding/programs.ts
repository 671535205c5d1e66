import { GraphBuilder, type Value } from '../graph/builder.ts';
import type { Program } from '../graph/program.ts';
import type { StateLayout, StateSlot } from '../graph/types.ts';
import { byHead } from '../nn/attention.ts';
import { attentionOf, head, hidden } from '../nn/decoder.ts';
import { sampled } from '../nn/sampling.ts';
import { globalLayout } from '../programs.ts';
import type { Recipe } from '../recipe.ts';

/** What one invocation holds of sequences: how many, and how many successive tokens of each. */
export type StepShape = { readonly rows: number; readonly length: number };

const logitsSlot = ({ model: { vocabulary } }: Recipe, rows: number): StateSlot => ({
  name: 'logits',
  dtype: 'f32',
  shape: [rows, vocabulary],
});
const keySlot = (block: number, slice: number) => `block${block}.keys${slice}`;
const valueSlot = (block: number, slice: number) => `block${block}.values${slice}`;

/** Whether a slot of the cache has keys, and not values. */
export const isKeySlot = (name: string) => /\.keys\d+$/.test(name);

/** Keys and values of each block, by slice, whose last axes have these extents. */
function keysAndValues({ model, slices }: Recipe, rows: number, keys: readonly number[], values: readonly number[]) {
  const slots: StateSlot[] = [];
  for (let block = 0; block < model.depth; block++) {
    for (let slice = 0; slice < slices.scores; slice++)
      slots.push({ name: keySlot(block, slice), dtype: 'i8', shape: [rows, model.heads, ...keys] });
    for (let slice = 0; slice < slices.values; slice++)
      slots.push({ name: valueSlot(block, slice), dtype: 'i8', shape: [rows, model.heads, ...values] });
  }
  return slots;
}

/** Keys [rows, heads, head width, context] and values [rows, heads, context, head width] of what sequences were so far. */
export function cacheLayout(recipe: Recipe, rows: number): StateLayout {
  const { width, heads, context } = recipe.model;
  return { groups: [keysAndValues(recipe, rows, [width / heads, context], [context, width / heads])] };
}

/**
 * What is asked of each row: its next tokens and their successive positions, and which of them (counted through all rows) is
 * gone on from. Padding behind it may be anything at positions of the context; so may a row that nobody uses.
 */
export function stepRequestLayout({ rows, length }: StepShape): StateLayout {
  const tokens: readonly StateSlot[] = [
    { name: 'tokens', dtype: 'u32', shape: [rows, length] },
    { name: 'positions', dtype: 'u32', shape: [rows, length] },
    { name: 'last', dtype: 'u32', shape: [rows] },
  ];
  return { groups: [tokens] };
}

/** The logits of each row's next token, and keys and values [rows, heads, length, head width] of the tokens that came. */
export function stepResultLayout(recipe: Recipe, { rows, length }: StepShape): StateLayout {
  const { width, heads } = recipe.model;
  const extents = [length, width / heads];
  return { groups: [[logitsSlot(recipe, rows), ...keysAndValues(recipe, rows, extents, extents)]] };
}

/**
 * Takes several sequences on by some tokens each: one token, or a part of a prompt. Global state, cache and request in,
 * result out. A row's bits depend on its own sequence alone, and not on how that came to be in the cache.
 */
export function stepProgram(recipe: Recipe, shape: StepShape): Program {
  const { rows, length } = shape;
  const graph = new GraphBuilder([globalLayout(recipe), cacheLayout(recipe, rows), stepRequestLayout(shape)]);
  const columns = graph.constant('u32', [3 * recipe.model.width], byHead(recipe.model));
  const parameter = (name: string) => {
    const value = graph.input(name);
    return name.endsWith('.qkv') ? graph.gather(value, columns) : value;
  };
  const cached = (slot: typeof keySlot, block: number, count: number) =>
    Array.from({ length: count }, (_, slice) => graph.input(slot(block, slice), 1));
  const asked = (name: string) => graph.input(name, 2);
  const attention = attentionOf(graph, recipe, rows, length);
  const outputs = new Map<string, Value>();
  const tokens = graph.reshape(asked('tokens'), [rows * length]);
  const x = hidden(graph, recipe, tokens, parameter, (qkv, block) => {
    const { o, keys, values } = attention.extend(qkv, {
      positions: asked('positions'),
      keys: cached(keySlot, block, recipe.slices.scores),
      values: cached(valueSlot, block, recipe.slices.values),
    });
    keys.forEach((key, slice) => outputs.set(keySlot(block, slice), key));
    values.forEach((value, slice) => outputs.set(valueSlot(block, slice), value));
    return o;
  });
  const logits = head(graph, recipe, graph.gather(x, asked('last')), parameter);
  return graph.finish(stepResultLayout(recipe, shape), outputs.set('logits', logits));
}

/** A whole sequence and how it is gone on with: its tokens from the start, zeros after place `last`. */
export function continuationRequestLayout({ model: { context } }: Recipe): StateLayout {
  const tokens: readonly StateSlot[] = [
    { name: 'tokens', dtype: 'u32', shape: [context] },
    { name: 'last', dtype: 'u32', shape: [1] },
  ];
  const sampling: readonly StateSlot[] = [
    { name: 'temperature', dtype: 'f32', shape: [1] },
    { name: 'topP', dtype: 'f32', shape: [1] },
    { name: 'draw', dtype: 'i32', shape: [1] },
  ];
  return { groups: [[...tokens, ...sampling]] };
}

/**
 * The token after a sequence and its logits, without a cache: global state and request in, `token` and `logits` out. This
 * is what a decoded token is a claim of: it says nothing of other sequences, and whoever knows this one can compute it.
 */
export function continuationProgram(recipe: Recipe): Program {
  const graph = new GraphBuilder([globalLayout(recipe), continuationRequestLayout(recipe)]);
  const parameter = (name: string) => graph.input(name);
  const asked = (name: string) => graph.input(name, 1);
  const attention = attentionOf(graph, recipe, 1, recipe.model.context);
  const x = hidden(graph, recipe, asked('tokens'), parameter, (qkv) => attention.apply(qkv));
  const logits = head(graph, recipe, graph.gather(x, asked('last')), parameter);
  const sampling = { temperature: asked('temperature'), topP: asked('topP'), draw: asked('draw') };
  const token = sampled(graph, logits, sampling);
  return graph.finish(
    { groups: [[{ name: 'token', dtype: 'i32', shape: [1] }, logitsSlot(recipe, 1)]] },
    new Map([
      ['logits', logits],
      ['token', token],
    ]),
  );
}
