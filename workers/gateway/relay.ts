import type { Notary } from './notary.ts';
import { createScheduler, type Load, type Scheduler, type SchedulerOptions, type TokenSource } from './scheduler.ts';

/** Weights in a decoder. */
export type Weights = {
  /** Of their state. */
  readonly root: string;
  readonly decoder: TokenSource;
  /** Signs for what they answer; undefined when nobody answers for it. */
  readonly notary?: Notary | undefined;
};

/** Weights that answer, and the scheduler of who asks them. */
export type Post = Omit<Weights, 'decoder'> & { readonly scheduler: Scheduler };

/** Hands new requests on from one state's weights to the next, while those under way finish where they began. */
export type Relay = {
  /** Where new requests go. */
  readonly current: Post;
  /** Of all weights. */
  load(): Load;
  /** New requests go to these weights. Resolves when those before them have finished all that was begun, and are closed. */
  pass(next: Weights): Promise<void>;
  /** Takes nothing new from now on; resolves when all is done that was taken. */
  drain(): Promise<void>;
  /** Lets everything go. */
  close(): Promise<void>;
  /** Rejects with what a decoder throws, after which nothing is decoded. */
  readonly failed: Promise<never>;
};

/** A post that is held. */
type Runner = Post & { drained(): Promise<void>; end(): Promise<void> };

/** Decodes from now on. @param first what answers until others are passed */
export function createRelay(first: Weights, options: Omit<SchedulerOptions, 'decoder'>): Relay {
  const runners = new Set<Runner>();
  const failed = Promise.withResolvers<never>();
  const closed = Promise.withResolvers<void>();
  failed.promise.catch(() => undefined);
  const begin = ({ decoder, ...about }: Weights): Runner => {
    const scheduler = createScheduler({ ...options, decoder });
    const stop = new AbortController();
    const running = scheduler.run(stop.signal);
    running.catch(failed.reject);
    let drained: Promise<void> | undefined;
    const runner: Runner = {
      ...about,
      scheduler,
      drained: () => (drained ??= scheduler.drain()),
      async end() {
        if (!runners.delete(runner)) return;
        stop.abort();
        await running;
        await decoder.close();
      },
    };
    runners.add(runner);
    return runner;
  };
  let current = begin(first);
  return {
    get current() {
      return current;
    },
    load() {
      const loads = [...runners].map(({ scheduler }) => scheduler.load());
      const sum = (part: (load: Load) => number) => loads.reduce((total, load) => total + part(load), 0);
      return {
        running: sum(({ running }) => running),
        waiting: sum(({ waiting }) => waiting),
        cache: sum(({ cache }) => cache) / loads.length,
      };
    },
    async pass(next) {
      const before = current;
      current = begin(next);
      await Promise.race([before.drained(), closed.promise]);
      await before.end();
    },
    async drain() {
      await Promise.all([...runners].map((runner) => runner.drained()));
    },
    async close() {
      closed.resolve();
      await Promise.all([...runners].map((runner) => runner.end()));
    },
    failed: failed.promise,
  };
}
