import type ort from 'onnxruntime-node';
import { isComputed } from '../graph/derived.ts';
import type { Program } from '../graph/program.ts';
import type { State } from '../graph/state.ts';
import { bytesPerElement, elementCount, typedArray, type TensorType, type TypedArray } from '../graph/types.ts';
import { carriedName, inputName, lowerPiece, type LoweredPiece } from './lower.ts';
import { batchFeed, createSession, ortTensor, runInto, viewsOver, type ExecutorOptions } from './session.ts';

/** Successive nodes [from, to) that are computed in one go. */
export type Span = { readonly from: number; readonly to: number };

/**
 * A program in pieces, all of whose values pass through one block of memory: a value stays until the last piece that
 * reads it has run, and at least until the end of the piece after its own, so that it can be hashed meanwhile.
 */
export type Pieces = {
  readonly spans: readonly Span[];
  /** The block. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Where the value of a computed node starts in it. */
  offsetOf(node: number): number;
  /** The value of a computed node, while it is there. */
  valueOf(node: number): TypedArray;
  /** Computes piece `index`, all earlier ones having run. Rejects when an operator refuses its operands. */
  run(index: number, feeds: Feeds): Promise<void>;
  /** Computes one node of piece `index` alone, all earlier nodes being there. */
  runNode(node: number, feeds: Feeds): Promise<void>;
  close(): Promise<void>;
};

/** What an invocation is given, by the names of the model's inputs. */
export type Feeds = Readonly<Record<string, ort.Tensor>>;

export type PieceOptions = ExecutorOptions & {
  /** Bytes that the values of one piece take, about. Default 24 million. */
  readonly pieceBytes?: number;
};

/** What all pieces of an invocation are fed with. @throws BATCH_SHAPE */
export function feedsOf(program: Program, inputs: readonly State[], batch: Uint32Array | undefined): Feeds {
  const feeds = batchFeed(program, batch);
  inputs.map(viewsOver).forEach((tensors, state) =>
    tensors.forEach((tensor, place) => {
      if (tensor !== undefined) feeds[inputName(state, place)] = tensor;
    }),
  );
  return feeds;
}

/** Loads a program piece by piece. */
export async function loadPieces(program: Program, options: PieceOptions): Promise<Pieces> {
  const spans = cut(program, options.pieceBytes ?? 24e6);
  const lowered = spans.map(({ from, to }) => lowerPiece(program, options.kernel, from, to));
  const { offsets, size } = placeValues(program, lowered);
  const bytes = new Uint8Array(new ArrayBuffer(size));
  const typeOf = (node: number): TensorType => program.nodes[node]!.type;
  const valueOf = (node: number): TypedArray => {
    const { dtype, shape } = typeOf(node);
    return typedArray(dtype, elementCount(shape), bytes.buffer, offsets.get(node)!);
  };
  const views = new Map(Array.from(offsets.keys(), (node) => [node, ortTensor(typeOf(node), valueOf(node))]));
  const load = async ({ model, outputs, carried }: LoweredPiece) => {
    const session = outputs.size === 0 ? undefined : await createSession(model, options, true);
    const fetches = Object.fromEntries(Array.from(outputs, ([node, name]) => [name, views.get(node)!]));
    const held = Object.fromEntries(carried.map((node) => [carriedName(node), views.get(node)!]));
    const names = (session?.inputNames ?? []).filter((name) => !(name in held));
    const run = async (feeds: Feeds): Promise<void> => {
      const given = Object.fromEntries(names.map((name) => [name, feeds[name]!]));
      if (session !== undefined) await runInto(session, { ...given, ...held }, fetches);
    };
    return { run, close: async () => session?.release() };
  };
  const loaded: Awaited<ReturnType<typeof load>>[] = [];
  for (const piece of lowered) loaded.push(await load(piece));
  return {
    spans,
    bytes,
    offsetOf: (node) => offsets.get(node)!,
    valueOf,
    run: (index, feeds) => loaded[index]!.run(feeds),
    async runNode(node, feeds) {
      const piece = await load(lowerPiece(program, options.kernel, node, node + 1));
      await piece.run(feeds).finally(piece.close);
    },
    async close() {
      for (const piece of loaded) await piece.close();
    },
  };
}

/** Cuts a program where the values of a piece have reached their size. */
function cut(program: Program, most: number): readonly Span[] {
  const spans: Span[] = [];
  let from = 0;
  let bytes = 0;
  program.nodes.forEach((_, index) => {
    bytes += isComputed(program, index) ? byteCount(program, index) : 0;
    if (bytes < most && index + 1 < program.nodes.length) return;
    spans.push({ from, to: index + 1 });
    from = index + 1;
    bytes = 0;
  });
  return spans;
}

/** Places values in one block, each in the first gap that is wide enough at its time. */
function placeValues(
  program: Program,
  pieces: readonly LoweredPiece[],
): { offsets: Map<number, number>; size: number } {
  const last = new Map<number, number>();
  pieces.forEach(({ outputs, carried }, piece) => {
    for (const node of outputs.keys()) last.set(node, piece + 1);
    for (const node of carried) last.set(node, Math.max(piece, last.get(node)!));
  });
  const offsets = new Map<number, number>();
  let size = 0;
  let live: { start: number; end: number; last: number }[] = [];
  pieces.forEach(({ outputs }, piece) => {
    live = live.filter((value) => value.last >= piece);
    for (const node of outputs.keys()) {
      const bytes = 64 * Math.ceil(byteCount(program, node) / 64);
      const at = live.findIndex(({ start }, i) => start - (live[i - 1]?.end ?? 0) >= bytes);
      const place = at < 0 ? live.length : at;
      const start = live[place - 1]?.end ?? 0;
      live.splice(place, 0, { start, end: start + bytes, last: last.get(node)! });
      offsets.set(node, start);
      size = Math.max(size, start + bytes);
    }
  });
  return { offsets, size };
}

function byteCount(program: Program, index: number): number {
  const { dtype, shape } = program.nodes[index]!.type;
  return elementCount(shape) * bytesPerElement[dtype];
}
