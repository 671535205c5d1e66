import { typeOf } from '../graph/derived.ts';
import type { Node, Program, Ref } from '../graph/program.ts';
import { elementCount } from '../graph/types.ts';
import type { Emitter } from './emitter.ts';
import { MAX_EXACT_F32, zeroPoint, type Form, type Kernel } from './lowering.ts';
import type { Patterns } from './patterns.ts';

/** How a product gets at its operands. */
type Operands = {
  value(ref: Ref, form: Form): string;
  transposed(ref: Ref, permutation: readonly number[], form: Form): string;
  scalarOf(ref: Ref): string;
};

/** What is multiplied: A[..., M, K] and B[..., N, K]. */
type Operation = { readonly a: Ref; readonly b: Ref };

type Form8 = 'u8' | 'i8';
const forms: Readonly<Record<Kernel, readonly [Form8, Form8]>> = {
  u8s8: ['u8', 'i8'],
  u8u8: ['u8', 'u8'],
  s8s8: ['i8', 'i8'],
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
    if (product === undefined || this.#isThin(product)) return undefined;
    const scale = this.#patterns.bare(node.inputs[1]!);
    if (elementCount(typeOf(this.#program, scale).shape) !== 1) return undefined;
    return this.#scaled(product, this.#operands.scalarOf(scale));
  }

  /** A product converted to f32. */
  converted(ref: Ref): string | undefined {
    const product = this.#patterns.product(ref);
    if (product === undefined) return undefined;
    return this.#isThin(product) ? this.#thin(product) : this.#scaled(product, this.#emitter.scalar('f32', 1));
  }

  #scaled({ a, b }: Operation, scale: string): string {
    const { operands, zeros } = this.#inKernel(a, b);
    const inputs = [...operands, scale, this.#emitter.scalar('f32', 1), ...zeros];
    return this.#emitter.emit('MatMulIntegerToFloat', inputs, {}, 'com.microsoft');
  }

  /** Whether a product is of rows of one element, or of one row with one: a call of the kernel for each would be lost on it. */
  #isThin({ a, b }: Operation): boolean {
    const [m = 1, k = 1] = typeOf(this.#program, a).shape.slice(-2);
    const [n = 1] = typeOf(this.#program, b).shape.slice(-2);
    return k === 1 || (m === 1 && n === 1 && k * 127 * 127 <= MAX_EXACT_F32);
  }

  /** A thin product in f32, where its integers and their sums are exact. */
  #thin({ a, b }: Operation): string {
    const isOuter = typeOf(this.#program, a).shape.at(-1) === 1;
    const [formA, formB] = forms[this.#kernel];
    const x = this.#floats(this.#operands.value(a, formA), formA);
    const y = this.#floats(isOuter ? this.#swapped(b, formB) : this.#operands.value(b, formB), formB);
    const products = this.#emitter.emit('Mul', [x, y]);
    return isOuter ? products : this.#emitter.emit('ReduceSum', [products, this.#emitter.axes([-1])], { keepdims: 1 });
  }

  #floats(value: string, form: Form8): string {
    return this.#emitter.emit('DequantizeLinear', [
      value,
      this.#emitter.scalar('f32', 1),
      zeroPoint(this.#emitter, form),
    ]);
  }

  /** B as [..., K, N]. */
  #swapped(b: Ref, form: Form8): string {
    const axes = typeOf(this.#program, b).shape.map((_, axis) => axis);
    return this.#operands.transposed(b, [...axes.slice(0, -2), axes.length - 1, axes.length - 2], form);
  }

  /** Operands and zero points in the forms of the chosen kernel. */
  #inKernel(a: Ref, b: Ref) {
    const [formA, formB] = forms[this.#kernel];
    return {
      operands: [this.#operands.value(a, formA), this.#swapped(b, formB)],
      zeros: [zeroPoint(this.#emitter, formA), zeroPoint(this.#emitter, formB)],
    };
  }
}
