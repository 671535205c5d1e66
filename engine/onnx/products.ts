import { typeOf } from '../graph/derived.ts';
import type { Node, Program, Ref } from '../graph/program.ts';
import { elementCount } from '../graph/types.ts';
import type { Emitter } from './emitter.ts';
import type { Form, Kernel } from './lowering.ts';
import type { Patterns } from './patterns.ts';

/** How a product gets at its operands. */
type Operands = {
  value(ref: Ref, form: Form): string;
  transposed(ref: Ref, permutation: readonly number[], form: Form): string;
  scalarOf(ref: Ref): string;
};

/** Exact products of i8 in the chosen kernel, alone and fused with what surrounds them. */
export class Products {
  readonly #program: Program;
  readonly #kernel: Kernel;
  readonly #emitter: Emitter;
  readonly #patterns: Patterns;
  readonly #operands: Operands;

  constructor(program: Program, kernel: Kernel, emitter: Emitter, patterns: Patterns, operands: Operands) {
    this.#program = program;
    this.#kernel = kernel;
    this.#emitter = emitter;
    this.#patterns = patterns;
    this.#operands = operands;
  }

  /** The i32 product of A and B. */
  product(a: Ref, b: Ref): string {
    const { operands, zeros } = this.#inKernel(a, b);
    return this.#emitter.emit('MatMulInteger', [...operands, ...zeros]);
  }

  /** The sum of a contraction's parts as one product. */
  split(node: Node): string | undefined {
    const whole = this.#patterns.splitProduct(node);
    return whole && this.product(whole.a, whole.b);
  }

  /** from_i32(matmul_nt(A, B)) times one scale is one kernel: it too rounds the integer once and then multiplies. */
  dequantised(node: Node): string | undefined {
    const converted = node.op === 'mul' ? this.#patterns.node(node.inputs[0], 'from_i32') : undefined;
    const product = converted && this.#patterns.product(converted.inputs[0]!);
    if (product === undefined) return undefined;
    const scale = this.#patterns.bare(node.inputs[1]!);
    if (elementCount(typeOf(this.#program, scale).shape) !== 1) return undefined;
    const { operands, zeros } = this.#inKernel(product.a, product.b);
    const inputs = [...operands, this.#operands.scalarOf(scale), this.#emitter.scalar('f32', 1), ...zeros];
    return this.#emitter.emit('MatMulIntegerToFloat', inputs, {}, 'com.microsoft');
  }

  /** Operands and zero points in the forms of the chosen kernel, B as [..., K, N]. */
  #inKernel(a: Ref, b: Ref) {
    const [formA, formB] = ({ u8s8: ['u8', 'i8'], u8u8: ['u8', 'u8'], s8s8: ['i8', 'i8'] } as const)[this.#kernel];
    const axes = typeOf(this.#program, b).shape.map((_, axis) => axis);
    const swapped = [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
    const zero = (form: 'u8' | 'i8') =>
      form === 'u8' ? this.#emitter.scalar('u8', 128) : this.#emitter.scalar('i8', 0);
    return {
      operands: [this.#operands.value(a, formA), this.#operands.transposed(b, swapped, formB)],
      zeros: [zero(formA), zero(formB)],
    };
  }
}
