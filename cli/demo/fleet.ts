import { fork, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

import { SwarmlockError } from '../../engine/errors.ts';
import type { FromKeeper, ToKeeper } from './keeper.ts';

/** A process of the demo. Keys go into `environment`: arguments can be read by everyone on the machine. */
export type Program = {
  readonly name: string;
  /** A TypeScript or JavaScript file, and its arguments. */
  readonly entry: string;
  readonly args?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  /** Where standard output and error go. */
  readonly output: string;
};

export type Ended = { readonly name: string; readonly code: number | null; readonly signal: string | null };

/** All processes of the demo. None outlives it, however it ends. */
export type Fleet = {
  start(program: Program): void;
  /** Ends a program; one of the same name may be started after it has ended. */
  kill(name: string, signal: NodeJS.Signals): void;
  /** Resolves when the program ends; rejects with CHILD_DIED when the fleet itself does. */
  end(name: string): Promise<Ended>;
  /** Called for each program that ends before the fleet is stopped. */
  onEnd(listener: (ended: Ended) => void): void;
  stop(): Promise<void>;
};

/** Longer than the keeper gives the programs to stop by themselves. */
const PATIENCE_MS = 8_000;

/**
 * Starts the keeper, the leader of a process group of its own that all programs join. When this process stops, crashes or
 * is killed, the keeper notices and ends the group.
 */
export function startFleet(): Fleet {
  const entry = fileURLToPath(new URL('keeper.ts', import.meta.url));
  const keeper = fork(entry, { detached: true, stdio: ['ignore', 'ignore', 'inherit', 'ipc'] });
  const killGroup = () => kill(keeper);
  process.on('exit', killGroup);
  const ends = new Map<string, Ended>();
  const listeners = new Set<(ended: Ended) => void>();
  keeper.on('message', (message) => {
    const { ended } = message as FromKeeper;
    ends.set(ended.name, ended);
    for (const listener of listeners) listener(ended);
  });
  const gone = new Promise<void>((resolve) => keeper.once('exit', () => resolve()));
  const send = (message: ToKeeper) => keeper.connected && keeper.send(message);
  return {
    start(program) {
      ends.delete(program.name);
      send({ start: program });
    },
    kill: (name, signal) => void send({ kill: name, signal }),
    end: (name) =>
      new Promise((resolve, reject) => {
        const known = ends.get(name);
        if (known !== undefined) resolve(known);
        listeners.add((ended) => ended.name === name && resolve(ended));
        void gone.then(() => reject(childDied({ name, code: null, signal: 'SIGKILL' })));
      }),
    onEnd: (listener) => void listeners.add(listener),
    async stop() {
      listeners.clear();
      if (keeper.connected) keeper.disconnect();
      await Promise.race([gone, pause(PATIENCE_MS, undefined, { ref: false })]);
      killGroup();
      process.off('exit', killGroup);
    },
  };
}

/** Everything in the keeper's process group, at once. */
function kill({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // The group is empty.
  }
}

/** Rejects when a program ends that should not. @throws CHILD_DIED */
export async function death(fleet: Pick<Fleet, 'end'>, { name, output }: Program): Promise<never> {
  throw childDied(await fleet.end(name), output);
}

/** A program has ended that should not have, with what it wrote about it. */
export function childDied({ name, code, signal }: Ended, output?: string): SwarmlockError {
  const how = signal === null ? `ended with exit code ${code}` : `was ended by ${signal}`;
  const words = output === undefined ? '' : lastWords(output);
  return new SwarmlockError(`${name} ${how}${words === '' ? '' : `: ${words}`}`, {
    code: 'CHILD_DIED',
    argument: name,
    ...(output === undefined ? {} : { hint: `Its output is in ${output}.` }),
  });
}

/** The line that says why: the last one that names an error, or the last one. */
function lastWords(path: string): string {
  try {
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    return (lines.findLast((line) => /Error\b|: [A-Z_]{4,}:/.test(line)) ?? lines.at(-1) ?? '').trim().slice(0, 500);
  } catch {
    return '';
  }
}
