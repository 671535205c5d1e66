import { SwarmlockError } from '../errors.ts';
import { isComputed, typeOf } from '../graph/derived.ts';
import { expand } from '../graph/expand.ts';
import { placedSlots, type Node, type Program, type Ref } from '../graph/program.ts';
import { elementCount, typedArray, type DType, type Tensor } from '../graph/types.ts';
import { operators } from '../ops/index.ts';
import { Emitter } from './emitter.ts';
import { MAX_EXACT_F32, plainForm, type Form, type Kernel, type Lowering } from './lowering.ts';
import { Patterns } from './patterns.ts';
import { Products } from './products.ts';
import { encodeModel, type ElementType, type OnnxValue } from './proto.ts';

/** An ONNX model that computes a program, and the names by which to feed it. */
export type LoweredProgram = {
  readonly model: Uint8Array;
  /** Name of each output node's value, by place; undefined for padding and for what is not wanted. */
  readonly outputs: readonly (string | undefined)[];
};

/** An ONNX model of some successive nodes. */
export type LoweredPiece = {
  readonly model: Uint8Array;
  /** Names of the values of the nodes that are computed, rather than derived from others, by node. */
  readonly outputs: ReadonlyMap<number, string>;
  /** The computed nodes of earlier pieces that it reads, as `carriedName`. */
  readonly carried: readonly number[];
};

export const BATCH = 'batch';
export const carriedName = (node: number) => `n${node}`;
export const inputName = (state: number, place: number) => `s${state}_${place}`;

/** Up to so many elements another kernel costs more than another pass over memory. */
const SMALL = 2 ** 15;
/** Operators that can produce integers directly in f32 form. */
const floatIntegers = new Set([
  'to_fixed',
  'add_i32',
  'sum_i32',
  'gather',
  'reshape',
  'transpose',
  'broadcast',
  'slice',
  'concat',
]);

/** Turns a program into an ONNX model whose outputs have the same bits; it computes none of the slots named `unwanted`. */
export function lower(program: Program, kernel: Kernel, unwanted: readonly string[] = []): LoweredProgram {
  return new ProgramLowering(expand(program), kernel).whole(unwanted);
}

/**
 * The nodes [from, to) alone, each in its plain form: it is computed from its operands' own values, since all of them are
 * wanted. For traces.
 */
export function lowerPiece(program: Program, kernel: Kernel, from: number, to: number): LoweredPiece {
  return new ProgramLowering(program, kernel, from).piece(to);
}

class ProgramLowering {
  readonly #program: Program;
  readonly #emitter = new Emitter();
  readonly #patterns: Patterns;
  readonly #products: Products;
  readonly #values = new Map<string, string>();
  /** First node of a piece; undefined for a whole program. */
  readonly #from: number | undefined;
  readonly #carried = new Map<number, OnnxValue>();

  constructor(program: Program, kernel: Kernel, from?: number) {
    this.#program = program;
    this.#from = from;
    this.#patterns = new Patterns(program);
    this.#products = new Products(program, kernel, this.#emitter, this.#patterns, {
      value: (ref, form) => this.value(ref, form),
      transposed: (ref, permutation, form) => this.#transposed(ref, permutation, form),
      scalarOf: (ref) => this.#scalarOf(ref),
    });
  }

  whole(unwanted: readonly string[]): LoweredProgram {
    const { nodes, output, outputStart } = this.#program;
    const slots = placedSlots(output);
    // In execution order, so that the recursion on operands stays shallow. What no output needs is dropped below.
    nodes.forEach((node, index) => {
      if (node?.type.dtype === 'f32') this.value({ kind: 'node', index }, 'f32');
    });
    const taken = new Set<string>();
    const outputs = nodes.slice(outputStart).map((node, place) => {
      // An output node copies a value of the same shape.
      const source: Ref = node?.op === 'reshape' ? node.inputs[0]! : { kind: 'node', index: outputStart + place };
      const isWanted = node !== null && !unwanted.includes(slots[place]!.name);
      return isWanted ? this.#output(node!, source, place, taken) : null;
    });
    return { model: this.#encode(outputs), outputs: outputs.map((output) => output?.name) };
  }

  piece(to: number): LoweredPiece {
    const taken = new Set<string>();
    const outputs = new Map<number, OnnxValue>();
    for (let index = this.#from!; index < to; index++) {
      const node = this.#program.nodes[index]!;
      if (node === null || !isComputed(this.#program, index)) continue;
      outputs.set(index, this.#output(node, { kind: 'node', index }, index, taken));
    }
    const model = this.#encode([...outputs.values()]);
    const names = new Map(Array.from(outputs, ([index, { name }]) => [index, name]));
    return { model, outputs: names, carried: [...this.#carried.keys()] };
  }

  /** A graph output must be the value of a node, and of one output only. */
  #output({ type }: Node, source: Ref, label: number, taken: Set<string>): OnnxValue {
    const form = plainForm[type.dtype];
    const value = this.value(source, form);
    const isFree = !taken.has(value) && value.startsWith('v');
    const name = isFree ? value : this.#emitter.emit('Identity', [value], { output: label });
    taken.add(name);
    return { name, dtype: form as ElementType, shape: type.shape };
  }

  #encode(outputs: readonly (OnnxValue | null)[]): Uint8Array {
    const named = outputs.filter((output) => output !== null);
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
      inputs: [...inputs, ...this.#carried.values()].filter(({ name }) => used.has(name)),
      outputs: named,
      initializers,
    });
  }

  /** The ONNX value of a reference in a form. */
  value(ref: Ref, form: Form): string {
    if (ref.kind === 'input')
      return this.#held(inputName(ref.state, ref.place), typeOf(this.#program, ref).dtype, form);
    const key = `${ref.kind} ${ref.index} ${form}`;
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    if (this.#isCarried(ref)) return this.#carry(ref.index, form);
    const value =
      ref.kind === 'constant' ? this.#constant(this.#program.constants[ref.index]!, form) : this.#node(ref, form);
    this.#values.set(key, value);
    return value;
  }

  #isCarried(ref: Ref): ref is Ref & { kind: 'node' } {
    return ref.kind === 'node' && ref.index < (this.#from ?? 0) && isComputed(this.#program, ref.index);
  }

  #carry(index: number, form: Form): string {
    const { dtype, shape } = this.#program.nodes[index]!.type;
    const name = carriedName(index);
    this.#carried.set(index, { name, dtype: plainForm[dtype] as ElementType, shape });
    return this.#held(name, dtype, form);
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
      const isWhole = this.#from === undefined;
      const product = isWhole ? this.#products.converted(ref) : undefined;
      if (product !== undefined) return product;
      const fits = isWhole && floatIntegers.has(node.op) && (node.bound ?? Infinity) <= MAX_EXACT_F32;
      if (!fits) return this.#emitter.emit('Cast', [this.value(ref, 'i32')], { to: 1 });
    }
    const operator = operators.get(node.op)!;
    const to = this.#loweringOf(node);
    const fused = this.#from === undefined ? this.#products.dequantised(node) : undefined;
    return fused ?? operator.lower(to, { type: node.type, attributes: node.attributes, form });
  }

  #loweringOf(node: Node): Lowering {
    const emitter = this.#emitter;
    const operand = (i: number) => node.inputs[i]!;
    const form = (i: number, asked?: string) => (asked ?? plainForm[typeOf(this.#program, operand(i)).dtype]) as Form;
    return {
      value: (i, asked) => this.value(operand(i), form(i, asked)),
      broadcastable: (i, beside) => {
        const other = beside === undefined ? undefined : this.#patterns.node(operand(beside), 'broadcast');
        const source = other === undefined ? this.#patterns.node(operand(i), 'broadcast')?.inputs[0] : undefined;
        // Kernels take a constant of rank 0 on a faster path than one of shape [1].
        const isScalar = source?.kind === 'constant' && elementCount(typeOf(this.#program, source).shape) === 1;
        return isScalar ? this.#scalarOf(source) : this.value(source ?? operand(i), 'f32');
      },
      scalarInput: (i) => {
        const source = this.#patterns.bare(operand(i));
        return elementCount(typeOf(this.#program, source).shape) === 1 ? this.#scalarOf(source) : undefined;
      },
      isZero: (i) => this.#patterns.isZero(operand(i)),
      isSmall: (i) => elementCount(typeOf(this.#program, operand(i)).shape) <= SMALL,
      isMagnitude: (i) => {
        const magnitude = this.#patterns.node(operand(i), 'abs');
        return magnitude !== undefined && this.#patterns.isNonNegative(magnitude.inputs[0]!);
      },
      operandOf: (i, operator) => {
        const source = this.#from === undefined ? this.#patterns.node(operand(i), operator)?.inputs[0] : undefined;
        return source && this.value(source, 'f32');
      },
      rank: (i) => typeOf(this.#program, operand(i)).shape.length,
      index: (i) => this.value(operand(i), 'i32'),
      transposed: (i, permutation, asked) => this.#transposed(operand(i), permutation, asked as Form),
      product: (i, j) => this.#products.product(operand(i), operand(j)),
      splitProduct: () => (this.#from === undefined ? this.#products.split(node) : undefined),
      isCovered: () => this.#patterns.isNonNegative(operand(0)) || this.#patterns.covers(operand(1), operand(0)),
      batch: () => BATCH,
      scalar: (dtype, value) => emitter.scalar(dtype, value),
      axes: (list) => emitter.axes(list),
      constant: (dtype, shape, data) => emitter.constant(dtype, shape, data),
      emit: (op, inputs, attributes, domain, place) => emitter.emit(op, inputs, attributes, domain, place),
    };
  }

  /** One element as a tensor of rank 0. */
  #scalarOf(ref: Ref): string {
    if (ref.kind === 'constant') return this.#constant({ ...this.#program.constants[ref.index]!, shape: [] }, 'f32');
    const value = this.value(ref, 'f32');
    return typeOf(this.#program, ref).shape.length === 0
      ? value
      : this.#emitter.emit('Reshape', [value, this.#emitter.axes([])]);
  }

  #transposed(ref: Ref, permutation: readonly number[], form: Form): string {
    const inner = this.#patterns.node(ref, 'transpose');
    if (inner !== undefined) {
      const composed = permutation.map((axis) => inner.attributes[axis]!);
      return this.#transposed(inner.inputs[0]!, composed, form);
    }
    if (ref.kind === 'constant' && permutation.join() === '1,0') return this.#swapped(ref, form);
    const value = this.value(ref, form);
    if (permutation.every((axis, i) => axis === i)) return value;
    const { shape } = typeOf(this.#program, ref);
    const moved = permutation.filter((axis) => shape[axis] !== 1);
    const isInOrder = moved.every((axis, i) => i === 0 || moved[i - 1]! < axis);
    const into = permutation.map((axis) => shape[axis]!);
    return isInOrder
      ? this.#emitter.emit('Reshape', [value, this.#emitter.axes(into)])
      : this.#emitter.emit('Transpose', [value], { perm: permutation });
  }

  /** A constant matrix with its axes swapped: kernels make ready for a constant operand once. */
  #swapped({ index }: Ref & { kind: 'constant' }, form: Form): string {
    const key = `swapped ${index} ${form}`;
    const known = this.#values.get(key);
    if (known !== undefined) return known;
    const { dtype, shape, data } = this.#program.constants[index]!;
    const [rows, columns] = shape as [number, number];
    const swapped = typedArray(dtype, data.length);
    for (let row = 0; row < rows; row++)
      for (let column = 0; column < columns; column++) swapped[column * rows + row] = data[row * columns + column]!;
    const value = this.#constant({ dtype, shape: [columns, rows], data: swapped }, form);
    this.#values.set(key, value);
    return value;
  }
}
