import { SwarmlockError } from '../../../engine/errors.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';

/** Tries again what cannot be done yet, after longer and longer pauses, and keeps nothing else waiting for it. */
export type Patience = {
  /** Whether it is too early to try again. */
  isWaiting(): boolean;
  /** Does it. A failure that a retry can help is logged and starts a pause. */
  attempt(job: () => Promise<void>): Promise<void>;
};

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 60_000;

export function createPatience(clock: Pick<Clock, 'now'>, log: Log): Patience {
  let failures = 0;
  let until = -Infinity;
  return {
    isWaiting: () => clock.now() < until,
    async attempt(job) {
      try {
        await job();
        failures = 0;
      } catch (error) {
        if (!(error instanceof SwarmlockError) || !error.retryable) throw error;
        until = clock.now() + Math.min(FIRST_PAUSE_MS * 2 ** failures, LONGEST_PAUSE_MS);
        failures += 1;
        log.warn({ err: error, failures }, 'will try again');
      }
    },
  };
}
