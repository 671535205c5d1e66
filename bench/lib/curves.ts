import type { Dataset } from '../../engine/data/dataset.ts';
import type { State } from '../../engine/graph/state.ts';
import type { ExecutorOptions } from '../../engine/onnx/executor.ts';
import type { Recipe } from '../../engine/recipe.ts';
import { createCentral } from './central.ts';
import { createHeldOut } from './held-out.ts';
import { createSwarm } from './swarm.ts';

/** Evaluations along a curve. */
const POINTS = 8;

/** Held-out loss over tokens, and at the end. */
export type Curve = { readonly points: readonly { tokens: number; loss: number }[]; readonly loss: number };

/** `bytes` are those that one member sends in a round. */
export type SwarmCurve = Curve & { readonly tokens: number; readonly bytes: number };
export type Setting = { readonly dataset: Dataset; readonly miners: number; readonly executor: ExecutorOptions };

/** One machine over `steps` steps. */
export async function centralCurve(
  recipe: Recipe,
  steps: number,
  { dataset, executor }: Omit<Setting, 'miners'>,
): Promise<Curve> {
  const central = await createCentral(recipe, dataset, recipe.seed as `0x${string}`, executor);
  const points = await curveOf(recipe, { dataset, executor }, steps, async (taken) => ({
    global: await central.train(taken),
    tokens: taken * recipe.batch * recipe.model.context,
  }));
  await central.close();
  return { points, loss: points.at(-1)!.loss };
}

/** A swarm whose members take `steps` steps each. */
export async function swarmCurve(
  recipe: Recipe,
  steps: number,
  { dataset, miners, executor }: Setting,
): Promise<SwarmCurve> {
  const swarm = await createSwarm({ recipe, dataset, miners, executor, seed: recipe.seed as `0x${string}` });
  const sizes: number[] = [];
  const points = await curveOf(recipe, { dataset, executor }, steps / recipe.round.steps, async (rounds) => {
    const before = swarm.tokens;
    for (let i = 0; i < rounds; i++) sizes.push((await swarm.play()).bytes);
    return { global: swarm.global, tokens: swarm.tokens - before };
  });
  const { tokens } = swarm;
  await swarm.close();
  return { points, loss: points.at(-1)!.loss, tokens, bytes: sizes.reduce((a, b) => a + b, 0) / sizes.length };
}

/** Goes on in about equal parts, and evaluates after each. */
async function curveOf(
  recipe: Recipe,
  { dataset, executor }: Pick<Setting, 'dataset' | 'executor'>,
  length: number,
  goOn: (part: number) => Promise<{ global: State; tokens: number }>,
): Promise<Curve['points']> {
  const heldOut = await createHeldOut(recipe, dataset, executor);
  const points: { tokens: number; loss: number }[] = [];
  let [done, tokens] = [0, 0];
  for (let i = 1; i <= POINTS; i++) {
    const part = Math.round((i * length) / POINTS) - done;
    if (part === 0) continue;
    done += part;
    const reached = await goOn(part);
    tokens += reached.tokens;
    points.push({ tokens, loss: await heldOut.loss(reached.global) });
  }
  await heldOut.close();
  return points;
}
