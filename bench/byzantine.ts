import { Option } from 'commander';
import { stateRoot } from '../engine/commit/reference.ts';
import type { Dataset } from '../engine/data/dataset.ts';
import { heldOutBatches } from '../engine/data/evaluation.ts';
import { SwarmlockError } from '../engine/errors.ts';
import { chooseKernel } from '../engine/onnx/self_test.ts';
import type { ExecutorOptions } from '../engine/onnx/executor.ts';
import type { Recipe, RecipeInput } from '../engine/recipe.ts';
import { evaluateLoss } from '../engine/training.ts';
import { attacks, type Attack } from './lib/attacks.ts';
import { log, numberOption } from './lib/bench.ts';
import { dataOption, datasetAt, measuredRecipe } from './lib/recipes.ts';
import { createSwarm, type RoundEnds } from './lib/swarm.ts';

export const description = 'held-out loss with attackers among the members and no audits, by aggregate and attack';

const AGGREGATORS = ['mean', 'clipped-mean', 'trimmed-mean', 'centered-clip'];

export const options = [
  dataOption(),
  numberOption('--rounds <n>', 'rounds of every run', 20),
  numberOption('--steps <n>', 'inner steps of a round', 4),
  numberOption('--width <n>', 'width of the model', 32),
  numberOption('--batch <n>', 'sequences of an inner step', 16),
  numberOption('--learning-rate <x>', 'of inner steps', 1e-2),
  numberOption('--seed <n>', 'seed of parameters and batches', 1),
  new Option('--swarms <list>', 'attackers/members of each swarm').default('3/10,7/16'),
  new Option('--attacks <list>', 'attacks to play').default(Object.keys(attacks).join()),
  new Option('--aggregators <list>', 'aggregates to attack').default(AGGREGATORS.join()),
  new Option('--compression <name>', 'of payloads').choices(['none', 'sparseloco']).default('none'),
];

type Options = {
  readonly rounds: number;
  readonly steps: number;
  readonly width: number;
  readonly batch: number;
  readonly learningRate: number;
  readonly seed: number;
  readonly swarms: string;
  readonly attacks: string;
  readonly aggregators: string;
  readonly compression: 'none' | 'sparseloco';
};

type Swarm = { readonly attackers: number; readonly members: number };

type Row = Swarm & {
  readonly attack: string;
  readonly aggregator: string;
  readonly loss: number;
  readonly cleanLoss: number;
  readonly lossPercent: number;
  readonly detected: number;
};

/** Loss further above the clean one than this fraction is no longer robust. */
const TOLERANCE = 0.05;
const EVALUATION_ROWS = 64;
const EVALUATION_BATCHES = 8;
const CONTEXT = 32;

/**
 * `cleanLoss` is that of the plain mean when all members are honest, over the same rounds. `detected` counts the attackers
 * whose first round ends in another state than its re-execution: all of them are convicted where they are audited.
 */
export async function run(given: Record<string, unknown>) {
  const options = given as Options;
  const dataset = await datasetAt(given['data'], CONTEXT);
  const executor = { kernel: await chooseKernel(), threads: 1 };
  const rows: Row[] = [];
  for (const swarm of listOf(options.swarms).map(parseSwarm)) {
    const play = (aggregator: string, attack: Attack) =>
      lossUnder(recipeOf(options, dataset, aggregator, swarm), dataset, { ...swarm, ...options, executor, attack });
    // A wrong name should not cost a run.
    for (const attack of listOf(options.attacks)) attackNamed(attack, swarm);
    const clean = await play('mean', {});
    log(`${swarm.members} honest members, mean: loss ${clean.loss.toFixed(4)}`);
    for (const attack of listOf(options.attacks)) {
      for (const aggregator of listOf(options.aggregators)) {
        const attacked = await play(aggregator, attackNamed(attack, swarm));
        const lossPercent = 100 * (attacked.loss / clean.loss - 1);
        const detected = attacked.firstEnds.filter((root, member) => root !== clean.firstEnds[member]).length;
        rows.push({ ...swarm, attack, aggregator, loss: attacked.loss, cleanLoss: clean.loss, lossPercent, detected });
        log(
          `${swarm.attackers} of ${swarm.members} ${attack}, ${aggregator}: loss ${attacked.loss.toFixed(4)}, ${lossPercent.toFixed(1)}% above the clean one; re-execution tells ${detected}`,
        );
      }
    }
  }
  const within = rows.filter(({ lossPercent }) => lossPercent <= 100 * TOLERANCE);
  const robust = listOf(options.aggregators).map((aggregator) => {
    const isOf = (row: Row) => row.aggregator === aggregator;
    return { aggregator, attacks: rows.filter(isOf).length, within5Percent: within.filter(isOf).length };
  });
  return { rows, robust, detectedAll: rows.every(({ detected, attackers }) => detected === attackers) };
}

function listOf(list: string): readonly string[] {
  return list.split(',').filter((item) => item !== '');
}

function parseSwarm(text: string): Swarm {
  const [attackers = NaN, members = NaN] = text.split('/').map(Number);
  if (Number.isInteger(attackers) && attackers > 0 && Number.isInteger(members) && attackers < members)
    return { attackers, members };
  throw new SwarmlockError(`--swarms: ${text} is not attackers/members`, {
    code: 'BENCH_OPTION_INVALID',
    argument: '--swarms',
  });
}

function attackNamed(name: string, { attackers, members }: Swarm): Attack {
  const attack = attacks[name];
  if (attack !== undefined) return attack(members - attackers, attackers);
  throw new SwarmlockError(`--attacks: ${name} is none of ${Object.keys(attacks).join()}`, {
    code: 'BENCH_OPTION_INVALID',
    argument: '--attacks',
  });
}

function recipeOf(options: Options, dataset: Dataset, aggregator: string, { attackers, members }: Swarm): Recipe {
  const { steps, width, batch, learningRate, compression, seed } = options;
  const trim = attackers / members;
  const aggregation = aggregator === 'trimmed-mean' ? { name: aggregator, trim } : { name: aggregator };
  return measuredRecipe(
    { depth: 1, width, heads: 2, context: CONTEXT },
    {
      batch,
      round: { steps, segments: 1 },
      optimizer: { learningRate, warmupSteps: steps, steps: 8 * steps, finalFraction: 1 },
      compression: { name: compression },
      aggregation: aggregation as NonNullable<RecipeInput['aggregation']>,
      seed: hexOf(seed),
    },
    dataset,
  );
}

const hexOf = (n: number) => `0x${n.toString(16).padStart(64, '0')}` as const;

type Play = {
  readonly members: number;
  readonly rounds: number;
  readonly seed: number;
  readonly executor: ExecutorOptions;
  readonly attack: Attack;
};

/** Plays all rounds of a swarm; gives its loss, and the roots of the states in which members say their first round ended. */
async function lossUnder(recipe: Recipe, dataset: Dataset, { members, rounds, seed, executor, attack }: Play) {
  let firstEnds: readonly string[] = [];
  const watched = (round: RoundEnds) => {
    const ends = attack.attack?.(round) ?? round.ends;
    if (round.round === 0) firstEnds = ends.map(stateRoot);
    return ends;
  };
  const swarm = await createSwarm({
    recipe,
    dataset,
    miners: members,
    seed: hexOf(seed),
    executor,
    ...attack,
    attack: watched,
  });
  for (let round = 0; round < rounds; round++) await swarm.play();
  const batches = [...heldOutBatches(dataset, { rows: EVALUATION_ROWS, context: CONTEXT })].slice(
    0,
    EVALUATION_BATCHES,
  );
  const loss = await evaluateLoss(recipe, swarm.global, batches, EVALUATION_ROWS, executor);
  await swarm.close();
  return { loss, firstEnds };
}
