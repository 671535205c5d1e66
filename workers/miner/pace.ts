import type { Extent } from './training.ts';

/** How fast this machine trains. */
export type Pace = {
  /** Takes what a segment took, in seconds, with all that is done after it. */
  note(seconds: number): void;
  /** How many segments a round will have of which so many are done; all that it may have while the pace is not known. */
  plan(extent: Extent, time: number, done: number): number;
};

/** The slower of the last two segments counts: a machine that others use is not as fast as it was at its best. */
export function createPace(): Pace {
  let last: readonly number[] = [];
  return {
    note(seconds) {
      last = [...last, seconds].slice(-2);
    },
    plan({ least, most, until }, time, done) {
      const fitting = last.length === 0 ? most : done + Math.floor((until - time) / Math.max(...last));
      return Math.min(most, Math.max(least, done, fitting));
    },
  };
}
