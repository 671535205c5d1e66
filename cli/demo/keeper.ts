// The leader of the process group of the demo's programs: starts them on request and ends all of them when it is told to,
// or when the process that asked is gone. A program of its own, so that even SIGKILL of the demo leaves nothing behind.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import type { Ended, Program } from './fleet.ts';

export type ToKeeper = { readonly start: Program } | { readonly kill: string; readonly signal: NodeJS.Signals };
export type FromKeeper = { readonly ended: Ended };

/** What the programs get to stop by themselves. */
const GRACE_MS = 5_000;

const children = new Map<ChildProcess, string>();
let ending = false;

function start({ name, entry, args = [], environment = {}, output }: Program): void {
  const file = openSync(output, 'a');
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', entry, ...args], {
    stdio: ['ignore', file, file],
    env: { ...process.env, ...environment },
    cwd: fileURLToPath(new URL('../..', import.meta.url)),
  });
  closeSync(file);
  children.set(child, name);
  child.once('exit', (code, signal) => {
    children.delete(child);
    if (process.connected) process.send?.({ ended: { name, code, signal } } satisfies FromKeeper);
    if (ending && children.size === 0) leave();
  });
}

function kill(victim: string, signal: NodeJS.Signals): void {
  for (const [child, name] of children) if (name === victim) child.kill(signal);
}

function end(): void {
  if (ending) return;
  ending = true;
  if (children.size === 0) leave();
  for (const child of children.keys()) child.kill('SIGTERM');
  setTimeout(leave, GRACE_MS);
}

/** Ends the whole group, this process with it, so that children of the programs are gone too. */
function leave(): never {
  process.kill(-process.pid, 'SIGKILL');
  process.exit();
}

process.on('message', (message) => {
  const told = message as ToKeeper;
  if ('start' in told) start(told.start);
  else kill(told.kill, told.signal);
});
process.on('disconnect', end);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, end);
