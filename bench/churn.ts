import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Option } from 'commander';

import { blobsOf } from '../cli/demo/actors.ts';
import { startFleet } from '../cli/demo/fleet.ts';
import { projectRoot } from '../cli/demo/hardhat.ts';
import { stateReader } from '../cli/demo/swarm-state.ts';
import type { Dataset } from '../engine/data/dataset.ts';
import { chooseKernel } from '../engine/onnx/self_test.ts';
import { parseRecipe, type Recipe } from '../engine/recipe.ts';
import { hexOf, log, numberOption } from './lib/bench.ts';
import { cheatsOption, kindsNamed } from './lib/churn/cheats.ts';
import { cheatOutcomes, honestLosses, membersOf, timesOf, trainedBy } from './lib/churn/outcome.ts';
import { play, type Played } from './lib/churn/play.ts';
import { lastCheat, writeScript, type Plot } from './lib/churn/script.ts';
import { setStage, type Stage } from './lib/churn/stage.ts';
import { centralCurve, swarmCurve } from './lib/curves.ts';
import { comparison, onEqualTokens } from './lib/equal-tokens.ts';
import { createHeldOut } from './lib/held-out.ts';
import { fittedTo, recipeOf } from './lib/recipe-files.ts';
import { dataOption, datasetAt } from './lib/recipes.ts';
import { parametersOf } from './lib/wire.ts';

export const description =
  'miners that come, go, crash and cheat on a local chain, against one machine on equal tokens';

export const options = [
  dataOption(),
  numberOption('--rounds <n>', 'rounds of the run', 20),
  numberOption('--founders <n>', 'honest miners that are there from the start', 5),
  numberOption('--guests <n>', 'honest miners that come later', 3),
  numberOption('--lanes <n>', 'cheats that are there at a time', 3),
  cheatsOption(),
  numberOption('--steps <n>', 'inner steps of a round', 15),
  numberOption('--audit-rate <q>', 'probability of being drawn after probation', 0.25),
  numberOption('--probation <n>', 'rounds in which a newcomer is drawn for certain', 2),
  numberOption('--seed <n>', 'of the script and of the parameters', 1),
  new Option('--model <json>', "fields of the model other than the recipe's own").default('{"depth":1}'),
  new Option('--keep', 'keep the folder with logs and chain'),
];

type Options = {
  readonly data: string;
  readonly rounds: number;
  readonly founders: number;
  readonly guests: number;
  readonly lanes: number;
  readonly cheats: string;
  readonly steps: number;
  readonly auditRate: number;
  readonly probation: number;
  readonly seed: number;
  readonly model: string;
  readonly keep?: boolean;
};

/**
 * `centralLoss` is that of one machine on as many tokens as the chain has verified: as many steps as a member takes, on the
 * batch of the whole swarm. `gapPercent` is how far the swarm's loss is above it. `calmLoss` is that of a swarm by the same
 * recipe of which nobody comes, goes or cheats, and `churnPercent` what all that costs.
 */
export async function run(given: Record<string, unknown>): Promise<object> {
  const options = given as Options;
  const { rounds, probation, auditRate, keep } = options;
  const script = writeScript(plotOf(options));
  if (lastCheat(script) > rounds)
    log(`the script's last cheat is in round ${lastCheat(script)}: more rounds let it play`);
  const shape = { ...(await recipeOf('sparseloco')).model, ...(JSON.parse(options.model) as Partial<Recipe['model']>) };
  const dataset = await datasetAt(options.data, shape.context);
  const recipe = await recipeFor(options, dataset, shape);
  await mkdir(join(projectRoot, '.swarmlock'), { recursive: true });
  const folder = await mkdtemp(join(projectRoot, '.swarmlock', 'churn-'));
  log(`${script.length} miners, ${rounds} rounds; everything is in ${folder}`);
  const fleet = startFleet();
  try {
    const setting = { recipe, dataPath: resolve(options.data), folder, script, rounds, auditRate, probation };
    const stage = await setStage(setting, fleet);
    const played = await play(stage, rounds);
    const cheats = await cheatOutcomes(stage, played);
    const losses = await honestLosses(stage, played);
    await fleet.stop();
    const result = {
      ...membersOf(stage, played, rounds),
      rounds,
      auditRate,
      probation,
      cheats,
      everyCheatConvicted: cheats.every(({ convictedIn }) => convictedIn !== undefined),
      ...losses,
      ...(await training(stage, played, rounds, dataset)),
      ...(await timesOf(stage, played, rounds)),
    };
    if (!keep) await rm(folder, { recursive: true, force: true });
    return result;
  } finally {
    await fleet.stop();
  }
}

function plotOf({ rounds, seed, founders, guests, lanes, cheats, probation }: Options): Plot {
  return { rounds, seed, founders, guests, lanes, kinds: kindsNamed(cheats), probation };
}

async function recipeFor({ rounds, steps, seed }: Options, dataset: Dataset, model: Recipe['model']): Promise<Recipe> {
  const fields = { steps: rounds * steps, innerSteps: steps, dataset, seed: hexOf(seed), model };
  const fitted = fittedTo(await recipeOf('sparseloco'), fields);
  return parseRecipe({ ...fitted, round: { ...fitted.round, segments: 3 } });
}

/** What the swarm has learned, by how many bytes, and what one machine learns. */
async function training({ recipe, folder }: Stage, played: Played, rounds: number, dataset: Dataset) {
  const { root, tokens, bytesPerRound } = trainedBy(played, rounds);
  const executor = { kernel: await chooseKernel(), threads: 1 };
  const heldOut = await createHeldOut(recipe, dataset, executor);
  const loss = await heldOut.loss(await stateReader(recipe, blobsOf(folder))(root));
  await heldOut.close();
  const equal = await onEqualTokens(recipe, dataset, { rounds, tokens });
  const { steps, miners } = equal;
  const central = await centralCurve(equal.alone, steps, { dataset, executor: { ...executor, threads: 0 } });
  const calm = await swarmCurve(recipe, steps, { dataset, miners, executor });
  const parameters = parametersOf(recipe.model);
  return {
    tokens,
    loss,
    ...comparison(loss, equal, central, calm),
    parameters,
    bytesPerRound,
    bitsPerParameter: (8 * bytesPerRound) / parameters,
  };
}
