import { contentsOf, hashContents, scheduleOf, type Contents, type Schedule } from './commit/contents.ts';
import { joinSubtrees, rootOfTensor } from './commit/fast.ts';
import { treeDepth } from './commit/format.ts';
import { bytesFromHash, hashFromBytes, type Hash } from './commit/hash.ts';
import { createHasher, type Hasher } from './commit/hasher.ts';
import { tiledRoot } from './commit/tiled.ts';
import { EMPTY } from './commit/tree.ts';
import { SwarmlockError } from './errors.ts';
import { Invocation } from './invocation.ts';
import type { Program, Ref } from './graph/program.ts';
import type { State } from './graph/state.ts';
import type { Tensor } from './graph/types.ts';
import { firstFaultyElement } from './faults.ts';
import { leafHashes, type LeafHashes, type LeafPlace } from './leaf-places.ts';
import { loadPieces, type PieceOptions, type Pieces } from './onnx/pieces.ts';

/**
 * One invocation with the root of every node's value. Its input states must stay as they are, and its tracer open, as
 * long as values are asked for.
 */
export type Trace = {
  readonly program: Program;
  /** Tensor root of each node's value; EMPTY for padding, and from `faultAt` on. */
  readonly nodes: readonly Hash[];
  /** Root of the tree over `nodes`. */
  readonly root: Hash;
  /** The first node that has no result (a fault of ARITHMETIC.md); undefined when all have one. */
  readonly faultAt: number | undefined;
  /** Hashes of the leaves that were asked for; EMPTY for padding, and without meaning from `faultAt` on. */
  readonly leaves: readonly Hash[];
  /** The value of a node before `faultAt`, computed once more. @throws NO_VALUE */
  tensor(node: number): Promise<Tensor>;
  /** The values of several nodes in one pass. @throws NO_VALUE */
  tensors(nodes: readonly number[]): Promise<Tensor[]>;
  /** What an operand of a node is: computed once more, or held. */
  operands(node: number): Promise<Tensor[]>;
};

/** A program that is ready to be traced. Calls wait for one another. */
export type Tracer = {
  readonly program: Program;
  /** Executes once with `batch` for `load_batch`, and hashes the leaves at `places` on the way. @throws BATCH_SHAPE */
  trace(inputs: readonly State[], batch?: Uint32Array, places?: readonly LeafPlace[]): Promise<Trace>;
  close(): Promise<void>;
};

/**
 * Loads a program to trace it. It runs in pieces; all values of one are hashed while the next one runs, and dropped as soon
 * as no later piece reads them. Loading takes longer than a trace, so keep the tracer for the next one.
 */
export async function createTracer(program: Program, options: PieceOptions): Promise<Tracer> {
  const pieces = await loadPieces(program, options);
  const hasher = createHasher(options.threads ? { threads: options.threads } : {});
  const plan = planOf(program, pieces);
  let last: Promise<unknown> = Promise.resolve();
  /** Runs one thing after the other: all use the same memory. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = last.then(work, work);
    last = done.catch(() => undefined);
    return done;
  };
  return {
    program,
    async trace(inputs, batch, places = []) {
      const invocation = new Invocation(program, pieces, inputs, batch);
      const leaves = leafHashes(program, places, (base) => invocation.held(base));
      const { roots, faultAt } = await inTurn(() => hashed(invocation, plan, hasher, leaves));
      const nodes = program.nodes.map((node, index) => {
        const content = plan.contents.ofNode[index];
        const isThere = node !== null && content !== undefined && index < (faultAt ?? Infinity);
        return isThere ? rootOfTensor(node.type, roots[content]!) : EMPTY;
      });
      const tensors = async (wanted: readonly number[]) => {
        for (const node of wanted) requireValue(program, node, faultAt);
        return inTurn(() => invocation.values(wanted));
      };
      return {
        program,
        nodes,
        root: hashFromBytes(joinSubtrees(nodes.map(bytesFromHash), 0, treeDepth(nodes.length))),
        faultAt,
        leaves: leaves.hashes,
        tensors,
        tensor: async (node) => (await tensors([node]))[0]!,
        operands: (node) => inTurn(() => invocation.operands(node)),
      };
    },
    async close() {
      await last;
      await Promise.all([pieces.close(), hasher.close()]);
    },
  };
}

/** The first element of a node, row-major, for which it has no result. -1 when it has one for all. */
export async function faultElement(trace: Trace, node: number): Promise<number> {
  return firstFaultyElement(trace.program.nodes[node]!, await trace.operands(node));
}

function requireValue({ nodes }: Program, node: number, faultAt = Infinity): void {
  if (nodes[node] != null && node < faultAt) return;
  throw new SwarmlockError(`node ${node} has no value`, { code: 'NO_VALUE', argument: 'node' });
}

/** What is hashed when. */
type TracePlan = {
  readonly contents: Contents;
  /** Trees of the constants and what repeats them, the same in every trace. */
  readonly fixed: readonly (Uint8Array | undefined)[];
  /** Contents of each input state. */
  readonly ofInputs: readonly (readonly number[])[];
  /** What can be hashed once a piece has run. */
  readonly ofPieces: readonly Schedule[];
};

function planOf(program: Program, pieces: Pieces): TracePlan {
  const contents = contentsOf(program);
  const fixed = contents.all.map(({ base, type, stretch }) =>
    base.kind === 'constant' ? tiledRoot(type, program.constants[base.index]!.data, stretch) : undefined,
  );
  const numbers = (holds: (base: Ref) => boolean) =>
    contents.all.flatMap(({ base }, number) => (holds(base) ? [number] : []));
  const ofInputs = program.inputs.map((_, state) => numbers((base) => base.kind === 'input' && base.state === state));
  const offsetOf = (base: Ref) => pieces.offsetOf((base as Ref & { kind: 'node' }).index);
  const ofPieces = pieces.spans.map(({ from, to }) => {
    const inside = numbers((base) => base.kind === 'node' && base.index >= from && base.index < to);
    return scheduleOf(contents, inside, offsetOf);
  });
  return { contents, fixed, ofInputs, ofPieces };
}

/** Runs all pieces up to the first fault, each being hashed while the next one runs. */
async function hashed(invocation: Invocation, plan: TracePlan, hasher: Hasher, leaves: LeafHashes) {
  const roots = [...plan.fixed] as Uint8Array[];
  const { pieces } = invocation;
  const held = (base: Ref) => invocation.held(base);
  for (const [state, numbers] of plan.ofInputs.entries()) {
    const { bytes } = invocation.inputs[state]!;
    const offsetOf = (base: Ref) => held(base).byteOffset - bytes.byteOffset;
    const schedule = scheduleOf(plan.contents, numbers, offsetOf);
    await hashContents(hasher, plan.contents, schedule, bytes, held, roots);
  }
  leaves.take((base) => base.kind !== 'node');
  const hash = async (piece: number): Promise<boolean> => {
    if (piece < 0) return true;
    const { from, to } = pieces.spans[piece]!;
    leaves.take((base) => base.kind === 'node' && base.index >= from && base.index < to);
    return hashContents(hasher, plan.contents, plan.ofPieces[piece]!, pieces.bytes, held, roots);
  };
  let hashing = hash(-1);
  for (let piece = 0; piece <= pieces.spans.length; piece++) {
    const isLast = piece === pieces.spans.length;
    const isRun = isLast || (await invocation.run(piece));
    const isFinite = await hashing;
    // A value that is not finite is always a fault; anything else may be a false alarm.
    const suspect = isFinite ? piece : piece - 1;
    const isSound = isFinite && (isLast || (isRun && invocation.isSurelySound(piece)));
    const faultAt = isSound ? undefined : await invocation.firstFault(suspect);
    if (faultAt !== undefined) {
      if (suspect === piece) await hash(piece);
      return { roots, faultAt };
    }
    if (!isLast) hashing = hash(piece);
  }
  return { roots, faultAt: undefined };
}
