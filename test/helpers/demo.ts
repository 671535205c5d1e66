import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';

export type RunningDemo = {
  readonly process: ChildProcess;
  /** All it has written so far, both streams. */
  output(): string;
  /** Standard output alone. */
  stdout(): string;
  /** Resolves once the output matches; rejects when the demo ends before. */
  until(pattern: RegExp): Promise<void>;
  readonly ended: Promise<{ readonly code: number | null; readonly signal: string | null }>;
};

/** Starts the demo with a tiny model. */
export function startDemo(...args: readonly string[]): RunningDemo {
  return start('../../cli/demo/main.ts', ['--size', 'tiny', ...args]);
}

/** Starts a bench, which shows its fleet of processes as the demo does. */
export function startBench(...args: readonly string[]): RunningDemo {
  return start('../../bench/main.ts', args);
}

function start(path: string, args: readonly string[]): RunningDemo {
  const entry = fileURLToPath(new URL(path, import.meta.url));
  const child = spawn(process.execPath, [entry, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => ((stdout += text), (output += text)));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (output += text));
  const ended = new Promise<{ code: number | null; signal: string | null }>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  return {
    process: child,
    output: () => output,
    stdout: () => stdout,
    ended,
    until: (pattern) =>
      new Promise((resolve, reject) => {
        const look = () => pattern.test(output) && resolve();
        child.stdout.on('data', look);
        child.stderr.on('data', look);
        void ended.then(() => reject(new Error(`the demo ended before ${pattern}:\n${output}`)));
        look();
      }),
  };
}

/** Process ids of everything that a process has started, and of what that has started. */
export function descendantsOf(pid: number): number[] {
  const { stdout } = spawnSync('ps', ['-A', '-o', 'pid=,ppid='], { encoding: 'utf8' });
  const pairs = stdout
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number) as [number, number]);
  const childrenOf = (parent: number): number[] =>
    pairs.filter(([, ppid]) => ppid === parent).flatMap(([child]) => [child, ...childrenOf(child)]);
  return childrenOf(pid);
}

/** Those of the processes that are there. */
export function alive(pids: readonly number[]): number[] {
  return pids.filter((pid) => {
    try {
      process.kill(pid, 0);
      return true;
    } catch {
      return false;
    }
  });
}
