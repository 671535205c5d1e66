import { filled } from './commit/tiled.ts';
import { areFinite, isFaulty } from './faults.ts';
import { derivationOf, isComputed, typeOf } from './graph/derived.ts';
import { placedSlots, type Program, type Ref } from './graph/program.ts';
import type { State } from './graph/state.ts';
import { elementCount, type Tensor, type TypedArray } from './graph/types.ts';
import { feedsOf, type Feeds, type Pieces } from './onnx/pieces.ts';
import { operators } from './ops/index.ts';

const succeeds = (work: Promise<void>): Promise<boolean> =>
  work.then(
    () => true,
    () => false,
  );

/** One invocation of a program in pieces, whose values come and go in the pieces' memory. */
export class Invocation {
  readonly program: Program;
  readonly pieces: Pieces;
  readonly inputs: readonly State[];
  readonly #feeds: Feeds;
  /** The nodes that read an input tensor which holds something that is no value of its type. */
  readonly #suspects: ReadonlySet<number>;

  /** @throws BATCH_SHAPE */
  constructor(program: Program, pieces: Pieces, inputs: readonly State[], batch: Uint32Array | undefined) {
    this.program = program;
    this.pieces = pieces;
    this.inputs = inputs;
    this.#feeds = feedsOf(program, inputs, batch);
    this.#suspects = new Set(this.#readersOfUnsound());
  }

  /** Computes a piece, all earlier ones having run. False when an operator refused its operands. */
  run(piece: number): Promise<boolean> {
    return succeeds(this.pieces.run(piece, this.#feeds));
  }

  /** The elements of a value that is computed and there, held in a state, or constant. */
  held(base: Ref): TypedArray {
    if (base.kind === 'constant') return this.program.constants[base.index]!.data;
    if (base.kind === 'node') return this.pieces.valueOf(base.index);
    const { layout, tensors } = this.inputs[base.state]!;
    return tensors.get(placedSlots(layout)[base.place]!.name)!;
  }

  /** A cheap test, after `run`, that no node of a piece has a fault other than a value that is not finite. */
  isSurelySound(piece: number): boolean {
    const { from, to } = this.pieces.spans[piece]!;
    for (let index = from; index < to; index++) if (!this.#isSurelyDefined(index)) return false;
    return true;
  }

  /** The first node of a piece without a result, from the start and node by node. Leaves the piece as `run` does. */
  async firstFault(piece: number): Promise<number | undefined> {
    for (let earlier = 0; earlier < piece; earlier++) await this.run(earlier);
    return this.#runTo(piece, Infinity, (index) => {
      const node = this.program.nodes[index]!;
      const operands = node.inputs.map((ref) => this.#tensorAt(ref));
      return isFaulty(node, operands, this.#tensorAt({ kind: 'node', index }).data);
    });
  }

  /** The values of some nodes. */
  values(nodes: readonly number[]): Promise<Tensor[]> {
    return this.#collect(nodes.map((index): Ref => ({ kind: 'node', index })));
  }

  /** The values of a node's operands. */
  operands(node: number): Promise<Tensor[]> {
    return this.#collect(this.program.nodes[node]!.inputs);
  }

  #isSurelyDefined(index: number): boolean {
    const node = this.program.nodes[index] ?? null;
    if (this.#suspects.has(index)) return false;
    if (node === null) return true;
    const { domain, isSurelyDefined } = operators.get(node.op)!;
    if (domain === undefined) return true;
    const operands = node.inputs.map((ref) => {
      return { ...typeOf(this.program, ref), data: this.held(derivationOf(this.program, ref).base) };
    });
    const output = { ...node.type, data: this.held({ kind: 'node', index }) };
    return isSurelyDefined?.(operands, output, node.attributes) ?? false;
  }

  /** Runs a piece, node by node where it is refused, up to `end`, or to the first node that is refused or `isWrong`. */
  async #runTo(piece: number, end: number, isWrong: (node: number) => boolean): Promise<number | undefined> {
    const { from, to } = this.pieces.spans[piece]!;
    const isRun = await this.run(piece);
    for (let node = from; node < Math.min(to, end); node++) {
      if (this.program.nodes[node] === null) continue;
      const isThere = isRun || !isComputed(this.program, node);
      if (!isThere && !(await succeeds(this.pieces.runNode(node, this.#feeds)))) return node;
      if (isWrong(node)) return node;
    }
    return undefined;
  }

  /** Copies of values, each as soon as it is there. */
  async #collect(refs: readonly Ref[]): Promise<Tensor[]> {
    const pieceOf = (ref: Ref): number => {
      const { base } = derivationOf(this.program, ref);
      return base.kind === 'node' ? this.pieces.spans.findIndex(({ to }) => base.index < to) : -1;
    };
    const pieces = refs.map(pieceOf);
    const taken = new Map<Ref, Tensor>();
    const take = (piece: number): void =>
      refs.forEach((ref, i) => {
        if (pieces[i] !== piece) return;
        const tensor = this.#tensorAt(ref);
        taken.set(ref, { ...tensor, data: tensor.data.slice() as TypedArray });
      });
    take(-1);
    const last = Math.max(...refs.map((ref) => (ref.kind === 'node' ? ref.index : -1)), -1);
    for (let piece = 0; piece <= Math.max(...pieces, -1); piece++) {
      await this.#runTo(piece, last + 1, () => false);
      take(piece);
    }
    return refs.map((ref) => taken.get(ref)!);
  }

  /** A value that is there, written out. */
  #tensorAt(ref: Ref): Tensor {
    const { base, stretch, tile } = derivationOf(this.program, ref);
    const { dtype, shape } = typeOf(this.program, ref);
    const data = this.held(base);
    const isWhole = stretch === 1 && tile === 1;
    return { dtype, shape, data: isWhole ? data : filled({ dtype, shape }, data, stretch, elementCount(shape)) };
  }

  #readersOfUnsound(): readonly number[] {
    const known = new Map<TypedArray, boolean>();
    const isSound = (ref: Ref): boolean => {
      const data = this.held(ref);
      const isKnown = known.get(data);
      const sound = isKnown ?? (data instanceof Float32Array ? areFinite(data) : data.every((value) => value !== -128));
      known.set(data, sound);
      return sound;
    };
    return this.program.nodes.flatMap((node, index) =>
      node?.inputs.some((ref) => ref.kind === 'input' && !isSound(ref)) === true ? [index] : [],
    );
  }
}
