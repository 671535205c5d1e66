// The benches: npm run bench -- NAME [--json] [options]
import { readdir } from 'node:fs/promises';
import { Command, CommanderError } from 'commander';
import { SwarmlockError } from '../engine/errors.ts';
import type { Bench } from './lib/bench.ts';

const folder = new URL('./', import.meta.url);

async function benchNames(): Promise<readonly string[]> {
  const files = await readdir(folder);
  return files
    .filter((file) => file.endsWith('.ts') && file !== 'main.ts')
    .map((file) => file.slice(0, -3))
    .toSorted();
}

async function loadBench(name: string): Promise<Bench> {
  return (await import(new URL(`${name}.ts`, folder).href)) as Bench;
}

async function printList(names: readonly string[]): Promise<void> {
  console.error('Usage: npm run bench -- NAME [--json] [options]\n');
  for (const name of names) console.error(`  ${name.padEnd(14)} ${(await loadBench(name)).description}`);
}

async function runBench(name: string, args: readonly string[]): Promise<void> {
  const bench = await loadBench(name);
  const command = new Command(name).usage('[options]').description(bench.description).exitOverride();
  command.option('--json', 'print the result as one JSON object on the last line');
  for (const option of bench.options ?? []) command.addOption(option);
  command.parse(args, { from: 'user' });
  const { json = false, ...options } = command.opts<{ json?: boolean } & Record<string, unknown>>();
  const result = await bench.run(options);
  if (json) console.log(JSON.stringify(result));
  else for (const [key, value] of Object.entries(result)) console.log(`${key}: ${JSON.stringify(value)}`);
}

async function main([name, ...args]: readonly string[]): Promise<number> {
  const names = await benchNames();
  if (name === undefined || !names.includes(name)) {
    if (name !== undefined && !name.startsWith('-')) console.error(`There is no bench named ${name}.`);
    await printList(names);
    return name === '--help' || name === '-h' ? 0 : 1;
  }
  try {
    await runBench(name, args);
    return 0;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode;
    if (!(error instanceof SwarmlockError)) throw error;
    console.error(`${error.code}: ${error.message}`);
    if (args.includes('--json')) console.log(JSON.stringify(error));
    return 1;
  }
}

process.exitCode = await main(process.argv.slice(2));
