import type { GraphBuilder, Value } from '../graph/builder.ts';
import type { StateSlot } from '../graph/types.ts';
import type { Optimizer, Recipe } from '../recipe.ts';
import { rateAt, ratesAt, type Rates } from './adamw.ts';

/** Of the global state: the number of rounds before this one. */
export const ROUND: StateSlot = { name: 'outer.round', dtype: 'f32', shape: [1] };

/** Whether inner steps read the number of the round. */
export function isScheduledByRun({ optimizer }: Recipe): boolean {
  return optimizer.name !== 'sgd' && optimizer.schedule === 'run';
}

/** The learning rate of an inner step, on demand, and the factors of AdamW's update; each of one element. */
export type Scheduled = { rate(): Value; readonly factors: Rates };

/**
 * The rates of an inner step. A schedule of the run counts the steps of all rounds, so that it survives the end of an epoch;
 * bias corrections follow the moments, which start from zero with each epoch.
 */
export function scheduled(
  graph: GraphBuilder,
  recipe: Recipe,
  optimizer: Optimizer<'adamw' | 'muon'>,
  before: (name: string) => Value,
): Scheduled {
  const step = before('step');
  if (!isScheduledByRun(recipe)) {
    return { rate: () => rateAt(graph, optimizer, step), factors: ratesAt(graph, optimizer, step) };
  }
  const { steps, epoch } = recipe.round;
  const full = graph.mul(graph.floor(graph.div(step, graph.scalar(steps))), steps);
  const rate = rateAt(graph, optimizer, graph.add(graph.mul(before(ROUND.name), steps), graph.sub(step, full)));
  const constant = { learningRate: 1, warmupSteps: 0, finalFraction: 1, weightDecay: 0, steps: steps * epoch };
  const { update, epsilon } = ratesAt(graph, { ...optimizer, ...constant }, step);
  const keep = graph.sub(graph.scalar(1), graph.mul(rate, optimizer.weightDecay));
  return { rate: () => rate, factors: { update: graph.mul(update, rate), epsilon, keep } };
}
