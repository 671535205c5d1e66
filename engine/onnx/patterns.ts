import type { Node, Program, Ref } from '../graph/program.ts';

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
   * quantiser clamps nothing.
   */
  covers(scale: Ref, x: Ref): boolean {
    const power = this.node(this.bare(scale), 'pow2ceil');
    const product = power && this.node(power.inputs[0], 'mul');
    if (product === undefined || !this.#isOneOver127(product.inputs[1]!)) return false;
    const largest = this.bare(product.inputs[0]!, 'reshape', 'broadcast', 'reduce_max');
    const magnitude = this.node(largest, 'abs');
    const reduced = this.bare(magnitude === undefined ? largest : magnitude.inputs[0]!, 'reshape');
    const operand = this.bare(x, 'reshape');
    return sameRef(reduced, operand) && (magnitude !== undefined || this.#isSquare(operand));
  }

  #isOneOver127(ref: Ref): boolean {
    const bare = this.bare(ref);
    const constant = bare.kind === 'constant' ? this.#program.constants[bare.index] : undefined;
    return constant !== undefined && constant.data.every((value) => value === Math.fround(1 / 127));
  }

  #isSquare(ref: Ref): boolean {
    const node = this.node(ref, 'mul');
    return node !== undefined && sameRef(node.inputs[0]!, node.inputs[1]!);
  }
}

export function sameRef(a: Ref, b: Ref): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
