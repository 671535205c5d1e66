import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Address, Hex } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';

const project = join(import.meta.dirname, '../..');

/** What a test waits for is looked at this often, and not longer than that. */
const LOOK_MS = 20;
const PATIENCE_MS = 60_000;

/** The first value that is not undefined. */
export async function until<T>(what: string, look: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + PATIENCE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== undefined) return seen;
    if (Date.now() > deadline) throw new Error(`waited in vain for ${what}`);
    await pause(LOOK_MS);
  }
}

/** A line of a worker's log. */
export type LogLine = {
  readonly event?: string;
  readonly round?: number;
  readonly err?: { readonly code?: string };
  readonly [field: string]: unknown;
};

/** A worker as its operator sees it. */
export type WorkerProcess = {
  readonly address: Address;
  readonly pid: number;
  /** The lines of an event, also of the processes before it that had the same folder; all lines without a name. */
  log(event?: string): readonly LogLine[];
  /** What it has printed to standard error. */
  stderr(): string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: Promise<number | string>;
  kill(signal: NodeJS.Signals): void;
};

/** Worker processes with a folder each in `folder`, and with settings in common. */
export class WorkerProcesses {
  readonly #folder: string;
  readonly #settings: Readonly<Record<string, string>>;
  readonly #children = new Set<ChildProcess>();

  constructor(folder: string, settings: Readonly<Record<string, string>>) {
    this.#folder = folder;
    this.#settings = settings;
  }

  /** @param entry relative to the project's folder */
  start(name: string, entry: string, key: Hex, settings: Readonly<Record<string, string>> = {}): WorkerProcess {
    const own = join(this.#folder, name);
    mkdirSync(own, { recursive: true });
    const [logFile, errorFile] = [join(own, 'log'), join(own, 'stderr')];
    const errors = openSync(errorFile, 'a');
    const child = spawn(process.execPath, [join(project, entry)], {
      stdio: ['ignore', 'ignore', errors],
      env: {
        ...process.env,
        SWARMLOCK_CHECKPOINT: join(own, 'checkpoint'),
        SWARMLOCK_LOG_FILE: logFile,
        SWARMLOCK_PRIVATE_KEY: key,
        ...this.#settings,
        ...settings,
      },
    });
    closeSync(errors);
    this.#children.add(child);
    const ended = once(child, 'exit').then(([code, signal]: (number | string)[]) => {
      this.#children.delete(child);
      return code ?? signal!;
    });
    return {
      address: privateKeyToAccount(key).address,
      pid: child.pid!,
      log: (event) => linesOf(logFile).filter((line) => event === undefined || line.event === event),
      stderr: () => read(errorFile),
      ended,
      kill: (signal) => void child.kill(signal),
    };
  }

  /** Ends what still runs. */
  async killAll(): Promise<void> {
    const ends = [...this.#children].map((child) => {
      const end = once(child, 'exit');
      child.kill('SIGKILL');
      return end;
    });
    await Promise.all(ends);
  }
}

/** Whole lines only: another process is writing, or was killed while it wrote. */
function linesOf(path: string): LogLine[] {
  const lines = read(path).split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LogLine);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
