import { SwarmlockError } from '../errors.ts';
import { placedSlots, type Node, type Program, type Ref } from '../graph/program.ts';
import { elementCount, type DType, type Tensor, type TensorType } from '../graph/types.ts';
import { operators } from '../ops/index.ts';
import { Emitter } from './emitter.ts';
import { plainForm, type Form, type Kernel, type Lowering } from './lowering.ts';
import { Patterns } from './patterns.ts';
import { encodeModel, type ElementType, type OnnxValue } from './proto.ts';

/** An ONNX model that computes a program, and the names by which to feed it. */
export type LoweredProgram = {
  readonly model: Uint8Array;
  /** Name of each output node's value, by place; with `trace`, of every node. Undefined for padding. */
  readonly outputs: readonly (string | undefined)[];
};

export const BATCH = 'batch';
export const inputName = (state: number, place: number) => `s${state}_${place}`;

/** Above this, an i32 is not always an exact f32. */
const MAX_EXACT_F32 = 2 ** 24;
/** Operators that can produce integers directly in f32 form. */
const floatIntegers = new Set([
  'to_fixed',
  'sum_i32',
  'gather',
  'reshape',
  'transpose',
  'broadcast',
  'slice',
  'concat',
]);

/**
 * Turns a program into an ONNX model whose outputs have the same bits. `trace` makes every node's value an output, in its
 * plain form: slow, for disputes and tests.
 */
export function lower(program: Program, kernel: Kernel, trace = false): LoweredProgram {
  return new ProgramLowering(program, kernel).run(trace);
}

class ProgramLowering {
  readonly #program: Program;
  readonly #kernel: Kernel;
  readonly #emitter = new Emitter();
  readonly #patterns: Patterns;
  readonly #values = new Map<string, string>();

  constructor(program: Program, kernel: Kernel) {
    this.#program = program;
    this.#kernel = kernel;
    this.#patterns = new Patterns(program);
  }

  run(trace: boolean): LoweredProgram {
    const { nodes, outputStart } = this.#program;
    // In execution order, so that the recursion on operands stays shallow. What no output needs is dropped below.
    nodes.forEach((node, index) => {
      if (node?.type.dtype === 'f32') this.value({ kind: 'node', index }, 'f32');
    });
    const all = nodes.map((node, index) => ({ node, index }));
    const wanted = trace ? all : all.slice(outputStart);
    const taken = new Set<string>();
    const outputs = wanted.map(({ node, index }) => {
      if (node === null) return undefined;
      const form = plainForm[node.type.dtype];
      // An output node copies a value of the same shape.
      const source: Ref = trace || node.op !== 'reshape' ? { kind: 'node', index } : node.inputs[0]!;
      const value = this.value(source, form);
      // A graph output must be the value of a node, and of one output only.
      const name = taken.has(value) || !value.startsWith('v') ? this.#identity(value, index) : value;
      taken.add(name);
      return { name, dtype: form as ElementType, shape: node.type.shape };
    });
    return { model: this.#encode(outputs), outputs: outputs.map((output) => output?.name) };
  }

  #identity(value: string, index: number): string {
    return this.#emitter.emit('Identity', [value], { output: index });
  }

  #encode(outputs: readonly (OnnxValue | undefined)[]): Uint8Array {
    const named = outputs.filter((output) => output !== undefined);
    const { nodes, initializers } = this.#emitter.reachable(named.map(({ name }) => name));
    const stripped = nodes.map((node) => (node.op === 'Identity' ? { ...node, attributes: {} } : node));
    const used = new Set(nodes.flatMap(({ inputs }) => inputs));
    const inputs = this.#program.inputs.flatMap((layout, state) =>
      placedSlots(layout).flatMap((slot, place) =>
        slot === null
          ? []
          : [{ name: inputName(state, place), dtype: plainForm[slot.dtype] as ElementType, shape: slot.shape }],
      ),
    );
    const batch = this.#program.nodes.find((node) => node?.op === 'load_batch');
    if (batch) inputs.push({ name: BATCH, dtype: 'i32', shape: batch.type.shape });
    return encodeModel({
      nodes: stripped,
      inputs: inputs.filter(({ name }) => used.has(name)),
      outputs: named,
      initializers,
    });
  }

  /** The ONNX value of a reference in a form. */
  value(ref: Ref, form: Form): string {
    if (ref.kind === 'input') return this.#held(inputName(ref.state, ref.place), this.#typeOf(ref).dtype, form);
    const key = `${ref.kind} ${ref.index} ${form}`;
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const value =
      ref.kind === 'constant' ? this.#constant(this.#program.constants[ref.index]!, form) : this.#node(ref, form);
    this.#values.set(key, value);
    return value;
  }

  /** An input, which comes in its plain form. */
  #held(name: string, dtype: DType, form: Form): string {
    if (plainForm[dtype] === form) return name;
    if (dtype === 'i32' && form === 'f32') return this.#emitter.emit('Cast', [name], { to: 1 });
    if (dtype === 'i8' && form === 'u8') return this.#offset(name);
    throw new SwarmlockError(`an input of ${dtype} cannot be read as ${form}`, { code: 'LOWERING', argument: name });
  }

  /** i8 as u8 with 128 added. */
  #offset(name: string): string {
    const one = this.#emitter.scalar('f32', 1);
    const plain = this.#emitter.emit('DequantizeLinear', [name, one]);
    return this.#emitter.emit('QuantizeLinear', [plain, one, this.#emitter.scalar('u8', 128)]);
  }

  #constant({ dtype, shape, data }: Tensor, form: Form): string {
    if (dtype === 'i8' && form === 'u8')
      return this.#emitter.constant(
        'u8',
        shape,
        Uint8Array.from(data, (x) => x + 128),
      );
    if (dtype === 'i32' && form === 'f32') return this.#emitter.constant('f32', shape, Float32Array.from(data));
    return this.#emitter.constant(form, shape, data);
  }

  #node(ref: Ref & { kind: 'node' }, form: Form): string {
    const node = this.#program.nodes[ref.index]!;
    if (node.type.dtype === 'i32' && form === 'f32') {
      const fits = (node.bound ?? Infinity) <= MAX_EXACT_F32 && floatIntegers.has(node.op);
      if (!fits) return this.#emitter.emit('Cast', [this.value(ref, 'i32')], { to: 1 });
    }
    const operator = operators.get(node.op)!;
    const to = this.#loweringOf(node);
    return this.#dequantisedProduct(node) ?? operator.lower(to, { type: node.type, attributes: node.attributes, form });
  }

  #loweringOf(node: Node): Lowering {
    const emitter = this.#emitter;
    const operand = (i: number) => node.inputs[i]!;
    const form = (i: number, asked?: string) => (asked ?? plainForm[this.#typeOf(operand(i)).dtype]) as Form;
    return {
      value: (i, asked) => this.value(operand(i), form(i, asked)),
      broadcastable: (i) => {
        const other = this.#patterns.node(operand(1 - i), 'broadcast');
        const wide = i === 1 || other === undefined;
        const source = wide ? this.#patterns.node(operand(i), 'broadcast')?.inputs[0] : undefined;
        // Kernels take a constant of rank 0 on a faster path than one of shape [1].
        const isScalar = source?.kind === 'constant' && elementCount(this.#typeOf(source).shape) === 1;
        return isScalar ? this.#scalarOf(source) : this.value(source ?? operand(i), 'f32');
      },
      scalarInput: (i) => {
        const source = this.#patterns.bare(operand(i));
        return elementCount(this.#typeOf(source).shape) === 1 ? this.#scalarOf(source) : undefined;
      },
      isZero: (i) => this.#patterns.isZero(operand(i)),
      operandOf: (i, operator) => {
        const source = this.#patterns.node(operand(i), operator)?.inputs[0];
        return source && this.value(source, 'f32');
      },
      index: (i) => this.value(operand(i), 'i32'),
      transposed: (i, permutation, asked) => this.#transposed(operand(i), permutation, asked as Form),
      product: (i, j) => this.#product(operand(i), operand(j)),
      splitProduct: () => this.#splitProduct(node),
      isCovered: () => this.#patterns.isNonNegative(operand(0)) || this.#patterns.covers(operand(1), operand(0)),
      batch: () => BATCH,
      scalar: (dtype, value) => emitter.scalar(dtype, value),
      axes: (list) => emitter.axes(list),
      constant: (dtype, shape, data) => emitter.constant(dtype, shape, data),
      emit: (op, inputs, attributes, domain) => emitter.emit(op, inputs, attributes, domain),
    };
  }

  #typeOf(ref: Ref): TensorType {
    if (ref.kind === 'constant') return this.#program.constants[ref.index]!;
    if (ref.kind === 'input') return placedSlots(this.#program.inputs[ref.state]!)[ref.place]!;
    return this.#program.nodes[ref.index]!.type;
  }

  /** One element as a tensor of rank 0. */
  #scalarOf(ref: Ref): string {
    if (ref.kind === 'constant') return this.#constant({ ...this.#program.constants[ref.index]!, shape: [] }, 'f32');
    const value = this.value(ref, 'f32');
    return this.#typeOf(ref).shape.length === 0
      ? value
      : this.#emitter.emit('Reshape', [value, this.#emitter.axes([])]);
  }

  #transposed(ref: Ref, permutation: readonly number[], form: Form): string {
    const inner = this.#patterns.node(ref, 'transpose');
    if (inner !== undefined) {
      const composed = permutation.map((axis) => inner.attributes[axis]!);
      return this.#transposed(inner.inputs[0]!, composed, form);
    }
    const value = this.value(ref, form);
    return permutation.every((axis, i) => axis === i)
      ? value
      : this.#emitter.emit('Transpose', [value], { perm: permutation });
  }

  /** Operands and zero points of a product in the forms of the chosen kernel, B as [..., K, N]. */
  #productOperands(a: Ref, b: Ref) {
    const [formA, formB] = ({ u8s8: ['u8', 'i8'], u8u8: ['u8', 'u8'], s8s8: ['i8', 'i8'] } as const)[this.#kernel];
    const axes = this.#typeOf(b).shape.map((_, axis) => axis);
    const swapped = [...axes.slice(0, -2), axes.length - 1, axes.length - 2];
    const zero = (form: 'u8' | 'i8') =>
      form === 'u8' ? this.#emitter.scalar('u8', 128) : this.#emitter.scalar('i8', 0);
    return {
      operands: [this.value(a, formA), this.#transposed(b, swapped, formB)],
      zeros: [zero(formA), zero(formB)],
    };
  }

  #product(a: Ref, b: Ref): string {
    const { operands, zeros } = this.#productOperands(a, b);
    return this.#emitter.emit('MatMulInteger', [...operands, ...zeros]);
  }

  /** The sum of a contraction's parts as one product. */
  #splitProduct(node: Node): string | undefined {
    const whole = this.#patterns.splitProduct(node);
    return whole && this.#product(whole.a, whole.b);
  }

  /** from_i32(matmul_nt(A, B)) times one scale is one kernel: it too rounds the integer once and then multiplies. */
  #dequantisedProduct(node: Node): string | undefined {
    const converted = node.op === 'mul' ? this.#patterns.node(node.inputs[0], 'from_i32') : undefined;
    const product = converted && this.#patterns.product(converted.inputs[0]!);
    if (product === undefined) return undefined;
    const scale = this.#patterns.bare(node.inputs[1]!);
    if (elementCount(this.#typeOf(scale).shape) !== 1) return undefined;
    const { operands, zeros } = this.#productOperands(product.a, product.b);
    const inputs = [...operands, this.#scalarOf(scale), this.#emitter.scalar('f32', 1), ...zeros];
    return this.#emitter.emit('MatMulIntegerToFloat', inputs, {}, 'com.microsoft');
  }
}
