import { Worker } from 'node:worker_threads';
import { SwarmlockError } from '../errors.ts';
import { BATCH_BYTES, runJobs, type Done, type Job } from './plan.ts';

/** Jobs whose bytes lie close together, with a copy of these in shared memory. */
export type Batch = {
  readonly lane: number;
  readonly bytes: Uint8Array;
  readonly from: number;
  readonly jobs: readonly Job[];
};

type Reply = Done & { readonly lane: number };

/** Most leaves of one batch: 2 MiB. */
export const BATCH_LEAVES = 2 ** 11;

/** One batch is hashed while the next one waits. */
const LANES_PER_THREAD = 2;

/** Threads that hash copies of parts of a state. They keep the process alive only while a batch is under way. */
export type Pool = {
  /** Copies and hashes a batch of jobs within `BATCH_BYTES`, or nothing when all threads are busy. */
  tryRun(bytes: Uint8Array, jobs: readonly Job[]): Promise<Done> | undefined;
  /** Ends the threads; batches that are not finished, and later ones, are rejected with HASHER_CLOSED. */
  close(): Promise<void>;
};

type Lane = {
  readonly worker: Worker;
  readonly scratch: Uint8Array<SharedArrayBuffer>;
  pending?: { resolve: (done: Done) => void; reject: (error: SwarmlockError) => void } | undefined;
};

/** What a thread does with a batch. */
export function runBatch({ lane, bytes, from, jobs }: Batch): Reply {
  return { lane, ...runJobs(bytes, from, jobs) };
}

/** A pool of `threads` workers, started by the first batch. */
export function createPool(threads: number): Pool {
  let lanes: readonly Lane[] = [];
  let isClosed = false;

  /** Ends all threads. The next batch starts new ones. */
  async function stop(error: SwarmlockError): Promise<void> {
    const stopped = lanes;
    lanes = [];
    for (const { pending } of stopped) pending?.reject(error);
    await Promise.all(stopped.map(({ worker }) => worker.terminate()));
  }

  function startWorker(): Worker {
    const execArgv = ['--disable-warning=ExperimentalWarning'];
    const worker = new Worker(new URL('./hash-worker.ts', import.meta.url), { execArgv });
    const fail = (cause: unknown): void => {
      if (lanes.some((lane) => lane.worker === worker)) void stop(failed(cause));
    };
    worker.unref();
    return worker.on('message', settle).on('error', fail).on('exit', fail);
  }

  function startLanes(): readonly Lane[] {
    return Array.from({ length: threads }, startWorker).flatMap((worker) =>
      Array.from({ length: LANES_PER_THREAD }, () => {
        return { worker, scratch: new Uint8Array(new SharedArrayBuffer(BATCH_BYTES + 4)) };
      }),
    );
  }

  function settle({ lane: index, roots, isFinite }: Reply): void {
    const lane = lanes[index];
    if (lane === undefined) return;
    const { pending, worker } = lane;
    lane.pending = undefined;
    if (!lanes.some((other) => other.worker === worker && other.pending !== undefined)) worker.unref();
    pending?.resolve({ roots, isFinite });
  }

  return {
    tryRun(given, jobs) {
      if (isClosed) return Promise.reject(closed());
      if (lanes.length === 0) lanes = startLanes();
      const index = lanes.findIndex(({ pending }) => pending === undefined);
      const lane = lanes[index];
      if (lane === undefined) return undefined;
      const { from, bytes } = copyJobs(given, jobs, lane.scratch);
      const batch: Batch = { lane: index, bytes, from, jobs };
      return new Promise((resolve, reject) => {
        lane.pending = { resolve, reject };
        lane.worker.ref();
        lane.worker.postMessage(batch);
      });
    },
    close() {
      isClosed = true;
      return stop(closed());
    },
  };
}

/** Copies the bytes of jobs, words staying aligned. */
function copyJobs(given: Uint8Array, jobs: readonly Job[], scratch: Uint8Array): { from: number; bytes: Uint8Array } {
  const start = jobs[0]?.start ?? 0;
  const from = start - (start % 4);
  const part = given.subarray(from, Math.max(...jobs.map(({ end }) => end)));
  scratch.set(part);
  return { from, bytes: scratch.subarray(0, part.length) };
}

export function closed(): SwarmlockError {
  return new SwarmlockError('The hasher is closed', {
    code: 'HASHER_CLOSED',
    hint: 'Create another with createHasher.',
  });
}

function failed(cause: unknown): SwarmlockError {
  return new SwarmlockError('A hashing thread ended', { code: 'HASHER_FAILED', retryable: true, cause });
}
