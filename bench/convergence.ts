import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { Option } from 'commander';
import { lossPlot, type Point } from '../cli/demo/plot.ts';
import type { Dataset } from '../engine/data/dataset.ts';
import { stateBytes, type State } from '../engine/graph/state.ts';
import { modelLayout } from '../engine/nn/decoder.ts';
import type { ExecutorOptions } from '../engine/onnx/executor.ts';
import { chooseKernel } from '../engine/onnx/self_test.ts';
import { parseRecipe, type Optimizer, type Recipe } from '../engine/recipe.ts';
import { log, numberOption } from './lib/bench.ts';
import { createCentral } from './lib/central.ts';
import { createHeldOut } from './lib/held-out.ts';
import { fittedTo, recipeNames, recipeOf, type Run } from './lib/recipe-files.ts';
import { dataOption, datasetAt } from './lib/recipes.ts';
import { createSwarm } from './lib/swarm.ts';

export const description = 'held-out loss of a swarm by each recipe against one machine on equal tokens, several seeds';

export const options = [
  dataOption(),
  new Option('--recipes <names>', 'recipes of cli/recipes, by commas; by default all of them'),
  new Option('--h <list>', 'inner steps of a round, by commas; a recipe of one step keeps to it').default('15,30'),
  numberOption('--rounds <n>', 'rounds at the first number of inner steps; every run takes as many steps', 100),
  numberOption('--seeds <n>', 'number of seeds', 3),
  numberOption('--miners <n>', 'members of a swarm', 4),
  new Option('--model <json>', "fields of the model other than the recipes' own").default('{}'),
  new Option('--plot <path>', 'where the curves are drawn').default('.swarmlock/convergence.svg'),
];

type Options = {
  data: string;
  recipes?: string;
  h: string;
  rounds: number;
  seeds: number;
  miners: number;
  model: string;
  plot: string;
};

/** Evaluations along a curve. */
const POINTS = 8;

const hexOf = (n: number) => `0x${n.toString(16).padStart(64, '0')}` as const;
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

type Curve = { readonly points: readonly Point[]; readonly loss: number };
type Swarmed = Curve & { readonly tokens: number; readonly bytes: number };
type Setting = { readonly dataset: Dataset; readonly miners: number; readonly executor: ExecutorOptions };

/** `bytesPerRound` and `bitsPerParameter` count every byte that one member sends, framing included. */
export async function run(given: Record<string, unknown>) {
  const { recipes, h, rounds, seeds, miners, model, plot, data } = given as Options;
  const names = recipes?.split(',') ?? (await recipeNames());
  const files = await Promise.all(names.map(recipeOf));
  const lengths = h.split(',').map(Number);
  const steps = rounds * lengths[0]!;
  const shape = JSON.parse(model) as Partial<Recipe['model']>;
  const dataset = await datasetAt(data, { ...files[0]!.model, ...shape }.context);
  const setting = { dataset, miners, executor: { kernel: await chooseKernel(), threads: 1 } };
  const runs = files.flatMap((file) =>
    (file.round.steps === 1 ? [1] : lengths).map((innerSteps) => ({ file, innerSteps, curves: [] as Swarmed[] })),
  );
  const central: Curve[] = [];
  for (let seed = 1; seed <= seeds; seed++) {
    const fields = { steps, dataset, seed: hexOf(seed), model: shape };
    const baseline = await centralCurve(await centralRecipe(fields, miners), setting);
    central.push(baseline);
    log(`seed ${seed}: one machine, ${steps} steps: ${baseline.loss.toFixed(4)}`);
    for (const { file, innerSteps, curves } of runs) {
      const curve = await swarmCurve(fittedTo(file, { ...fields, innerSteps }), steps, setting);
      curves.push(curve);
      log(`seed ${seed}: ${file.name}, H = ${innerSteps}: ${curve.loss.toFixed(4)}, ${gapOf([curve], [baseline])}%`);
    }
  }
  await mkdir(dirname(plot), { recursive: true });
  const named = runs.map(({ file, innerSteps, curves }) => ({ name: `${file.name}, H = ${innerSteps}`, curves }));
  await writeFile(plot, plotOf([{ name: 'one machine', curves: central }, ...named]));
  log(`curves: ${plot}`);
  const parameters = stateBytes(modelLayout({ ...files[0]!.model, ...shape })) / 4;
  return {
    recipes: runs.map(({ file, innerSteps, curves }) => ({
      name: file.name,
      innerSteps,
      tokens: curves[0]!.tokens,
      loss: mean(curves.map(({ loss }) => loss)),
      centralLoss: mean(central.map(({ loss }) => loss)),
      gapPercent: Number(gapOf(curves, central)),
      bytesPerRound: Math.round(mean(curves.map(({ bytes }) => bytes))),
      bitsPerParameter: (8 * mean(curves.map(({ bytes }) => bytes))) / parameters,
      losses: curves.map(({ loss }) => loss),
    })),
    centralLosses: central.map(({ loss }) => loss),
    parameters,
    miners,
    steps,
    plot,
  };
}

function gapOf(curves: readonly Curve[], central: readonly Curve[]): string {
  const [loss, expected] = [curves, central].map((of) => mean(of.map((curve) => curve.loss)));
  return ((100 * (loss! - expected!)) / expected!).toFixed(2);
}

/** AdamW on one machine, with the batch of a whole swarm: what synchronous AdamW computes. */
async function centralRecipe(fields: Omit<Run, 'innerSteps'>, miners: number): Promise<Recipe> {
  const { outer, ...recipe } = fittedTo(await recipeOf('adamw-sync'), { ...fields, innerSteps: 1 });
  return parseRecipe({ ...recipe, optimizer: outer as Optimizer<'adamw'>, batch: recipe.batch * miners });
}

async function centralCurve(recipe: Recipe, { dataset, executor }: Setting): Promise<Curve> {
  const { steps } = recipe.optimizer as Optimizer<'adamw'>;
  const seed = recipe.seed as `0x${string}`;
  const central = await createCentral(recipe, dataset, seed, { ...executor, threads: 0 });
  const points = await curveOf(recipe, { dataset, executor }, steps, async (taken) => ({
    global: await central.train(taken),
    tokens: taken * recipe.batch * recipe.model.context,
  }));
  await central.close();
  return { points, loss: points.at(-1)!.loss };
}

async function swarmCurve(recipe: Recipe, steps: number, { dataset, miners, executor }: Setting): Promise<Swarmed> {
  const swarm = await createSwarm({ recipe, dataset, miners, executor, seed: recipe.seed as `0x${string}` });
  const sizes: number[] = [];
  const points = await curveOf(recipe, { dataset, executor }, steps / recipe.round.steps, async (rounds) => {
    const before = swarm.tokens;
    for (let i = 0; i < rounds; i++) sizes.push((await swarm.play()).bytes);
    return { global: swarm.global, tokens: swarm.tokens - before };
  });
  const { tokens } = swarm;
  await swarm.close();
  return { points, loss: points.at(-1)!.loss, tokens, bytes: mean(sizes) };
}

/** Goes on in about equal parts, and evaluates after each. */
async function curveOf(
  recipe: Recipe,
  { dataset, executor }: Pick<Setting, 'dataset' | 'executor'>,
  length: number,
  goOn: (part: number) => Promise<{ global: State; tokens: number }>,
): Promise<Point[]> {
  const heldOut = await createHeldOut(recipe, dataset, executor);
  const points: Point[] = [];
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

const COLOURS = ['#111827', '#2563eb', '#60a5fa', '#d97706', '#fbbf24', '#059669', '#34d399', '#dc2626', '#f87171'];

/** Means over seeds. */
function plotOf(groups: readonly { name: string; curves: readonly Curve[] }[]): string {
  const curves = groups.map(({ name, curves: of }, i) => ({
    name,
    colour: COLOURS[i % COLOURS.length]!,
    points: of[0]!.points.map(({ tokens }, at) => ({ tokens, loss: mean(of.map(({ points }) => points[at]!.loss)) })),
  }));
  return lossPlot('Held-out loss by recipe', curves);
}
