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
import { hexOf, log, numberOption } from './lib/bench.ts';
import { dataOption, datasetAt, measuredRecipe } from './lib/recipes.ts';
import { createSwarm, type RoundEnds } from './lib/swarm.ts';

export const description = 'held-out loss with attackers among the members and no audits, by aggregate and attack';

/** The mean is none of them, since one attacker decides it; `--aggregators mean` shows how. */
const AGGREGATORS = ['clipped-mean', 'trimmed-mean', 'centered-clip'];

/**
 * Those that shall keep to the honest members' direction, of dense payloads: honest members hardly overlap where each sends few
 * values. The clipped mean only bounds the length of what a member adds.
 */
const ROBUST = ['trimmed-mean', 'centered-clip'];

export const options = [
  dataOption(),
  numberOption('--rounds <n>', 'rounds of every run', 10),
  numberOption('--steps <n>', 'inner steps of a round', 16),
  numberOption('--width <n>', 'width of the model', 16),
  numberOption('--batch <n>', 'sequences of an inner step', 32),
  numberOption('--learning-rate <x>', 'of inner steps, at its peak', 2e-2),
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
const EVALUATION_BATCHES = 16;
const CONTEXT = 16;
/** Of the learning rate: runs end where more steps gain little, so that what attackers slow down is not all that is seen. */
const FINAL_FRACTION = 0.05;
/** Sparse payloads take plain descent, as in cli/recipes/sparseloco.json; under momentum even honest members went astray. */
const OUTER = {
  none: { name: 'nesterov', learningRate: 0.7, momentum: 0.7 },
  sparseloco: { name: 'sgd' },
} as const;

/**
 * `cleanLoss` is that of the plain mean when all members are honest, over the same rounds. `detected` counts the attackers
 * whose first round ends in another state than its re-execution: all of them are convicted where they are audited.
 */
export async function run(given: Record<string, unknown>) {
  const options = given as Options;
  const dataset = await datasetAt(given['data'], CONTEXT);
  const executor = { kernel: await chooseKernel(), threads: 1 };
  const rows: Row[] = [];
  const swarms = listOf(options.swarms).map(parseSwarm);
  for (const swarm of swarms) {
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
  const robust = options.compression === 'none' ? ROBUST : [];
  const worst = swarms.flatMap(({ attackers, members }) =>
    listOf(options.aggregators).flatMap((aggregator) => {
      const isOf = (row: Row) =>
        row.attackers === attackers && row.members === members && row.aggregator === aggregator;
      return worstOf(rows.filter(isOf), robust.includes(aggregator));
    }),
  );
  for (const line of worst) log(summaryOf(line));
  const detectedAll = rows.every(({ detected, attackers }) => detected === attackers);
  const { rounds, steps, width, batch, learningRate, seed, compression } = options;
  const rates = { learningRate, finalFraction: FINAL_FRACTION, outer: OUTER[compression] };
  const settings = { rounds, steps, width, context: CONTEXT, batch, ...rates, seed, compression };
  return { rows, worst, detectedAll, settings };
}

type Worst = Row & {
  /** Attacks on this swarm by this aggregator, and those of them whose losses were within the tolerance. */
  readonly attacks: number;
  readonly within5Percent: number;
  /** Whether the aggregator is meant to withstand them. */
  readonly claimed: boolean;
};

/** The attack that did most harm, of the rows of one swarm and aggregator; none of no rows. */
function worstOf(rows: readonly Row[], claimed: boolean): readonly Worst[] {
  const [worst] = rows.toSorted((a, b) => b.lossPercent - a.lossPercent);
  if (worst === undefined) return [];
  const within = rows.filter(({ lossPercent }) => lossPercent <= 100 * TOLERANCE);
  return [{ ...worst, attacks: rows.length, within5Percent: within.length, claimed }];
}

function summaryOf({ attackers, members, aggregator, attack, lossPercent, within5Percent, attacks, claimed }: Worst) {
  const claim = claimed ? 'claimed robust' : 'not claimed robust';
  return `${attackers} of ${members}, ${aggregator} (${claim}): at worst ${lossPercent.toFixed(1)}% by ${attack}; ${within5Percent} of ${attacks} attacks within ${100 * TOLERANCE}%`;
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
  const { rounds, steps, width, batch, learningRate, compression, seed } = options;
  const trim = attackers / members;
  const aggregation = aggregator === 'trimmed-mean' ? { name: aggregator, trim } : { name: aggregator };
  return measuredRecipe(
    { depth: 1, width, heads: 2, context: CONTEXT },
    {
      batch,
      round: { steps, segments: 1 },
      optimizer: {
        learningRate,
        warmupSteps: steps,
        steps: rounds * steps,
        finalFraction: FINAL_FRACTION,
        schedule: 'run',
      },
      compression: { name: compression },
      outer: OUTER[compression],
      aggregation: aggregation as NonNullable<RecipeInput['aggregation']>,
      seed: hexOf(seed),
    },
    dataset,
  );
}

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
