import { aggregated } from './aggregate/aggregated.ts';
import { chunkCount, joined } from './compress/chunks.ts';
import { compressed } from './compress/sparseloco.ts';
import { GraphBuilder, type Value } from './graph/builder.ts';
import { gradients } from './graph/gradient.ts';
import type { Program } from './graph/program.ts';
import { slotsOf } from './graph/state.ts';
import type { StateLayout, StateSlot } from './graph/types.ts';
import { crossEntropy } from './nn/cross_entropy.ts';
import { decoder, modelLayout } from './nn/decoder.ts';
import { innerStep, momentSlots } from './optim/inner.ts';
import { outerSlots, outerStep } from './optim/outer.ts';
import type { Recipe } from './recipe.ts';

const scalarSlot = (name: string): StateSlot => ({ name, dtype: 'f32', shape: [1] });

/**
 * The global state, in one group: the model's parameters, then what the outer optimiser keeps. Inner steps pass the latter on
 * unchanged, so that the first group of a training state is a global state.
 */
export function globalLayout(recipe: Recipe): StateLayout {
  const parameters = slotsOf(modelLayout(recipe.model));
  return { groups: [[...parameters, ...outerSlots(recipe, parameters)]] };
}

/**
 * What a miner computes at the end of a round. Without compression a tensor for each of the model's. With SparseLoCo what is
 * sent, and in a second group the error feedback, which the miner keeps. Aggregates read the first group.
 */
export function payloadLayout({ model, compression }: Recipe): StateLayout {
  if (compression.name === 'none') return modelLayout(model);
  const { chunk, k } = compression;
  const chunks = chunkCount(slotsOf(modelLayout(model)), chunk);
  const slot = (name: string, width: number): StateSlot => ({ name, dtype: 'f32', shape: [chunks, width] });
  return { groups: [[slot('positions', k), slot('values', k)], [slot('error', chunk)]] };
}

/** The part of a payload that is published. */
export function publishedLayout(recipe: Recipe): StateLayout {
  return { groups: payloadLayout(recipe).groups.slice(0, 1) };
}

/**
 * State of a miner in training: the global state, first and second moments as far as its optimiser has them, and scalars
 * (the step counter and the loss of the last step). The root of the first group is the root of a global state.
 */
export function trainingLayout(recipe: Recipe): StateLayout {
  const { first, second } = momentSlots(recipe, slotsOf(modelLayout(recipe.model)));
  return { groups: [slotsOf(globalLayout(recipe)), first, second, [scalarSlot('step'), scalarSlot('loss')]] };
}

/** Inputs [rows * context] and targets of a batch: the tokens and those that follow them. */
function batchOf(graph: GraphBuilder, recipe: Recipe, rows: number): { inputs: Value; targets: Value } {
  const { context } = recipe.model;
  const tokens = graph.loadBatch(rows, context + 1);
  const part = (start: number) => graph.reshape(graph.slice(tokens, 1, start, context), [rows * context]);
  return { inputs: part(0), targets: part(1) };
}

/** One inner step: forward, loss, backward, optimiser. Training state and batch in, training state out. */
export function trainingProgram(recipe: Recipe): Program {
  const layout = trainingLayout(recipe);
  const graph = new GraphBuilder([layout]);
  const { inputs, targets } = batchOf(graph, recipe, recipe.batch);
  const logits = decoder(graph, recipe, inputs, recipe.batch, (name) => graph.input(name));
  const { loss, gradient } = crossEntropy(graph, logits, targets);
  const parameters = slotsOf(modelLayout(recipe.model));
  const tensor = (name: string) => graph.input(name);
  const slopes = gradients(
    graph,
    logits,
    gradient,
    parameters.map(({ name }) => tensor(name)),
  );
  const slope = new Map(parameters.map(({ name }, i) => [name, slopes[i]!]));
  const outputs = innerStep(graph, recipe, parameters, tensor, (name) => slope.get(name)!);
  for (const { name } of outerSlots(recipe, parameters)) outputs.set(name, tensor(name));
  return graph.finish(layout, outputs.set('loss', loss));
}

/** The mean loss of parameters on `rows` sequences. Global state and batch in, `loss` [1] out. */
export function evaluationProgram(recipe: Recipe, rows: number): Program {
  const graph = new GraphBuilder([globalLayout(recipe)]);
  const { inputs, targets } = batchOf(graph, recipe, rows);
  const logits = decoder(graph, recipe, inputs, rows, (name) => graph.input(name));
  return graph.finish(
    { groups: [[scalarSlot('loss')]] },
    new Map([['loss', crossEntropy(graph, logits, targets).loss]]),
  );
}

/** Logits [context, vocabulary] of one sequence. Global state and a batch of one row in, `logits` out. */
export function logitsProgram(recipe: Recipe): Program {
  const { context, vocabulary } = recipe.model;
  const graph = new GraphBuilder([globalLayout(recipe)]);
  const { inputs } = batchOf(graph, recipe, 1);
  const logits = decoder(graph, recipe, inputs, 1, (name) => graph.input(name));
  const slot: StateSlot = { name: 'logits', dtype: 'f32', shape: [context, vocabulary] };
  return graph.finish({ groups: [[slot]] }, new Map([['logits', logits]]));
}

/**
 * A miner's pseudo-gradient, start - end, as it is sent. Inputs are the global states at the start and the end of a round; with
 * compression also the miner's payload of the round before, or zeros, of which the error feedback is read.
 */
export function payloadProgram(recipe: Recipe): Program {
  const { model, compression } = recipe;
  const [layout, payload] = [globalLayout(recipe), payloadLayout(recipe)];
  const slots = slotsOf(modelLayout(model));
  const isCompressed = compression.name === 'sparseloco';
  const graph = new GraphBuilder(isCompressed ? [layout, layout, payload] : [layout, layout]);
  const differences = slots.map(({ name }) => graph.sub(graph.input(name, 0), graph.input(name, 1)));
  if (!isCompressed) return graph.finish(payload, new Map(slots.map(({ name }, i) => [name, differences[i]!])));
  const update = joined(graph, differences, compression.chunk);
  return graph.finish(
    payload,
    new Map(Object.entries(compressed(graph, update, graph.input('error', 2), compression))),
  );
}

/**
 * The outer step on what stands for all pseudo-gradients (`aggregated`). Inputs are the global state, then the published payloads
 * of the accepted members in ascending index.
 */
export function aggregateProgram(recipe: Recipe, members: number): Program {
  const layout = globalLayout(recipe);
  const payload = publishedLayout(recipe);
  const graph = new GraphBuilder([layout, ...Array.from({ length: members }, () => payload)]);
  const mean = aggregated(graph, recipe, members);
  const parameters = slotsOf(modelLayout(recipe.model));
  const before = (name: string) => graph.input(name);
  return graph.finish(
    layout,
    outerStep(graph, recipe, parameters, before, (name) => mean.get(name)!),
  );
}
