import { typeOf } from '../graph/derived.ts';
import type { Node, Program, Ref } from '../graph/program.ts';
import { elementCount } from '../graph/types.ts';

/** Reads shapes of graphs that the lowering can compute in fewer passes with the same bits. */
export class Patterns {
  readonly #program: Program;

  constructor(program: Program) {
    this.#program = program;
  }

  /** The node that a reference names, if it is one of the named operator. */
  node(ref: Ref | undefined, ...operators: string[]): Node | undefined {
    if (ref?.kind !== 'node') return undefined;
    const node = this.#program.nodes[ref.index] ?? undefined;
    return node !== undefined && (operators.length === 0 || operators.includes(node.op)) ? node : undefined;
  }

  /** Follows reshapes and broadcasts to what they rearrange. */
  bare(ref: Ref, ...through: string[]): Ref {
    const node = this.node(ref, ...(through.length > 0 ? through : ['reshape', 'broadcast']));
    return node === undefined ? ref : this.bare(node.inputs[0]!, ...through);
  }

  /**
   * Whether `scale` is pow2ceil(absmax(x) * f32(1/127)), per tensor or per row: then x / scale rounds to at most 127 and a
   * quantiser clamps nothing. Reshapes and reductions keep elements in order, so that each scale is that of the block of
   * successive elements of x over which it is then repeated.
   */
  covers(scale: Ref, x: Ref): boolean {
    const repeated = this.#repeatedInOrder(scale);
    const power = repeated && this.node(this.bare(repeated, 'reshape'), 'pow2ceil');
    const product = power && this.node(power.inputs[0], 'mul');
    if (product === undefined || !this.#isOneOver127(product.inputs[1]!)) return false;
    const largest = this.bare(product.inputs[0]!, 'reshape', 'reduce_max');
    const magnitude = this.node(largest, 'abs');
    const reduced = this.bare(magnitude === undefined ? largest : magnitude.inputs[0]!, 'reshape');
    const operand = this.bare(x, 'reshape');
    return sameRef(reduced, operand) && (magnitude !== undefined || this.isNonNegative(operand));
  }

  /** What a broadcast repeats, if it repeats each element over successive places only; another value as it is. */
  #repeatedInOrder(ref: Ref): Ref | undefined {
    const broadcast = this.node(ref, 'broadcast');
    if (broadcast === undefined) return ref;
    const source = broadcast.inputs[0]!;
    const from = typeOf(this.#program, source).shape;
    const into = broadcast.type.shape;
    const kept = from.findIndex((extent, axis) => extent !== into[axis]);
    const isInOrder = from.length === into.length && (kept < 0 || from.slice(kept).every((extent) => extent === 1));
    return isInOrder || elementCount(from) === 1 ? source : undefined;
  }

  /** The operands of an exact product: a matmul_nt, or the parts of one joined by add_i32. */
  product(ref: Ref): { a: Ref; b: Ref } | undefined {
    const node = this.node(ref, 'matmul_nt', 'add_i32');
    if (node?.op === 'add_i32') return this.splitProduct(node);
    return node && { a: node.inputs[0]!, b: node.inputs[1]! };
  }

  /** The whole of a contraction whose parts, successive slices of the last axis, are added one after the other. */
  splitProduct(sum: Node): { a: Ref; b: Ref } | undefined {
    const parts: Node[] = [];
    let rest: Node | undefined = sum;
    while (rest?.op === 'add_i32') {
      const part = this.node(rest.inputs[1], 'matmul_nt');
      if (part === undefined) return undefined;
      parts.unshift(part);
      rest = this.node(rest.inputs[0], 'matmul_nt', 'add_i32');
    }
    if (rest === undefined) return undefined;
    const [a, b] = [0, 1].map((side) => this.#whole([rest, ...parts].map(({ inputs }) => inputs[side]!)));
    return a && b && { a, b };
  }

  /** The tensor of which these are all the successive slices along its last axis. */
  #whole(refs: readonly Ref[]): Ref | undefined {
    const slices = refs.map((ref) => this.node(ref, 'slice'));
    const source = slices[0]?.inputs[0];
    if (source === undefined) return undefined;
    const shape = typeOf(this.#program, source).shape;
    let next = 0;
    for (const slice of slices) {
      const [axis, start, length = 0] = slice?.attributes ?? [];
      if (slice === undefined || !sameRef(slice.inputs[0]!, source) || axis !== shape.length - 1 || start !== next)
        return undefined;
      next += length;
    }
    return next === shape.at(-1) ? source : undefined;
  }

  isZero(ref: Ref): boolean {
    const bare = this.bare(ref);
    return bare.kind === 'constant' && this.#program.constants[bare.index]!.data.every((value) => value === 0);
  }

  /** Whether no element can be negative. */
  isNonNegative(ref: Ref): boolean {
    const bare = this.bare(ref, 'reshape', 'broadcast', 'from_i32', 'sum_i32', 'reduce_max', 'transpose');
    if (bare.kind === 'constant') return this.#program.constants[bare.index]!.data.every((value) => value >= 0);
    const node = this.node(bare, 'mul', 'div', 'gather', 'max', 'abs', 'sqrt', 'pow2ceil');
    if (node === undefined) return false;
    const [a, b] = node.inputs as [Ref, Ref];
    if (node.op === 'gather') return this.isNonNegative(a);
    if (node.op === 'max') return this.isNonNegative(a) || this.isNonNegative(b);
    if (node.op === 'mul' || node.op === 'div')
      return sameRef(a, b) || (this.isNonNegative(a) && this.isNonNegative(b));
    return true;
  }

  #isOneOver127(ref: Ref): boolean {
    const bare = this.bare(ref);
    const constant = bare.kind === 'constant' ? this.#program.constants[bare.index] : undefined;
    return constant !== undefined && constant.data.every((value) => value === Math.fround(1 / 127));
  }
}

export function sameRef(a: Ref, b: Ref): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
