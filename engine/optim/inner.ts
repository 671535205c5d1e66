import type { GraphBuilder, Value } from '../graph/builder.ts';
import type { StateSlot } from '../graph/types.ts';
import type { Recipe } from '../recipe.ts';
import { adamW } from './adamw.ts';
import { muon } from './muon.ts';
import { scheduled } from './schedule.ts';

/** What the inner optimiser keeps of each parameter, besides the counter `step`. */
export type MomentSlots = { readonly first: readonly StateSlot[]; readonly second: readonly StateSlot[] };

/** Muon is for matrices that map activations to activations; embeddings and heads look rows up, in effect. */
function isOrthogonalised({ name, shape }: StateSlot): boolean {
  return shape.length === 2 && name !== 'embedding' && name !== 'head';
}

export function momentSlots({ optimizer }: Recipe, parameters: readonly StateSlot[]): MomentSlots {
  const moments = (order: string, of: readonly StateSlot[]) =>
    of.map((slot) => ({ ...slot, name: `${order}.${slot.name}` }));
  if (optimizer.name === 'sgd') return { first: [], second: [] };
  const squared = optimizer.name === 'muon' ? parameters.filter((slot) => !isOrthogonalised(slot)) : parameters;
  return { first: moments('first', parameters), second: moments('second', squared) };
}

/**
 * One inner step: the next parameters, moments and step counter by the names of their slots, from the present ones and the
 * gradient of each parameter.
 */
export function innerStep(
  graph: GraphBuilder,
  recipe: Recipe,
  parameters: readonly StateSlot[],
  before: (name: string) => Value,
  gradient: (name: string) => Value,
): Map<string, Value> {
  const { optimizer } = recipe;
  const next = new Map<string, Value>();
  const count = () => next.set('step', graph.add(before('step'), 1));
  if (optimizer.name === 'sgd') {
    count();
    for (const { name } of parameters) {
      const { learningRate } = optimizer;
      next.set(name, graph.sub(before(name), graph.mul(gradient(name), learningRate)));
    }
    return next;
  }
  const { rate, factors } = scheduled(graph, recipe, optimizer, before);
  count();
  for (const slot of parameters) {
    const { name } = slot;
    const [parameter, first] = [before(name), before(`first.${name}`)];
    if (optimizer.name === 'muon' && isOrthogonalised(slot)) {
      const after = muon(graph, { parameter, first }, gradient(name), { rate: rate(), keep: factors.keep }, optimizer);
      next.set(name, after.parameter).set(`first.${name}`, after.first);
      continue;
    }
    const after = adamW(
      graph,
      { parameter, first, second: before(`second.${name}`) },
      gradient(name),
      factors,
      optimizer,
    );
    next.set(name, after.parameter).set(`first.${name}`, after.first).set(`second.${name}`, after.second);
  }
  return next;
}
