import type { GraphBuilder, Value } from '../graph/builder.ts';
import type { StateSlot } from '../graph/types.ts';
import type { Outer, Recipe } from '../recipe.ts';
import { adamW, ratesAt } from './adamw.ts';
import { isScheduledByRun, ROUND } from './schedule.ts';

/** A tensor of the present global state, or of the mean pseudo-gradient, by the name of a slot. */
type Named = (name: string) => Value;

const MOMENTUM = 'outer.momentum';
const FIRST = 'outer.first';
const SECOND = 'outer.second';

/** What the outer optimiser keeps in the global state after the parameters: moments of each, and the number of rounds. */
export function outerSlots(recipe: Recipe, parameters: readonly StateSlot[]): readonly StateSlot[] {
  const moments = (order: string) => parameters.map((slot) => ({ ...slot, name: `${order}.${slot.name}` }));
  const round = isRoundCounted(recipe) ? [ROUND] : [];
  if (recipe.outer.name === 'nesterov') return [...moments(MOMENTUM), ...round];
  if (recipe.outer.name === 'adamw') return [...moments(FIRST), ...moments(SECOND), ...round];
  return round;
}

function isRoundCounted(recipe: Recipe): boolean {
  const { outer } = recipe;
  return outer.name === 'adamw' || (outer.name === 'sgd' && outer.lateFrom !== undefined) || isScheduledByRun(recipe);
}

/**
 * The outer step: the next global state, by the names of its slots, from the present one and the mean pseudo-gradient of each
 * parameter, which points uphill as a gradient does.
 */
export function outerStep(
  graph: GraphBuilder,
  recipe: Recipe,
  parameters: readonly StateSlot[],
  before: Named,
  mean: Named,
): Map<string, Value> {
  const { outer } = recipe;
  const next = new Map<string, Value>();
  if (isRoundCounted(recipe)) next.set(ROUND.name, graph.add(before(ROUND.name), 1));
  const names = parameters.map(({ name }) => name);
  if (outer.name === 'nesterov') for (const name of names) nesterov(graph, outer, name, before, mean, next);
  else if (outer.name === 'adamw') adamWStep(graph, outer, names, before, mean, next);
  else {
    const rate = rateOf(graph, outer, before);
    for (const name of names) next.set(name, graph.sub(before(name), times(graph, mean(name), rate)));
  }
  return next;
}

function times(graph: GraphBuilder, x: Value, rate: Value | number): Value {
  return rate === 1 ? x : graph.mul(x, rate);
}

/** The rate of plain descent. */
function rateOf(graph: GraphBuilder, outer: Outer<'sgd'>, before: Named): Value | number {
  const { learningRate, lateLearningRate, lateFrom } = outer;
  if (lateLearningRate === undefined || lateFrom === undefined) return learningRate;
  const isLate = graph.min(graph.max(graph.sub(before(ROUND.name), lateFrom - 1), 0), 1);
  const rates = graph.constant('f32', [2], Float32Array.of(learningRate, lateLearningRate));
  return graph.gather(rates, graph.toFixed(isLate, 0, 1));
}

/** m' = momentum m + g; p' = p - rate (g + momentum m'): the outer step of DiLoCo (Douillard et al. 2023). */
function nesterov(
  graph: GraphBuilder,
  { learningRate, momentum }: Outer<'nesterov'>,
  name: string,
  before: Named,
  mean: Named,
  next: Map<string, Value>,
): void {
  const g = mean(name);
  const velocity = graph.add(graph.mul(before(`${MOMENTUM}.${name}`), momentum), g);
  const ahead = graph.add(graph.mul(velocity, momentum), g);
  next.set(name, graph.sub(before(name), graph.mul(ahead, learningRate)));
  next.set(`${MOMENTUM}.${name}`, velocity);
}

/** AdamW whose steps are rounds. */
function adamWStep(
  graph: GraphBuilder,
  outer: Outer<'adamw'>,
  names: readonly string[],
  before: Named,
  mean: Named,
  next: Map<string, Value>,
): void {
  const rates = ratesAt(graph, outer, before(ROUND.name));
  for (const name of names) {
    const moments = {
      parameter: before(name),
      first: before(`${FIRST}.${name}`),
      second: before(`${SECOND}.${name}`),
    };
    const { parameter, first, second } = adamW(graph, moments, mean(name), rates, outer);
    next.set(name, parameter).set(`${FIRST}.${name}`, first).set(`${SECOND}.${name}`, second);
  }
}
