import { setImmediate as turn } from 'node:timers/promises';

import type { Decoded, Decoder } from '../../engine/decoding/decoder.ts';
import type { SamplingOptions } from '../../engine/decoding/request.ts';
import { SwarmlockError } from '../../engine/errors.ts';

/** A decoder of which nothing but the tokens is wanted. */
export type TokenSource = Omit<Decoder, 'step'> & { step(): Promise<readonly Omit<Decoded, 'logits'>[]> };

/** A sequence that is decoded on behalf of somebody. */
export type Sequence = {
  /** The prompt, and behind it what was decoded. */
  readonly tokens: number[];
  readonly sampling: SamplingOptions;
  /** Tokens that it has in the end, unless it is done before. */
  readonly most: number;
  /** Gets each token, and says what becomes of the sequence: one that waits gets nothing more until it is resumed. */
  take(token: number): 'more' | 'wait' | 'done';
  /** Nothing comes any more. */
  fail(error: unknown): void;
};

export type Load = {
  /** Sequences in slots. */
  readonly running: number;
  /** Sequences that wait for a slot. */
  readonly waiting: number;
  /** Part of the cache that is in use. */
  readonly cache: number;
};

/** Continuous batching: sequences take and leave the slots of one decoder between any two of its steps. */
export type Scheduler = {
  /** @throws QUEUE_FULL, DRAINING (both retryable) */
  submit(sequence: Sequence): void;
  /** Takes up one that waits, before those that have not begun. */
  resume(sequence: Sequence): void;
  /** Lets a sequence go, wherever it is. Idempotent. */
  cancel(sequence: Sequence): void;
  load(): Load;
  /** Decodes until the signal aborts. What the decoder throws fails all sequences, and is thrown. */
  run(signal: AbortSignal): Promise<void>;
  /** Takes nothing new from now on; resolves when all is done that was taken. */
  drain(): Promise<void>;
};

export type SchedulerOptions = {
  readonly decoder: TokenSource;
  readonly slots: number;
  /** Sequences beyond those in slots, waiting ones included. */
  readonly queue: number;
  readonly context: number;
};

/** So many tokens are decoded for a sequence that waits: one that comes back soon need not be read again. */
const AHEAD = 16;

export function createScheduler({ decoder, slots, queue, context }: SchedulerOptions): Scheduler {
  const open = new Set<Sequence>();
  const fresh: Sequence[] = [];
  const resumed: Sequence[] = [];
  const running = new Map<number, Sequence>();
  /** Tokens that sequences have not been given while they wait. */
  const ahead = new Map<Sequence, number[]>();
  let isDraining = false;
  let wake = Promise.withResolvers<void>();
  let emptied = Promise.withResolvers<void>();

  const close = (sequence: Sequence) => {
    open.delete(sequence);
    ahead.delete(sequence);
    if (open.size === 0) emptied.resolve();
  };
  const slotOf = (sequence: Sequence) => [...running].find(([, candidate]) => candidate === sequence)?.[0];
  const leave = (sequence: Sequence) => {
    const slot = slotOf(sequence);
    if (slot === undefined) return;
    running.delete(slot);
    decoder.release(slot);
  };
  /** Who waits has its slot while nobody else wants it. */
  const makeRoom = () => {
    const waiting = [...running.values()].find((sequence) => ahead.has(sequence));
    if (running.size === slots && waiting !== undefined) leave(waiting);
    return running.size < slots;
  };
  const admit = () => {
    while (resumed.length + fresh.length > 0 && makeRoom()) {
      const next = (resumed.shift() ?? fresh.shift())!;
      running.set(decoder.open(next.tokens, next.sampling, next.most), next);
    }
  };
  const hand = (sequence: Sequence, token: number) => {
    sequence.tokens.push(token);
    const next = sequence.take(token);
    if (next === 'wait') ahead.set(sequence, []);
    if (next !== 'done') return;
    leave(sequence);
    close(sequence);
  };
  const give = (sequence: Sequence | undefined, token: number) => {
    // It was cancelled while the step was under way.
    if (sequence === undefined || !open.has(sequence)) return;
    const kept = ahead.get(sequence);
    if (kept === undefined) return hand(sequence, token);
    kept.push(token);
    if (kept.length >= AHEAD || sequence.tokens.length + kept.length >= sequence.most) leave(sequence);
  };
  const nextStep = async () => {
    admit();
    if (running.size > 0) return decoder.step();
    await wake.promise;
    wake = Promise.withResolvers();
    // Who comes in the same turn of the event loop is in the same step.
    await turn();
    return [];
  };
  return {
    submit(sequence) {
      if (isDraining) throw refused('DRAINING', 'the gateway is shutting down');
      if (open.size >= slots + queue) throw refused('QUEUE_FULL', `${open.size} requests are being served or wait`);
      open.add(sequence);
      fresh.push(sequence);
      wake.resolve();
    },
    resume(sequence) {
      const kept = ahead.get(sequence) ?? [];
      ahead.delete(sequence);
      while (kept.length > 0 && open.has(sequence) && !ahead.has(sequence)) hand(sequence, kept.shift()!);
      if (!open.has(sequence)) return;
      if (ahead.has(sequence)) ahead.set(sequence, kept);
      else if (slotOf(sequence) === undefined) resumed.push(sequence);
      wake.resolve();
    },
    cancel(sequence) {
      if (!open.has(sequence)) return;
      for (const line of [fresh, resumed]) if (line.includes(sequence)) line.splice(line.indexOf(sequence), 1);
      leave(sequence);
      close(sequence);
    },
    load() {
      const used = [...running.values()].reduce((sum, { tokens }) => sum + tokens.length, 0);
      return {
        running: running.size,
        waiting: fresh.length + resumed.length,
        cache: Math.min(1, used / (slots * context)),
      };
    },
    async run(signal) {
      signal.addEventListener('abort', () => wake.resolve(), { once: true });
      try {
        let step = nextStep();
        for (;;) {
          const decoded = (await step).map(({ slot, token }) => ({ sequence: running.get(slot), token }));
          if (signal.aborted) return;
          // Under way while the tokens of the one before are given.
          step = nextStep();
          for (const { sequence, token } of decoded) give(sequence, token);
        }
      } catch (error) {
        for (const sequence of open) sequence.fail(error);
        throw error;
      }
    },
    async drain() {
      isDraining = true;
      emptied = Promise.withResolvers();
      if (open.size > 0) await emptied.promise;
    },
  };
}

function refused(code: string, message: string): SwarmlockError {
  return new SwarmlockError(message, { code, hint: 'Come again later.', retryable: true });
}
