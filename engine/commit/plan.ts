import { slotBytes, slotsOf } from '../graph/state.ts';
import type { StateLayout, TensorType } from '../graph/types.ts';
import { joinSubtrees, rootOfTensor, subtreeRoot, takeNonFinite } from './fast.ts';
import { leafGeometry, leafSpan, treeDepth, type LeafGeometry } from './format.ts';
import { HASH_BYTES, type Hash } from './hash.ts';
import { stateLeaves } from './layout.ts';
import { merkleRoot } from './tree.ts';

/** Depth of the subtrees that are handed out: 256 leaves, a quarter of a millisecond. */
const JOB_DEPTH = 8;

/** Leaves that are hashed in one turn of the event loop: those of a full job. */
export const TURN_LEAVES = 2 ** JOB_DEPTH;

/** Bytes that one batch of jobs may span. */
export const BATCH_BYTES = 2 ** 21;

/** A tensor that lies in a buffer. */
export type Part = TensorType & {
  /** Where its bytes start. */
  readonly offset: number;
  /** f32: the tensor has each element that lies there this often in succession; once by default. */
  readonly stretch?: number;
};

/** One subtree of one tensor. */
export type Job = {
  /** Where its bytes are in the buffer. */
  readonly start: number;
  readonly end: number;
  /** Where its bytes start in the tensor, or in what is stretched to it. */
  readonly origin: number;
  readonly isFloat: boolean;
  readonly stretch: number;
  readonly geometry: LeafGeometry;
  /** Leaves [from, from + count) of the tensor, padded to 2^depth. */
  readonly from: number;
  readonly count: number;
  readonly depth: number;
};

type PartJobs = { readonly first: number; readonly count: number; readonly depth: number };

/** How the hashing of a buffer is divided. */
export type Plan = { readonly jobs: readonly Job[]; readonly parts: readonly PartJobs[]; readonly leaves: number };

/** Roots of successive jobs, and whether all their f32 elements are finite. */
export type Done = { readonly roots: Uint8Array; readonly isFinite: boolean };

const plans = new WeakMap<StateLayout, Plan>();

/** The plan of a state, whose tensors follow one another; made once for a layout. */
export function planOf(layout: StateLayout): Plan {
  const known = plans.get(layout);
  if (known !== undefined) return known;
  let offset = 0;
  const parts = slotsOf(layout).map((slot): Part => {
    offset += slotBytes(slot);
    return { dtype: slot.dtype, shape: slot.shape, offset: offset - slotBytes(slot) };
  });
  const plan = planParts(parts);
  plans.set(layout, plan);
  return plan;
}

/** The plan of tensors that lie anywhere in a buffer, f32 at multiples of four. */
export function planParts(given: readonly Part[]): Plan {
  const jobs: Job[] = [];
  const parts = given.map((part): PartJobs => {
    const first = jobs.length;
    jobs.push(...partJobs(part));
    return { first, count: jobs.length - first, depth: treeDepth(leafGeometry(part).leaves) };
  });
  return { jobs, parts, leaves: jobs.reduce((sum, { count }) => sum + count, 0) };
}

/** How many jobs from `first` on are one batch: at least one, at most `leaves` leaves, and close together. */
export function batchSize(jobs: readonly Job[], first: number, leaves: number): number {
  const { start } = jobs[first]!;
  let size = 0;
  for (let sum = 0; first + size < jobs.length; size += 1) {
    const job = jobs[first + size]!;
    sum += job.count;
    const fits = sum <= leaves && job.start >= start && job.end <= start + BATCH_BYTES;
    if (size > 0 && !fits) break;
  }
  return size;
}

/** Roots of the subtrees of some jobs. `bytes` holds the buffer's bytes from position `from` on. */
export function runJobs(bytes: Uint8Array, from: number, jobs: readonly Job[]): Done {
  const roots = new Uint8Array(jobs.length * HASH_BYTES);
  takeNonFinite();
  jobs.forEach((job, i) => roots.set(runJob(bytes, from, job), i * HASH_BYTES));
  return { roots, isFinite: !takeNonFinite() };
}

function runJob(bytes: Uint8Array, from: number, job: Job): Uint8Array {
  const { origin, geometry, isFloat, stretch } = job;
  const start = bytes.byteOffset + job.start - from;
  const length = job.end - job.start;
  const words = isFloat ? new Int32Array(bytes.buffer, start, length / 4) : undefined;
  const source = { bytes: new Uint8Array(bytes.buffer, start, length), words, origin, stretch, geometry };
  return subtreeRoot(source, job.from, job.count, job.depth);
}

/** Roots of the parts' trees from the roots of all jobs, one after the other. */
export function joinParts(plan: Plan, roots: Uint8Array): readonly Uint8Array[] {
  return plan.parts.map(({ first, count, depth }) => {
    const subtrees = Array.from({ length: count }, (_, i) =>
      roots.subarray((first + i) * HASH_BYTES, (first + i + 1) * HASH_BYTES),
    );
    return joinSubtrees(subtrees, Math.min(depth, JOB_DEPTH), depth);
  });
}

/** State root from the roots of its tensors' trees. */
export function joinState(layout: StateLayout, trees: readonly Uint8Array[]): Hash {
  const roots = slotsOf(layout).map((slot, i) => rootOfTensor(slot, trees[i]!));
  return merkleRoot(stateLeaves(layout, roots));
}

function partJobs(part: Part): readonly Job[] {
  const { offset, stretch = 1 } = part;
  const geometry = leafGeometry(part);
  const isFloat = part.dtype === 'f32';
  const depth = Math.min(treeDepth(geometry.leaves), JOB_DEPTH);
  const size = 2 ** depth;
  return Array.from({ length: Math.ceil(geometry.leaves / size) }, (_, i) => {
    const from = i * size;
    const count = Math.min(size, geometry.leaves - from);
    const last = leafSpan(geometry, from + count - 1);
    // Of what is stretched, the elements that these leaves show.
    const origin =
      stretch === 1 ? leafSpan(geometry, from).start : 4 * Math.floor(leafSpan(geometry, from).start / 4 / stretch);
    const end = stretch === 1 ? last.start + last.length : 4 * Math.ceil((last.start + last.length) / 4 / stretch);
    return { start: offset + origin, end: offset + end, origin, isFloat, stretch, geometry, from, count, depth };
  });
}
