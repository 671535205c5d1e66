import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { SwarmlockError } from '../errors.ts';
import type { State } from '../graph/state.ts';
import type { Tensor } from '../graph/types.ts';
import { fastTensorRoot } from './fast.ts';
import { HASH_BYTES, type Hash } from './hash.ts';
import { joinJobs, planOf, runJob, type Job } from './plan.ts';
import { BATCH_JOBS, closed, createPool, type Pool } from './pool.ts';

/** States below this size are hashed by the caller's thread alone: waking others takes longer. */
const SMALL_BYTES = 1 << 20;

/** The fast twin of `reference.ts`. */
export type Hasher = {
  /** State root. The state must not change until the promise settles. @throws HASHER_CLOSED, HASHER_FAILED */
  stateRoot(state: State): Promise<Hash>;
  /** Tensor root, by the calling thread. @throws TENSOR_INVALID */
  tensorRoot(tensor: Tensor): Hash;
  /** Ends the threads; a root that is not finished is rejected. */
  close(): Promise<void>;
};

/**
 * A hasher on `threads` threads, by default one per processor: the caller's, which hashes in place, and workers, which
 * hash copies of a few megabytes at a time. Workers start with the first large state and keep the process alive only
 * while they have work. The caller's event loop gets a turn every quarter of a millisecond.
 * @throws THREADS_INVALID
 */
export function createHasher({ threads = availableParallelism() }: { threads?: number } = {}): Hasher {
  if (!Number.isInteger(threads) || threads < 1 || threads > 256) {
    throw new SwarmlockError(`Cannot hash on ${threads} threads`, {
      code: 'THREADS_INVALID',
      argument: 'threads',
      hint: 'Give an integer from 1 to 256.',
    });
  }
  const pool = createPool(threads - 1);
  let isClosed = false;
  return {
    async stateRoot(state) {
      if (isClosed) throw closed();
      const plan = planOf(state.layout);
      const isShared = threads > 1 && state.bytes.byteLength >= SMALL_BYTES;
      const roots = await hashJobs(state.bytes, plan.jobs, isShared ? pool : undefined, 4 * threads);
      return joinJobs(plan, roots);
    },
    tensorRoot: fastTensorRoot,
    async close() {
      isClosed = true;
      await pool.close();
    },
  };
}

/** Hands batches to the pool as long as it takes them, and hashes what it does not, one job a turn. */
async function hashJobs(
  state: Uint8Array,
  jobs: readonly Job[],
  pool: Pool | undefined,
  shares: number,
): Promise<Uint8Array> {
  const roots = new Uint8Array(jobs.length * HASH_BYTES);
  const batches: Promise<void>[] = [];
  let failure: unknown;
  let next = 0;
  while (next < jobs.length && failure === undefined) {
    // Batches get smaller towards the end, so that all threads finish together.
    const size = Math.min(BATCH_JOBS, Math.ceil((jobs.length - next) / shares));
    const first = next;
    const batch = pool?.tryRun(state, jobs.slice(first, first + size));
    if (batch === undefined) {
      const job = jobs[next];
      if (job !== undefined) roots.set(runJob(state, 0, job), next * HASH_BYTES);
      next += 1;
      if (pool !== undefined) await setImmediate();
      continue;
    }
    next += size;
    batches.push(
      batch.then(
        (done) => roots.set(done, first * HASH_BYTES),
        (error: unknown) => {
          failure = error;
        },
      ),
    );
  }
  await Promise.all(batches);
  if (failure !== undefined) throw failure;
  return roots;
}
