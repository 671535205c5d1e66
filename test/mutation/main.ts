// npm run mutation: switches each guard of the game and each evaluator off, and shows which test fails.
//   --only PATTERN  mutants whose names match
//   --missing       mutants that the table has no test for
//   --json          one line of JSON for each
//   --update        writes what was found to test/fixtures/mutation.json
//   --again         on the copy of the last run, which is not made anew
//   --check         runs nothing: whether that table knows every mutant of the present sources, and its tests exist
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { equivalents } from './equivalents.ts';
import { coinbaseOf } from './instrument.ts';
import { faultsOfTable, readTable, updateTable } from './table.ts';
import { createRunner, type Runner } from './tests.ts';
import { bench, lastSwitches, prepare, root, type Switch } from './workbench.ts';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    missing: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    update: { type: 'boolean', default: false },
    again: { type: 'boolean', default: false },
    check: { type: 'boolean', default: false },
  },
});

/** Tests that are run for a mutant, one after the other, until one fails. */
type Stage = {
  readonly runner: Runner;
  /** Known once the copy is made. */
  files(): readonly string[];
  /** What has to be compiled for them: some Solidity tests, or by default nothing, since they compile what they need. */
  readonly build?: 'everything' | 'tests';
  /** The titles of those that are to run for a mutant of this name, for mocha; none of them by undefined. */
  titles(id: string): string | undefined;
};

const solidity = createRunner('solidity-worker.ts');
const mocha = createRunner('mocha-worker.ts');

const isReferees = (id: string): boolean => id.startsWith('claim/referee/');
const isScalars = (id: string): boolean => /^claim\/referee\/(?:Scalars|SoftFloat|Conversions)/.test(id);

/** Operators that a source of the referee is about. */
const operators: readonly (readonly [RegExp, string])[] = [
  [/Referee\.sol (\w+): (?:one|always|never|of)/, '$1'],
  [/Products/, 'matmul_nt'],
  [/Reductions/, 'reduce_max|reduce_absmax|sum_i32'],
  [/Fused/, 'fused'],
  [/Updates/, 'topk_chunk|pack_chunk|scatter_chunk|sort_lanes'],
  [/Lanes/, 'reduce_max|reduce_absmax|topk_chunk|sort_lanes'],
  [/Batches/, 'load_batch'],
  [/Movement/, 'reshape|transpose|slice|concat|broadcast|gather|one_hot'],
  [/referee\//, '\\w+'],
];

function operatorsOf(id: string): string {
  const [pattern, names] = operators.find(([source]) => source.test(id))!;
  return names.replace('$1', pattern.exec(id)?.[1] ?? '');
}

/** Tests of the referee of each operator; the cheap ones come first. */
function ofOperators(file: string, title: string, isMeant: (id: string) => boolean = isReferees): Stage {
  return {
    runner: mocha,
    files: () => [`test/integration/contracts/${file}`],
    titles: (id) => (isMeant(id) ? ` (?:${operatorsOf(id)}): ${title}` : undefined),
  };
}

const stages: readonly Stage[] = [
  {
    runner: solidity,
    files: () =>
      solidityTests(
        'game',
        'claim/Verdicts',
        'claim/Duties',
        'own/VerdictPay',
        'serve/Receipts',
        'Claims.t.sol',
        'Rounds.t.sol',
        'run/Availability.t.sol',
      ),
    build: 'tests',
    titles: (id) => (isReferees(id) ? undefined : ''),
  },
  {
    runner: solidity,
    files: () => solidityTests('claim/referee'),
    build: 'tests',
    titles: (id) => (isScalars(id) ? '' : undefined),
  },
  {
    runner: mocha,
    files: () =>
      ['updates', 'fused', 'applications', 'roots', 'batches', 'guards', 'faults'].map(
        (name) => `test/integration/contracts/referee-${name}.ts`,
      ),
    titles: (id) => (isReferees(id) && !isScalars(id) ? '' : undefined),
  },
  {
    runner: mocha,
    files: () =>
      ['starts', 'aggregates', 'lazy-validator', 'trees', 'decoding'].map((name) => `test/adversaries/${name}.ts`),
    build: 'everything',
    titles: (id) => (isReferees(id) ? undefined : ''),
  },
  ofOperators('scalars.ts', 'has the results', isScalars),
  ofOperators('referee.ts', 'recomputes every golden vector'),
  ofOperators('scalars.ts', 'faults for', isScalars),
  ofOperators('scalars.ts', 'agrees', isScalars),
  ofOperators('referee.ts', 'agrees'),
];

/** Files of test/solidity, in the copy. */
function solidityTests(...places: readonly string[]): string[] {
  const folder = join(bench, 'test/solidity');
  const all = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.t.sol'));
  return all.filter((name) => places.some((place) => name.startsWith(place))).map((name) => join(folder, name));
}

/** Tests that fail with nothing switched off, because what is measured here is not quite the contracts. */
const unreliable = new Set<string>();

type Found = { readonly tests: readonly string[]; readonly error?: string; readonly seconds: number };

async function examine({ id, number }: Switch): Promise<Found> {
  const started = performance.now();
  const seconds = (): number => (performance.now() - started) / 1_000;
  for (const stage of stages) {
    const { runner, files, titles } = stage;
    const grep = titles(id);
    if (grep === undefined) continue;
    await measure(stage, grep);
    const { failed, error } = await runner.run({
      files: files(),
      grep,
      coinbase: coinbaseOf(number),
      ignored: [...unreliable],
    });
    const tests = failed.filter((name) => !unreliable.has(name));
    if (error !== undefined) return { tests, error, seconds: seconds() };
    if (tests.length > 0) return { tests, seconds: seconds() };
  }
  return { tests: [], seconds: seconds() };
}

/** What the stages need, and no more: everything takes minutes. */
function compile(needed: readonly Stage[]): void {
  const built = needed.filter(({ build }) => build !== undefined);
  if (built.length === 0) return;
  const isEverything = built.some(({ build }) => build === 'everything');
  const args = ['build', '--quiet', ...(isEverything ? [] : built.flatMap(({ files }) => files()))];
  const { status } = spawnSync(join(root, 'node_modules/.bin/hardhat'), args, {
    cwd: bench,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, HARDHAT_DISABLE_TELEMETRY: 'true', NODE_NO_WARNINGS: '1' },
  });
  if (status !== 0) throw new Error('the contracts with switches do not compile');
}

const measured = new Set<string>();

/** Runs tests with nothing switched off before they run for the first time. */
async function measure({ runner, files }: Stage, grep: string): Promise<void> {
  const key = `${files().join()} ${grep}`;
  if (measured.has(key)) return;
  measured.add(key);
  const { tests, failed, error } = await runner.run({ files: files(), grep, coinbase: undefined });
  if (error !== undefined) throw new Error(error);
  note(`${tests} tests of ${files().length} files${failed.map((name) => `, but not ${name}`).join('')}`);
  for (const name of failed) unreliable.add(name);
}

/** Progress goes to the standard error, the table to the standard output. */
function note(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The test to name: of those that fail the one that fails for the fewest mutants, so that it is about this one. */
function choose(tests: readonly string[], counts: ReadonlyMap<string, number>): string | undefined {
  return tests.toSorted((a, b) => counts.get(a)! - counts.get(b)! || a.localeCompare(b))[0];
}

async function run(): Promise<void> {
  const all = options.again ? lastSwitches() : prepare();
  const known = options.missing ? { ...readTable(), ...equivalents } : {};
  const switches = all.filter(({ id }) => new RegExp(options.only).test(id) && (known[id] ?? null) === null);
  note(`${switches.length} mutants${options.again ? '' : '; compiling the contracts with a switch at each'}`);
  if (!options.again) compile(stages.filter(({ titles }) => switches.some(({ id }) => titles(id) !== undefined)));
  const found = new Map<string, Found>();
  const counts = new Map<string, number>();
  for (const [i, one] of switches.entries()) {
    const result = await examine(one);
    found.set(one.id, result);
    for (const test of result.tests) counts.set(test, (counts.get(test) ?? 0) + 1);
    const outcome = result.error ?? (result.tests.length > 0 ? `${result.tests.length} tests fail` : 'SURVIVED');
    note(`${switches.length - i - 1} left, ${result.seconds.toFixed(1)} s: ${one.id}: ${outcome}`);
  }
  const killers = new Map([...found].map(([id, { tests }]) => [id, choose(tests, counts)]));
  report(switches, killers);
  if (options.update) await updateTable(killers);
}

function report(switches: readonly Switch[], killers: ReadonlyMap<string, string | undefined>): void {
  for (const { id, file, line } of switches) {
    const [test, reason] = [killers.get(id), equivalents[id]];
    if (options.json) console.log(JSON.stringify({ id, file, line, test, reason }));
    else console.log(`${id}\n    ${test ?? (reason === undefined ? 'SURVIVED' : `the same: ${reason}`)}`);
  }
  const survivors = switches.filter(({ id }) => killers.get(id) === undefined && equivalents[id] === undefined);
  const wrong = switches.filter(({ id }) => killers.get(id) !== undefined && equivalents[id] !== undefined);
  const killed = switches.filter(({ id }) => killers.get(id) !== undefined);
  note(`${switches.length} mutants: ${killed.length} fail a test, ${survivors.length} survive`);
  for (const { id } of survivors) note(`SURVIVED ${id}`);
  for (const { id } of wrong) note(`not the same after all: ${id}`);
  if (survivors.length + wrong.length > 0) process.exitCode = 1;
}

if (options.check) {
  const faults = faultsOfTable();
  for (const fault of faults) console.log(fault);
  if (faults.length > 0) {
    console.log('Refresh the table: npm run mutation -- --update (--only PATTERN for a part).');
    process.exitCode = 1;
  }
} else {
  await run();
  solidity.close();
  mocha.close();
}
