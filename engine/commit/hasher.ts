import { availableParallelism } from 'node:os';
import { setImmediate } from 'node:timers/promises';
import { SwarmlockError } from '../errors.ts';
import type { State } from '../graph/state.ts';
import type { Tensor } from '../graph/types.ts';
import { fastTensorRoot } from './fast.ts';
import { LEAF_BYTES } from './format.ts';
import { HASH_BYTES, type Hash } from './hash.ts';
import { batchSize, joinParts, joinState, planOf, runJobs, TURN_LEAVES, type Job, type Plan } from './plan.ts';
import { BATCH_LEAVES, closed, createPool, type Pool } from './pool.ts';

/** Less than this is hashed by the caller's thread alone: waking others takes longer. */
const SMALL_BYTES = 1 << 20;

/** A root for each part of a plan, and whether all of its f32 elements are finite. */
export type TreeRoots = { readonly roots: readonly Uint8Array[]; readonly isFinite: boolean };

/** The fast twin of `reference.ts`. */
export type Hasher = {
  /** State root. The state must not change until the promise settles. @throws HASHER_CLOSED, HASHER_FAILED */
  stateRoot(state: State): Promise<Hash>;
  /** Roots of the trees of tensors that lie in one buffer, which must not change until the promise settles. */
  treeRoots(bytes: Uint8Array, plan: Plan): Promise<TreeRoots>;
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
  const treeRoots = async (bytes: Uint8Array, plan: Plan): Promise<TreeRoots> => {
    if (isClosed) throw closed();
    const isShared = threads > 1 && plan.leaves * LEAF_BYTES >= SMALL_BYTES;
    const { roots, isFinite } = await hashJobs(bytes, plan.jobs, isShared ? pool : undefined, 4 * threads);
    return { roots: joinParts(plan, roots), isFinite };
  };
  return {
    treeRoots,
    async stateRoot({ layout, bytes }) {
      const { roots } = await treeRoots(bytes, planOf(layout));
      return joinState(layout, roots);
    },
    tensorRoot: fastTensorRoot,
    async close() {
      isClosed = true;
      await pool.close();
    },
  };
}

/** Hands batches to the pool as long as it takes them, and hashes what it does not, one turn's worth at a time. */
async function hashJobs(
  bytes: Uint8Array,
  jobs: readonly Job[],
  pool: Pool | undefined,
  shares: number,
): Promise<{ roots: Uint8Array; isFinite: boolean }> {
  const roots = new Uint8Array(jobs.length * HASH_BYTES);
  const batches: Promise<void>[] = [];
  let left = jobs.reduce((sum, { count }) => sum + count, 0);
  let isFinite = true;
  let failure: unknown;
  let next = 0;
  while (next < jobs.length && failure === undefined) {
    // Batches get smaller towards the end, so that all threads finish together.
    const first = next;
    const size = batchSize(jobs, first, Math.min(BATCH_LEAVES, Math.ceil(left / shares)));
    const batch = pool?.tryRun(bytes, jobs.slice(first, first + size));
    next += batch === undefined ? batchSize(jobs, first, TURN_LEAVES) : size;
    for (let i = first; i < next; i += 1) left -= jobs[i]?.count ?? 0;
    if (batch === undefined) {
      const done = runJobs(bytes, 0, jobs.slice(first, next));
      roots.set(done.roots, first * HASH_BYTES);
      isFinite &&= done.isFinite;
      if (pool !== undefined) await setImmediate();
      continue;
    }
    batches.push(
      batch.then(
        (done) => {
          roots.set(done.roots, first * HASH_BYTES);
          isFinite &&= done.isFinite;
        },
        (error: unknown) => {
          failure = error;
        },
      ),
    );
  }
  await Promise.all(batches);
  if (failure !== undefined) throw failure;
  return { roots, isFinite };
}
