import { availableParallelism } from 'node:os';
import { Option } from 'commander';

import type { Dataset } from '../engine/data/dataset.ts';
import { SwarmlockError } from '../engine/errors.ts';
import { chooseKernel } from '../engine/onnx/self_test.ts';
import type { Kernel } from '../engine/onnx/lowering.ts';
import { parseRecipe, type Recipe } from '../engine/recipe.ts';
import { hexOf, log, numberOption } from './lib/bench.ts';
import { cheatsOption, kindsNamed, type CheatKind } from './lib/churn/cheats.ts';
import { createTurns, curveInProcess } from './lib/curve-processes.ts';
import type { Deeds, Ledger } from './lib/endurance/ledger.ts';
import { playRun, type Played } from './lib/endurance/play.ts';
import { comparison, onEqualTokens } from './lib/equal-tokens.ts';
import { createHeldOut } from './lib/held-out.ts';
import { fittedTo, recipeOf } from './lib/recipe-files.ts';
import { dataOption, datasetAt } from './lib/recipes.ts';
import { parametersOf, wireOfAMillion } from './lib/wire.ts';

export const description =
  'a run of full length in one process whose members come, go, drop out and cheat, against one machine on equal tokens';

export const options = [
  dataOption(),
  numberOption('--rounds <n>', 'rounds of the run', 800),
  numberOption('--steps <n>', 'inner steps of a round', 6),
  numberOption('--batch <n>', 'sequences of an inner step', 40),
  numberOption('--learning-rate <x>', 'of inner steps, at its peak', 0.03),
  numberOption('--outer-rate <x>', 'of the outer step', 3),
  numberOption('--honest <n>', 'places that honest miners take, one after the other', 7),
  numberOption('--lanes <n>', 'places that cheats take, one after the other', 3),
  cheatsOption(),
  numberOption('--audit-rate <q>', 'probability of being drawn after probation', 0.1),
  numberOption('--probation <n>', 'rounds in which a newcomer is drawn for certain, and cheats are honest', 5),
  new Option('--aggregate <name>', 'of the payloads')
    .choices(['mean', 'clipped-mean', 'trimmed-mean', 'centered-clip'])
    .default('clipped-mean'),
  numberOption('--seed <n>', 'of who comes and goes, of parameters and batches', 1),
  numberOption('--processes <n>', 'curves that are measured at once', availableParallelism()),
  new Option('--model <json>', "fields of the model other than the recipe's own").default('{}'),
];

type Options = {
  readonly data: string;
  readonly rounds: number;
  readonly steps: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly outerRate: number;
  readonly honest: number;
  readonly lanes: number;
  readonly cheats: string;
  readonly auditRate: number;
  readonly probation: number;
  readonly aggregate: 'mean' | 'clipped-mean' | 'trimmed-mean' | 'centered-clip';
  readonly seed: number;
  readonly processes: number;
  readonly model: string;
};

/** Losses are told as often as this in a run. */
const TOLD = 8;
/** Of a member's round. */
const SEGMENTS = 3;

/**
 * `centralLoss` is that of one machine on as many tokens as a chain would have counted: as many steps as a member takes.
 * `gapPercent` is how far the swarm's loss is above it. `calmLoss` is that of a swarm by the same recipe, with as many members
 * as are there on average, of which nobody comes, goes or cheats; `churnPercent` is what all that costs.
 */
export async function run(given: Record<string, unknown>): Promise<object> {
  const options = given as Options;
  const { rounds, honest, lanes, seed, auditRate, probation, aggregate } = options;
  const kinds = kindsNamed(options.cheats);
  if (lanes >= honest) {
    throw new SwarmlockError(`${lanes} cheats are not fewer than ${honest} honest miners`, {
      code: 'BENCH_OPTION_INVALID',
      argument: '--lanes',
    });
  }
  const file = await recipeOf('sparseloco');
  const dataset = await datasetAt(options.data, file.model.context);
  const recipe = recipeFor(file, dataset, options);
  const kernel = await chooseKernel();
  const executor = { kernel, threads: 1 };
  const plot = { rounds, seed, honest, cheats: lanes, kinds, probation };
  const heldOut = await createHeldOut(recipe, dataset, executor);
  const every = Math.ceil(rounds / TOLD);
  const played = await playRun({ recipe, dataset, plot, auditRate, executor }, async (round, global) => {
    if (round % every === 0) log(`round ${round}: held-out loss ${(await heldOut.loss(global)).toFixed(4)}`);
  });
  const loss = await heldOut.loss(played.global);
  await heldOut.close();
  log(`after ${rounds} rounds: held-out loss ${loss.toFixed(4)}`);
  const parameters = parametersOf(recipe.model);
  return {
    aggregate,
    rounds,
    auditRate,
    probation,
    ...membersOf(played),
    ...cheatsOf(played, kinds),
    loss,
    ...(await compared(recipe, { played, loss, kernel, dataset }, options)),
    parameters,
    bytesPerRound: Math.round(played.bytes),
    bitsPerParameter: (8 * played.bytes) / parameters,
    ofAMillion: await wireOfAMillion(recipe, { dataset, executor }),
  };
}

function recipeFor(file: Recipe, dataset: Dataset, options: Options): Recipe {
  const { rounds, steps, seed, honest, lanes, batch, learningRate, outerRate, aggregate: name } = options;
  const model = JSON.parse(options.model) as Partial<Recipe['model']>;
  const optimizer = { ...file.optimizer, learningRate };
  const tuned = { ...file, batch, optimizer, outer: { name: 'sgd', learningRate: outerRate } as const };
  const fitted = fittedTo(tuned, { steps: rounds * steps, innerSteps: steps, dataset, seed: hexOf(seed), model });
  const aggregation = name === 'trimmed-mean' ? { name, trim: lanes / (honest + lanes) } : { name };
  return parseRecipe({ ...fitted, aggregation, round: { ...fitted.round, segments: SEGMENTS } });
}

function membersOf({ members, joined, left, dropped }: Ledger) {
  const mean = members.reduce((a, b) => a + b, 0) / members.length;
  return { members: { joined, left, dropped, most: Math.max(...members), fewest: Math.min(...members), mean } };
}

function cheatsOf({ audits, honestConvicted, cheats }: Ledger, kinds: readonly CheatKind[]) {
  const isConvicted = ({ convictedIn }: Deeds) => convictedIn !== undefined;
  const byKind = kinds.map((kind) => {
    const some = cheats.filter((deeds) => deeds.kind === kind);
    const rounds = some.filter(isConvicted).map((deeds) => deeds.rounds);
    return {
      kind,
      cheats: some.length,
      convicted: rounds.length,
      /** Until conviction. */
      meanRounds: rounds.reduce((a, b) => a + b, 0) / rounds.length,
      mostRounds: Math.max(...rounds),
      why: [...new Set(some.flatMap(({ why }) => why ?? []))],
    };
  });
  return {
    audits,
    cheats: byKind,
    wrongPayloads: cheats.reduce((sum, { accepted }) => sum + accepted, 0),
    everyCheatConvicted: cheats.every(isConvicted),
    honestConvicted,
  };
}

type Reached = {
  readonly played: Played;
  readonly loss: number;
  readonly kernel: Kernel;
  readonly dataset: Dataset;
};

async function compared(
  recipe: Recipe,
  { played: { tokens }, loss, kernel, dataset }: Reached,
  { rounds, data, processes }: Options,
) {
  const equal = await onEqualTokens(recipe, dataset, { rounds, tokens });
  const { steps, alone, miners } = equal;
  const turn = createTurns(processes);
  const [central, calm] = await Promise.all([
    turn(() => curveInProcess({ recipe: alone, steps, data, kernel })),
    turn(() => curveInProcess({ recipe, steps, miners, data, kernel })),
  ]);
  return { tokens, ...comparison(loss, equal, central, calm) };
}
