import type { Clock } from '../../workers/lib/clock.ts';

/** A clock that stands still until the test ticks it. */
export class TickedClock implements Clock {
  #now = 0;
  #sleepers: { until: number; wake: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      this.#sleepers.push({ until: this.#now + milliseconds, wake: resolve });
      signal?.addEventListener('abort', () => resolve(), { once: true });
    });
  }

  /** Lets time pass, waking sleepers in order, and lets what they started run until it sleeps again. */
  async tick(milliseconds: number): Promise<void> {
    const end = this.#now + milliseconds;
    await settled();
    for (;;) {
      this.#sleepers.sort((a, b) => a.until - b.until);
      const next = this.#sleepers[0];
      if (next === undefined || next.until > end) break;
      this.#sleepers.shift();
      this.#now = next.until;
      next.wake();
      await settled();
    }
    this.#now = end;
  }
}

/** A clock on which a sleep takes no time but is the moment at which the test changes the world. */
export function steppingClock(onSleep: (now: number) => void | Promise<void> = () => undefined): Clock {
  let now = 0;
  return {
    now: () => now,
    async sleep(milliseconds) {
      now += milliseconds;
      await onSleep(now);
    },
  };
}

/** Until all promises that wait for nothing but each other are done. */
function settled(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
