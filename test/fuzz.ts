// npm run fuzz: reference = lowered program = contract on seeded random cases, operator by operator, until the first
// difference. Ends with one line of JSON; the exit code is 1 when a difference was found.
//   npm run fuzz -- [--operator NAME] [--cases N] [--seed N]
//   npm run fuzz -- --credits N [--seed N]   instead: N operations of holders of credits, and what they must not break
import { Command, InvalidArgumentError } from 'commander';

import { operators } from '../engine/ops/index.ts';
import { fuzzCredits } from './helpers/credit-fuzz.ts';
import { createReferee, type RefereeContract } from './helpers/referee/checks.ts';
import { fuzzOperator } from './helpers/referee/fuzz.ts';
import {
  createScalarContract,
  fuzzScalar,
  scalarOperators,
  type ScalarContract,
} from './helpers/referee/scalar-fuzz.ts';

/** Cases of an operator that takes one element of each operand: pairs of words. */
const SCALAR_CASES = 100_000;
/** Cases of any other operator: applications, of which the contract recomputes up to five elements. */
const OTHER_CASES = 2_000;

type Contracts = { readonly scalars: ScalarContract; readonly referee: RefereeContract };
type Covered = {
  readonly cases: number;
  readonly faults: number;
  readonly elements?: number;
  readonly seconds: number;
};

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0) throw new InvalidArgumentError('a whole number is needed');
  return value;
}

function operatorName(text: string): string {
  if (!operators.has(text)) throw new InvalidArgumentError(`there is no operator ${text}`);
  return text;
}

/** Shows how far an operator is on the last line of a terminal. */
function progressOf(op: string, cases: number): (done: number) => void {
  return (done) => {
    if (process.stderr.isTTY && done % 20 === 0) process.stderr.write(`\r${op}: ${done} of ${cases}  `);
  };
}

async function fuzz(op: string, wanted: number | undefined, seed: number, contracts: Contracts): Promise<Covered> {
  const started = performance.now();
  const isScalar = scalarOperators.includes(op);
  const cases = wanted ?? (isScalar ? SCALAR_CASES : OTHER_CASES);
  const onCase = progressOf(op, cases);
  onCase(0);
  const covered = isScalar
    ? await fuzzScalar(op, { cases, seed, contract: contracts.scalars })
    : await fuzzOperator(op, { cases, seed, referee: contracts.referee, onCase });
  const seconds = Math.round((performance.now() - started) / 100) / 10;
  if (process.stderr.isTTY) process.stderr.write('\r');
  console.error(`${op}: ${covered.cases} cases agree, ${covered.faults} of them faults (${seconds} s)`);
  return { ...covered, seconds };
}

const command = new Command('fuzz')
  .option('--operator <name>', 'only this one', operatorName)
  .option(
    '--cases <number>',
    `instead of ${SCALAR_CASES} for scalar operators and ${OTHER_CASES} for others`,
    wholeNumber,
  )
  .option('--credits <operations>', 'of 200 holders of credits, and nothing else', wholeNumber)
  .option('--seed <number>', 'of the random choices', wholeNumber, 1)
  .parse();
const { operator, cases, credits, seed } = command.opts<{
  operator?: string;
  cases?: number;
  credits?: number;
  seed: number;
}>();

if (credits !== undefined) {
  console.log(JSON.stringify({ seed, ...fuzzCredits(credits, seed) }));
  process.exit();
}

const contracts = { scalars: await createScalarContract(), referee: await createReferee() };
const perOperator: Record<string, Covered> = {};
let failed: { readonly operator: string; readonly message: string } | undefined;
for (const op of operator === undefined ? operators.keys() : [operator]) {
  try {
    perOperator[op] = await fuzz(op, cases, seed, contracts);
  } catch (error) {
    const { message, cause } = error as Error;
    failed = { operator: op, message: cause instanceof Error ? `${message}\n${cause.message}` : message };
    console.error(`\n${op}, seed ${seed}: the twins differ\n${failed.message}`);
    break;
  }
}
await Promise.all([contracts.scalars.close(), contracts.referee.close()]);
console.log(JSON.stringify({ seed, perOperator, failed: failed?.operator ?? null }));
process.exitCode = failed === undefined ? 0 : 1;
