import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

import { importing, instrument, instrumentDispatch, SWITCH, TAMPERINGS, withoutPure } from './instrument.ts';
import { FILES, mutantsOf } from './sites.ts';

export const root = join(import.meta.dirname, '../..');
/** The copy. Packages are found above it. */
export const bench = join(root, 'cache/mutation');

const COPIED = ['contracts', 'deploy', 'engine', 'sdk', 'test', 'workers', 'cli', 'bench', 'package.json'];
const REFEREE = 'claim/referee/Referee.sol';

/** Anything that can be switched off: a place in the sources, or an evaluator. */
export type Switch = { readonly id: string; readonly file: string; readonly line: number; readonly number: number };

/** All of them. Their numbers hold for one state of the sources. */
export function allSwitches(folder = root): Switch[] {
  let number = 0;
  const switches: Switch[] = FILES.flatMap((file) =>
    mutantsOf(file, readSource(folder, file)).map(({ id, line }) => ({ id, file, line, number: ++number })),
  );
  return [...switches, ...evaluators(folder, number + 1)];
}

/** Each operator of the closed set, made wrong in each way. */
function evaluators(folder: string, first: number): Switch[] {
  const opcodes = readSource(folder, 'claim/referee/Opcodes.sol').matchAll(/constant (\w+) = (\d+);/g);
  return [...opcodes].flatMap(([, name, opcode]) =>
    TAMPERINGS.map((how, i) => ({
      id: `${REFEREE} ${name!.toLowerCase()}: ${how}`,
      file: REFEREE,
      line: 0,
      number: first + TAMPERINGS.length * Number(opcode) + i,
    })),
  );
}

function readSource(folder: string, file: string): string {
  return readFileSync(join(folder, 'contracts', file), 'utf8');
}

/** Copies the project and puts the switches into the copy of its contracts. */
export function prepare(): Switch[] {
  for (const name of COPIED) {
    rmSync(join(bench, name), { recursive: true, force: true });
    cpSync(join(root, name), join(bench, name), { recursive: true });
  }
  mkdirSync(bench, { recursive: true });
  cpSync(join(root, 'hardhat.config.ts'), join(bench, 'project.config.ts'));
  const tests = solidityIn(join(bench, 'test/solidity')).map((path) => relative(bench, path));
  writeFileSync(join(bench, 'hardhat.config.ts'), config(tests));
  const switches = allSwitches(bench);
  let number = 0;
  for (const file of FILES) {
    const source = readSource(bench, file);
    const switched = instrument(file, source, number + 1);
    number += mutantsOf(file, source).length;
    const path = relative(dirname(file), 'claim/Switch.sol');
    write(file, importing(switched, path.startsWith('.') ? path : `./${path}`));
  }
  write(REFEREE, instrumentDispatch(readSource(bench, REFEREE), number + 1));
  for (const folder of ['contracts/claim', 'test/solidity']) {
    for (const path of solidityIn(join(bench, folder))) writeFileSync(path, withoutPure(readFileSync(path, 'utf8')));
  }
  write('claim/Switch.sol', SWITCH);
  writeFileSync(join(bench, 'switches.json'), JSON.stringify(switches));
  return switches;
}

/** Those of the copy as it is. */
export function lastSwitches(): Switch[] {
  return JSON.parse(readFileSync(join(bench, 'switches.json'), 'utf8')) as Switch[];
}

/**
 * Tests are compiled with the one step of the optimizer that is needed, which takes a tenth of the time; contracts as ever,
 * since tests measure them.
 */
const config = (tests: readonly string[]): string => `import project from './project.config.ts';
import mutants from './test/mutation/plugin.ts';

const { production } = project.solidity.profiles;
const [compiler] = production.compilers;
const details = { yul: true, yulDetails: { stackAllocation: true, optimizerSteps: 'u' } };
const quick = { ...compiler, settings: { ...compiler.settings, optimizer: { enabled: false, details } } };
const quickly = Object.fromEntries(${JSON.stringify(tests)}.map((name) => [name, quick]));
const overrides = { ...production.overrides, ...quickly };
const solidity = { profiles: { default: { compilers: [compiler], overrides } } };

export default { ...project, solidity, plugins: [...project.plugins!, mutants] };
`;

function write(file: string, source: string): void {
  writeFileSync(join(bench, 'contracts', file), source);
}

function solidityIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.sol'))
    .map((name) => join(folder, name));
}
