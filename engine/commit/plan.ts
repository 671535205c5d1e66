import { slotBytes, slotsOf } from '../graph/state.ts';
import type { StateLayout, StateSlot } from '../graph/types.ts';
import { joinSubtrees, rootOfTensor, subtreeRoot } from './fast.ts';
import { LEAF_BYTES, leafGeometry, leafSpan, treeDepth, type LeafGeometry } from './format.ts';
import { HASH_BYTES, type Hash } from './hash.ts';
import { stateLeaves } from './layout.ts';
import { merkleRoot } from './tree.ts';

/** Depth of the subtrees that are handed out: 256 leaves, a quarter of a millisecond. */
const JOB_DEPTH = 8;

/** Bytes of a job at most. */
export const JOB_BYTES = LEAF_BYTES * 2 ** JOB_DEPTH;

/** One subtree of one tensor. The jobs of a state cover its bytes without a gap, in order. */
export type Job = {
  /** Where its bytes are in the state. */
  readonly start: number;
  readonly end: number;
  /** Where its bytes start in the tensor. */
  readonly origin: number;
  readonly isFloat: boolean;
  readonly geometry: LeafGeometry;
  /** Leaves [from, from + count) of the tensor, padded to 2^depth. */
  readonly from: number;
  readonly count: number;
  readonly depth: number;
};

type SlotJobs = { readonly slot: StateSlot; readonly first: number; readonly count: number; readonly depth: number };

/** How the hashing of a state is divided. The same for all states of a layout. */
export type Plan = { readonly layout: StateLayout; readonly jobs: readonly Job[]; readonly slots: readonly SlotJobs[] };

const plans = new WeakMap<StateLayout, Plan>();

/** The plan of a layout, made once. */
export function planOf(layout: StateLayout): Plan {
  const known = plans.get(layout);
  if (known !== undefined) return known;
  const plan = createPlan(layout);
  plans.set(layout, plan);
  return plan;
}

/** Root of a job's subtree. `bytes` holds the state's bytes from position `from` on. */
export function runJob(bytes: Uint8Array, from: number, job: Job): Uint8Array {
  const { origin, geometry, isFloat } = job;
  const start = bytes.byteOffset + job.start - from;
  const length = job.end - job.start;
  const words = isFloat ? new Int32Array(bytes.buffer, start, length / 4) : undefined;
  const source = { bytes: new Uint8Array(bytes.buffer, start, length), words, origin, geometry };
  return subtreeRoot(source, job.from, job.count, job.depth);
}

/** State root from the roots of all jobs, one after the other. */
export function joinJobs(plan: Plan, roots: Uint8Array): Hash {
  const tensorRoots = plan.slots.map(({ slot, first, count, depth }) => {
    const subtrees = Array.from({ length: count }, (_, i) =>
      roots.subarray((first + i) * HASH_BYTES, (first + i + 1) * HASH_BYTES),
    );
    return rootOfTensor(slot, joinSubtrees(subtrees, Math.min(depth, JOB_DEPTH), depth));
  });
  return merkleRoot(stateLeaves(plan.layout, tensorRoots));
}

function createPlan(layout: StateLayout): Plan {
  const jobs: Job[] = [];
  const slots: SlotJobs[] = [];
  let offset = 0;
  for (const slot of slotsOf(layout)) {
    const first = jobs.length;
    jobs.push(...slotJobs(slot, offset));
    slots.push({ slot, first, count: jobs.length - first, depth: treeDepth(leafGeometry(slot).leaves) });
    offset += slotBytes(slot);
  }
  return { layout, jobs, slots };
}

function slotJobs(slot: StateSlot, offset: number): readonly Job[] {
  const geometry = leafGeometry(slot);
  const isFloat = slot.dtype === 'f32';
  const depth = Math.min(treeDepth(geometry.leaves), JOB_DEPTH);
  const size = 2 ** depth;
  return Array.from({ length: Math.ceil(geometry.leaves / size) }, (_, i) => {
    const from = i * size;
    const count = Math.min(size, geometry.leaves - from);
    const origin = leafSpan(geometry, from).start;
    const last = leafSpan(geometry, from + count - 1);
    const end = offset + last.start + last.length;
    return { start: offset + origin, end, origin, isFloat, geometry, from, count, depth };
  });
}
