import { concatenated, joined, split } from '../compress/chunks.ts';
import { decompressed } from '../compress/sparseloco.ts';
import type { GraphBuilder, Value } from '../graph/builder.ts';
import { slotsOf } from '../graph/state.ts';
import { elementCount, type StateSlot } from '../graph/types.ts';
import { modelLayout } from '../nn/decoder.ts';
import type { Recipe } from '../recipe.ts';
import { bounded, clipped, median, norms } from './norms.ts';
import { centeredClip, clippedMean, trimmedMean } from './robust.ts';

/** Rows of a flat update that is not compressed. */
const ROW = 1_024;

/**
 * What stands for the pseudo-gradients of all members, by parameter. The payload of member m in ascending index is input state
 * m, counted from 1.
 */
export function aggregated(graph: GraphBuilder, recipe: Recipe, members: number): ReadonlyMap<string, Value> {
  const slots = slotsOf(modelLayout(recipe.model));
  const { compression, aggregation } = recipe;
  if (compression.name === 'sparseloco') {
    const isDense = aggregation.name === 'trimmed-mean' || aggregation.name === 'centered-clip';
    const update = isDense
      ? robust(graph, recipe, scattered(graph, members, compression.chunk))
      : sparseMean(graph, members, compression.chunk, aggregation.name === 'clipped-mean');
    return split(graph, update, slots);
  }
  if (aggregation.name === 'mean') return meanByTensor(graph, slots, members);
  const updates = ofMembers(members, (member) => flat(graph, joined(graph, inputsOf(graph, slots, member), ROW)));
  return split(graph, robust(graph, recipe, concatenated(graph, updates)), slots);
}

function robust(graph: GraphBuilder, { aggregation }: Recipe, updates: Value): Value {
  const x = bounded(graph, updates);
  switch (aggregation.name) {
    case 'trimmed-mean':
      return trimmedMean(graph, x, aggregation.trim);
    case 'centered-clip':
      return centeredClip(graph, x, aggregation);
    default:
      return clippedMean(graph, x);
  }
}

/** Tensor by tensor, in the order of the members. */
function meanByTensor(graph: GraphBuilder, slots: readonly StateSlot[], members: number): Map<string, Value> {
  const sum = (name: string) =>
    ofMembers(members, (member) => graph.input(name, member)).reduce((a, b) => graph.add(a, b));
  return new Map(slots.map(({ name }) => [name, graph.mul(sum(name), 1 / members)]));
}

/**
 * The mean of compressed updates, added in the order of the members. Norms are those of the few values that were sent, and
 * no more than one member's update is ever written out.
 */
function sparseMean(graph: GraphBuilder, members: number, chunk: number, isClipped: boolean): Value {
  const values = isClipped ? clippedValues(graph, members) : undefined;
  const sum = ofMembers(members, (member) => {
    const sent = graph.input('values', member);
    const part = values === undefined ? sent : graph.reshape(graph.slice(values, 0, member - 1, 1), sent.shape);
    return decompressed(graph, { positions: graph.input('positions', member), values: part }, chunk);
  }).reduce((a, b) => graph.add(a, b));
  return graph.mul(sum, 1 / members);
}

/** The values of all members [R, chunks k] with norms clipped to their median. */
function clippedValues(graph: GraphBuilder, members: number): Value {
  const sent = ofMembers(members, (member) => flat(graph, graph.input('values', member)));
  const values = bounded(graph, concatenated(graph, sent));
  const lengths = norms(graph, values);
  return clipped(graph, values, median(graph, lengths), lengths);
}

/** All members' updates [R, n] from their compressed form. */
function scattered(graph: GraphBuilder, members: number, chunk: number): Value {
  const all = (name: string) =>
    concatenated(
      graph,
      ofMembers(members, (member) => graph.input(name, member)),
    );
  const updates = decompressed(graph, { positions: all('positions'), values: all('values') }, chunk);
  return graph.reshape(updates, [members, elementCount(updates.shape) / members]);
}

function inputsOf(graph: GraphBuilder, slots: readonly StateSlot[], member: number): Value[] {
  return slots.map(({ name }) => graph.input(name, member));
}

function flat(graph: GraphBuilder, x: Value): Value {
  return graph.reshape(x, [1, elementCount(x.shape)]);
}

function ofMembers<T>(members: number, make: (member: number) => T): T[] {
  return Array.from({ length: members }, (_, i) => make(i + 1));
}
