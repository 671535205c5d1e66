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

/** What a miner publishes and aggregates read. Without compression: a tensor for each of the model's. */
export function payloadLayout(recipe: Recipe): StateLayout {
  return modelLayout(recipe.model);
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

/** A miner's pseudo-gradient, start - end. Global states at the start and the end of a round in, a payload out. */
export function pseudoGradientProgram(recipe: Recipe): Program {
  const layout = globalLayout(recipe);
  const payload = payloadLayout(recipe);
  const graph = new GraphBuilder([layout, layout]);
  const difference = (name: string) => graph.sub(graph.input(name, 0), graph.input(name, 1));
  return graph.finish(payload, new Map(slotsOf(payload).map(({ name }) => [name, difference(name)])));
}

/**
 * The outer step on the mean of the payloads. Inputs are the global state, then the payloads of the accepted members in
 * ascending index; they are added in that order.
 */
export function aggregateProgram(recipe: Recipe, members: number): Program {
  const layout = globalLayout(recipe);
  const payload = payloadLayout(recipe);
  const graph = new GraphBuilder([layout, ...Array.from({ length: members }, () => payload)]);
  const mean = (name: string): Value => {
    let sum = graph.input(name, 1);
    for (let member = 2; member <= members; member++) sum = graph.add(sum, graph.input(name, member));
    return graph.mul(sum, 1 / members);
  };
  const parameters = slotsOf(modelLayout(recipe.model));
  return graph.finish(
    layout,
    outerStep(graph, recipe, parameters, (name) => graph.input(name), mean),
  );
}
