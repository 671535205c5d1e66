import { isFaulty } from './faults.ts';
import { filled } from './commit/tiled.ts';
import { derivationOf, isComputed, typeOf } from './graph/derived.ts';
import { placedSlots, type Program, type Ref } from './graph/program.ts';
import type { State } from './graph/state.ts';
import { elementCount, type Tensor, type TypedArray } from './graph/types.ts';
import { feedsOf, type Pieces } from './onnx/pieces.ts';
import { operators } from './ops/index.ts';

/** One invocation of a program in pieces, whose values come and go in the pieces' memory. */
export type Invocation = {
  readonly program: Program;
  readonly pieces: Pieces;
  readonly inputs: readonly State[];
  /** Computes a piece, all earlier ones having run. False when an operator refused its operands. */
  run(piece: number): Promise<boolean>;
  /** The elements of a value that is computed and there, held in a state, or constant. */
  held(base: Ref): TypedArray;
  /** A cheap test, after `run`, that no node of a piece has a fault other than a value that is not finite. */
  isSurelySound(piece: number): boolean;
  /** The first node of a piece without a result, from the start and node by node. Leaves the piece as `run` does. */
  firstFault(piece: number): Promise<number | undefined>;
  /** The values of some nodes. */
  values(nodes: readonly number[]): Promise<Tensor[]>;
  /** The values of a node's operands. */
  operands(node: number): Promise<Tensor[]>;
};

/** @throws BATCH_SHAPE */
export function createInvocation(
  program: Program,
  pieces: Pieces,
  inputs: readonly State[],
  batch: Uint32Array | undefined,
): Invocation {
  const feeds = feedsOf(program, inputs, batch);
  const held = (base: Ref): TypedArray => {
    if (base.kind === 'constant') return program.constants[base.index]!.data;
    if (base.kind === 'node') return pieces.valueOf(base.index);
    const { layout, tensors } = inputs[base.state]!;
    return tensors.get(placedSlots(layout)[base.place]!.name)!;
  };
  const run = (piece: number) =>
    pieces.run(piece, feeds).then(
      () => true,
      () => false,
    );
  const tensorAt = (ref: Ref): Tensor => {
    const { base, stretch, tile } = derivationOf(program, ref);
    const { dtype, shape } = typeOf(program, ref);
    const data = held(base);
    const isWhole = stretch === 1 && tile === 1;
    return { dtype, shape, data: isWhole ? data : filled({ dtype, shape }, data, stretch, elementCount(shape)) };
  };
  const compactAt = (ref: Ref): Tensor => ({ ...typeOf(program, ref), data: held(derivationOf(program, ref).base) });
  const unsound = readersOfUnsound(program, held);
  const pieceOf = (node: number): number => pieces.spans.findIndex(({ to }) => node < to);

  /** Runs a piece, node by node where it is refused, up to `end`. */
  const runTo = async (piece: number, end: number, check: (node: number) => boolean): Promise<number | undefined> => {
    const { from, to } = pieces.spans[piece]!;
    const isRun = await run(piece);
    for (let node = from; node < Math.min(to, end); node++) {
      if (program.nodes[node] === null) continue;
      const isThere =
        isRun ||
        !isComputed(program, node) ||
        (await pieces.runNode(node, feeds).then(
          () => true,
          () => false,
        ));
      if (!isThere || check(node)) return node;
    }
    return undefined;
  };

  /** What `take` makes of each reference, as soon as it is there. */
  async function collect<T>(refs: readonly Ref[], take: (ref: Ref) => T): Promise<T[]> {
    const taken = new Map<Ref, T>();
    const baseNode = (ref: Ref) => {
      const { base } = derivationOf(program, ref);
      return base.kind === 'node' ? base.index : -1;
    };
    const last = Math.max(...refs.map(baseNode), -1);
    for (const ref of refs) if (baseNode(ref) < 0) taken.set(ref, take(ref));
    for (let piece = 0; piece <= (last < 0 ? -1 : pieceOf(last)); piece++) {
      await runTo(piece, last + 1, () => false);
      for (const ref of refs) if (baseNode(ref) >= 0 && pieceOf(baseNode(ref)) === piece) taken.set(ref, take(ref));
    }
    return refs.map((ref) => taken.get(ref)!);
  }
  const copied = (ref: Ref): Tensor => {
    const tensor = tensorAt(ref);
    return { ...tensor, data: tensor.data.slice() as TypedArray };
  };

  return {
    program,
    pieces,
    inputs,
    run,
    held,
    isSurelySound(piece) {
      const { from, to } = pieces.spans[piece]!;
      for (let index = from; index < to; index++) {
        const node = program.nodes[index];
        if (unsound.has(index)) return false;
        const { domain, isSurelyDefined } = (node && operators.get(node.op)) ?? {};
        if (!node || domain === undefined) continue;
        const output = { ...node.type, data: held({ kind: 'node', index }) };
        if (isSurelyDefined?.(node.inputs.map(compactAt), output, node.attributes) !== true) return false;
      }
      return true;
    },
    async firstFault(piece) {
      for (let earlier = 0; earlier < piece; earlier++) await run(earlier);
      return runTo(piece, Infinity, (index) => {
        const node = program.nodes[index]!;
        const value = tensorAt({ kind: 'node', index }).data;
        return isFaulty(node, node.inputs.map(tensorAt), value);
      });
    },
    values: (nodes) =>
      collect(
        nodes.map((index): Ref => ({ kind: 'node', index })),
        copied,
      ),
    operands: (node) => collect(program.nodes[node]!.inputs, copied),
  };
}

/** The nodes that read an input tensor which holds something that is no value of its type. */
function readersOfUnsound(program: Program, held: (ref: Ref) => TypedArray): ReadonlySet<number> {
  const known = new Map<TypedArray, boolean>();
  const isSound = (ref: Ref): boolean => {
    const data = held(ref);
    const found = known.get(data);
    if (found !== undefined) return found;
    const { dtype } = typeOf(program, ref);
    const sound =
      dtype === 'f32' ? data.every(Number.isFinite) : dtype !== 'i8' || data.every((value) => value !== -128);
    known.set(data, sound);
    return sound;
  };
  const readers = program.nodes.flatMap((node, index) =>
    node?.inputs.some((ref) => ref.kind === 'input' && !isSound(ref)) ? [index] : [],
  );
  return new Set(readers);
}
