import { setTimeout as pause } from 'node:timers/promises';

/** Where a worker gets its time and its pauses from, so that a test can give it both. Milliseconds. */
export type Clock = {
  /** Since the Unix epoch. */
  now(): number;
  /** Resolves after `milliseconds`, or at once when `signal` aborts; never rejects. */
  sleep(milliseconds: number, signal?: AbortSignal): Promise<void>;
};

export const systemClock: Clock = {
  now: () => Date.now(),
  async sleep(milliseconds, signal) {
    try {
      await pause(milliseconds, undefined, signal === undefined ? {} : { signal });
    } catch (error) {
      if (!signal?.aborted) throw error;
    }
  },
};
