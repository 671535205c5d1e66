import { mkdir, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { dirname } from 'node:path';
import { Option } from 'commander';
import { lossPlot } from '../cli/demo/plot.ts';
import { SwarmlockError } from '../engine/errors.ts';
import type { Kernel } from '../engine/onnx/lowering.ts';
import { chooseKernel } from '../engine/onnx/self_test.ts';
import type { Recipe } from '../engine/recipe.ts';
import { hexOf, log, numberOption } from './lib/bench.ts';
import { createTurns, curveInProcess } from './lib/curve-processes.ts';
import type { Curve, SwarmCurve } from './lib/curves.ts';
import { centralRecipe, fittedTo, recipeNames, recipeOf, type Run } from './lib/recipe-files.ts';
import { dataOption, datasetAt } from './lib/recipes.ts';
import { parametersOf, wireOfAMillion } from './lib/wire.ts';

export const description = 'held-out loss of a swarm by each recipe against one machine on equal tokens, several seeds';

export const options = [
  dataOption(),
  new Option('--recipes <names>', 'recipes of cli/recipes, by commas; by default all of them'),
  new Option('--h <list>', 'inner steps of a round, by commas; a recipe of one step keeps to it').default('15,30'),
  numberOption('--rounds <n>', 'rounds at the first number of inner steps; every run takes as many steps', 800),
  numberOption('--seeds <n>', 'number of seeds', 3),
  numberOption('--miners <n>', 'members of a swarm', 4),
  numberOption('--processes <n>', 'curves that are measured at once', availableParallelism()),
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
  processes: number;
  model: string;
  plot: string;
};

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

/** A recipe at a length of rounds, and its curve of each seed. */
type Measured = { readonly file: Recipe; readonly innerSteps: number; readonly curves: readonly SwarmCurve[] };

/** `bytesPerRound` and `bitsPerParameter` count every byte that one member sends, framing included. */
export async function run(given: Record<string, unknown>) {
  const { recipes, h, rounds, seeds, miners, processes, model, plot, data } = given as Options;
  const files = await Promise.all((recipes?.split(',') ?? (await recipeNames())).map(recipeOf));
  const { lengths, steps } = lengthsOf(h, rounds);
  const shape = { ...files[0]!.model, ...(JSON.parse(model) as Partial<Recipe['model']>) };
  const dataset = await datasetAt(data, shape.context);
  const kernel = await chooseKernel();
  const kinds = files.flatMap((file) =>
    (file.round.steps === 1 ? [1] : lengths).map((innerSteps) => ({ file, innerSteps })),
  );
  const turn = createTurns(processes);
  const measure = { data, miners, kernel, turn };
  const measured = await Promise.all(
    Array.from({ length: seeds }, (_, i) =>
      measureSeed(kinds, { steps, dataset, seed: hexOf(i + 1), model: shape }, measure),
    ),
  );
  const central = measured.map((of) => of.central);
  const runs = kinds.map((kind, i): Measured => ({ ...kind, curves: measured.map(({ swarms }) => swarms[i]!) }));
  await mkdir(dirname(plot), { recursive: true });
  await writeFile(plot, plotOf(runs, central));
  log(`curves: ${plot}`);
  const parameters = parametersOf(shape);
  const setting = { dataset, executor: { kernel, threads: 1 } };
  const rows = [];
  for (const one of runs) {
    const ofAMillion = await wireOfAMillion(one.file, setting);
    rows.push({ ...rowOf(one, central, parameters), ofAMillion });
  }
  return { recipes: rows, parameters, miners, steps, batch: files[0]!.batch, model: shape, plot };
}

/** Inner steps of a round, and of the whole run. @throws BENCH_OPTION_INVALID */
function lengthsOf(h: string, rounds: number): { lengths: readonly number[]; steps: number } {
  const lengths = h.split(',').map(Number);
  const steps = rounds * lengths[0]!;
  if (lengths.every((length) => Number.isInteger(length) && length > 0 && steps % length === 0))
    return { lengths, steps };
  throw new SwarmlockError(`${rounds} rounds of the first of ${h} steps do not divide into rounds of the others`, {
    code: 'BENCH_OPTION_INVALID',
    argument: '--h',
  });
}

type Measure = {
  readonly data: string;
  readonly miners: number;
  readonly kernel: Kernel;
  readonly turn: ReturnType<typeof createTurns>;
};

/** Trains one machine and every swarm from the same parameters. */
async function measureSeed(
  kinds: readonly Omit<Measured, 'curves'>[],
  fields: Omit<Run, 'innerSteps'>,
  { data, miners, kernel, turn }: Measure,
): Promise<{ central: Curve; swarms: readonly SwarmCurve[] }> {
  const { steps, seed } = fields;
  const named = async <T extends Curve>(name: string, curve: Promise<T>): Promise<T> => {
    log(`seed ${Number(seed)}: ${name}: ${(await curve).loss.toFixed(4)}`);
    return curve;
  };
  const { batch } = await recipeOf('adamw-sync');
  const one = await centralRecipe(fields, batch * miners);
  const central = turn(() => curveInProcess({ recipe: one, steps, data, kernel }));
  const swarms = kinds.map(({ file, innerSteps }) => {
    const recipe = fittedTo(file, { ...fields, innerSteps });
    const curve = turn(() => curveInProcess({ recipe, steps, miners, data, kernel }));
    return named(`${file.name}, H = ${innerSteps}`, curve);
  });
  return { central: await named(`one machine, ${steps} steps`, central), swarms: await Promise.all(swarms) };
}

function rowOf({ file, innerSteps, curves }: Measured, central: readonly Curve[], parameters: number) {
  const bytes = mean(curves.map((curve) => curve.bytes));
  return {
    name: file.name,
    innerSteps,
    tokens: curves[0]!.tokens,
    loss: mean(curves.map(({ loss }) => loss)),
    centralLoss: mean(central.map(({ loss }) => loss)),
    gapPercent: gapPercent(curves, central),
    bytesPerRound: Math.round(bytes),
    bitsPerParameter: (8 * bytes) / parameters,
    losses: curves.map(({ loss }) => loss),
    centralLosses: central.map(({ loss }) => loss),
  };
}

function gapPercent(curves: readonly Curve[], central: readonly Curve[]): number {
  const [loss, expected] = [curves, central].map((of) => mean(of.map((curve) => curve.loss)));
  return (100 * (loss! - expected!)) / expected!;
}

const COLOURS = ['#111827', '#2563eb', '#60a5fa', '#d97706', '#fbbf24', '#059669', '#34d399', '#dc2626', '#f87171'];

/** Means over seeds. */
function plotOf(runs: readonly Measured[], central: readonly Curve[]): string {
  const swarms = runs.map(({ file, innerSteps, curves }) => ({ name: `${file.name}, H = ${innerSteps}`, curves }));
  const curves = [{ name: 'one machine', curves: central }, ...swarms].map(({ name, curves: of }, i) => ({
    name,
    colour: COLOURS[i % COLOURS.length]!,
    points: of[0]!.points.map(({ tokens }, at) => ({ tokens, loss: mean(of.map(({ points }) => points[at]!.loss)) })),
  }));
  return lossPlot('Held-out loss by recipe, equal tokens', curves);
}
