import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { format } from 'prettier';

import { equivalents } from './equivalents.ts';
import { allSwitches, root } from './workbench.ts';

const file = join(root, 'test/fixtures/mutation.json');

/** For each mutant a test that fails when it is switched off, or null where none did: the outcome of the last runs. */
export type Table = Readonly<Record<string, string | null>>;

export function readTable(): Table {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Table) : {};
}

/** Adds what was found to the table, and drops what the sources no longer have. */
export async function updateTable(found: ReadonlyMap<string, string | undefined>): Promise<void> {
  const old = readTable();
  const entries = allSwitches().flatMap(({ id }) => {
    const test = found.has(id) ? (found.get(id) ?? null) : old[id];
    return test === undefined || (test === null && equivalents[id] !== undefined) ? [] : [[id, test] as const];
  });
  writeFileSync(file, await format(JSON.stringify(Object.fromEntries(entries)), { parser: 'json', printWidth: 120 }));
}

/** What is wrong with the table: mutants that it lacks, or that no test fails for, and tests or sources that are gone. */
export function faultsOfTable(): string[] {
  const table = readTable();
  const ids = new Set(allSwitches().map(({ id }) => id));
  const missing = [...ids].filter((id) => table[id] === undefined && equivalents[id] === undefined);
  const survivors = [...ids].filter((id) => table[id] === null);
  const stale = Object.keys({ ...table, ...equivalents }).filter((id) => !ids.has(id));
  const gone = Object.entries(table).filter(([id, test]) => ids.has(id) && test !== null && !isThere(test));
  return [
    ...missing.map((id) => `no run knows it yet: ${id}`),
    ...survivors.map((id) => `no test fails without it: ${id}`),
    ...stale.map((id) => `the sources have no such place: ${id}`),
    ...gone.map(([id, test]) => `there is no such test: ${test} (for ${id})`),
  ];
}

const sources = new Map<string, string>();

/** Whether a test's file names it: a function of a contract, or the words of a title, which may be put together. */
function isThere(test: string): boolean {
  const [path = '', ...words] = test.split(' ');
  if (!existsSync(join(root, path))) return false;
  const source = sources.get(path) ?? readFileSync(join(root, path), 'utf8');
  sources.set(path, source);
  if (!path.endsWith('.sol')) return source.includes(words.at(-1)!);
  return words.every((word) => source.includes(word.replace(/\(.*/, '')));
}
