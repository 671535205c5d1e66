import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

import { bench } from './workbench.ts';

/** Which tests to run, of which state of the contracts. */
export type Question = {
  readonly coinbase: string | undefined;
  readonly files: readonly string[];
  /** Tests whose titles match, for mocha. */
  readonly grep?: string;
  /** Tests that may fail without ending a run, of those that mocha runs. */
  readonly ignored?: readonly string[];
};

/** How many tests ran and which failed; `error` when they could not be run. */
export type Answer = { readonly tests: number; readonly failed: readonly string[]; readonly error?: string };

/** A process that runs tests of the copy. */
export type Runner = {
  run(question: Question): Promise<Answer>;
  close(): void;
};

/** Tests that take longer than this with something switched off are taken to hang, which is a failure. */
const PATIENCE = 300_000;
/** With nothing switched off they only measure how slow the machine is. */
const LONG = 1_800_000;

const failure = (error: string): Answer => ({ tests: 0, failed: [], error });

/** Starts the worker again after it hung or died. */
export function createRunner(script: string): Runner {
  let child: ChildProcess | undefined;
  const start = async (): Promise<ChildProcess> => {
    const started = fork(join(import.meta.dirname, script), {
      cwd: bench,
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      env: { ...process.env, HARDHAT_DISABLE_TELEMETRY: 'true', NODE_NO_WARNINGS: '1' },
    });
    await once(started, 'message');
    return started;
  };
  const close = (): void => {
    child?.kill('SIGKILL');
    child = undefined;
  };
  return {
    close,
    async run(question) {
      child ??= await start();
      const stop = new AbortController();
      const { signal } = stop;
      const timer = setTimeout(() => stop.abort(), question.coinbase === undefined ? LONG : PATIENCE);
      const answered = once(child, 'message', { signal }).then(([answer]) => answer as Answer);
      const died = once(child, 'exit', { signal }).then((): Answer => failure('its process ended'));
      child.send(question);
      const answer = await Promise.race([answered, died]).catch((): Answer => failure('it takes too long'));
      clearTimeout(timer);
      stop.abort();
      for (const waiting of [answered, died]) waiting.catch(() => {});
      if (answer.error !== undefined) close();
      return answer;
    },
  };
}
