import { SwarmlockError } from '../../engine/errors.ts';
import type { Clock } from './clock.ts';
import type { Log } from './log.ts';

/** What a worker does, over and over: look at the world, decide without touching it, do what was decided. */
export type Duty<Facts, Action> = {
  read(signal: AbortSignal): Promise<Facts>;
  /** Pure: the same facts, the same actions. */
  decide(facts: Facts): readonly Action[];
  act(action: Action, signal: AbortSignal): Promise<void>;
};

export type LoopOptions = {
  readonly clock: Clock;
  readonly log: Log;
  readonly signal: AbortSignal;
  /** Pause between two passes. */
  readonly pollMs: number;
  /** The longest pause after repeated failures; the first is `pollMs`, and each next one twice as long. */
  readonly longestBackOffMs: number;
};

/**
 * Runs a duty until aborted. A retryable error ends the pass, is logged, and the world is read again after a pause that
 * doubles with each failure in a row. Any other error is thrown and ends the worker.
 */
export async function loop<Facts, Action>(duty: Duty<Facts, Action>, options: LoopOptions): Promise<void> {
  const { clock, log, signal, pollMs, longestBackOffMs } = options;
  let failures = 0;
  while (!signal.aborted) {
    try {
      await pass(duty, signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof SwarmlockError) || !error.retryable) throw error;
      failures += 1;
      log.warn({ err: error, failures }, 'will try again');
    }
    await clock.sleep(Math.min(pollMs * 2 ** failures, Math.max(pollMs, longestBackOffMs)), signal);
  }
}

async function pass<Facts, Action>(duty: Duty<Facts, Action>, signal: AbortSignal): Promise<void> {
  for (const action of duty.decide(await duty.read(signal))) {
    if (signal.aborted) return;
    await duty.act(action, signal);
  }
}

/** The result of a job that is done again, after longer and longer pauses, while it fails with a retryable error. */
export async function patiently<T>(job: () => Promise<T>, options: LoopOptions): Promise<T> {
  const { clock, log, signal, pollMs, longestBackOffMs } = options;
  for (let failures = 1; ; failures += 1) {
    try {
      return await job();
    } catch (error) {
      if (!(error instanceof SwarmlockError) || !error.retryable) throw error;
      log.warn({ err: error, failures }, 'will try again');
      await clock.sleep(Math.min(pollMs * 2 ** failures, Math.max(pollMs, longestBackOffMs)), signal);
      signal.throwIfAborted();
    }
  }
}
