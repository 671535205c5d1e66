#!/usr/bin/env node
// swarmlock COMMAND [options]
import { Command, CommanderError } from 'commander';

import { SwarmlockError } from '../engine/errors.ts';
import { economicsCommand } from './economics.ts';
import { receiptCommand } from './receipt.ts';

/** Runs a command; prints one line, and with `--json` one object, when it fails. */
async function main(args: readonly string[]): Promise<number> {
  const program = new Command('swarmlock').description('Train a neural network with strangers.').exitOverride();
  const print = (line: string) => void process.stdout.write(`${line}\n`);
  const commands = [economicsCommand(print), receiptCommand(print)];
  for (const command of commands) program.addCommand(command.copyInheritedSettings(program));
  try {
    await program.parseAsync(args, { from: 'user' });
    return 0;
  } catch (error) {
    return failed(error, args.includes('--json'));
  }
}

/** The exit code of an error, once it is told. Commander has told its own to people. */
function failed(error: unknown, isJson: boolean): number {
  const isUsage = error instanceof CommanderError;
  if (isUsage && error.exitCode === 0) return 0;
  if (!isUsage && !(error instanceof SwarmlockError)) throw error;
  if (!isUsage) process.stderr.write(`${[`${error.code}: ${error.message}.`, error.hint].filter(Boolean).join(' ')}\n`);
  const told = isUsage ? { code: 'USAGE', message: error.message } : error.toJSON();
  if (isJson) process.stdout.write(`${JSON.stringify({ error: told })}\n`);
  return 1;
}

process.exitCode = await main(process.argv.slice(2));
