import { operators } from '../ops/index.ts';
import { constantInfo, rule, showShape, type ValueInfo } from '../ops/operator.ts';
import { requireDescribable } from './descriptor.ts';
import { MAX_FINAL_CHECK_GAS, requireAffordable } from './final_check.ts';
import { fuse } from './fuse.ts';
import { alignOutputs, placedSlots, prune, type Node, type Program, type Ref } from './program.ts';
import {
  elementCount,
  sameShape,
  type DType,
  type Shape,
  type StateLayout,
  type Tensor,
  type TensorType,
} from './types.ts';

/** A value of a graph under construction. */
export type Value = ValueInfo & { readonly ref: Ref };

/** How a composite defines its own derivative: the gradients of its inputs, given the gradient of its output. */
export type Backward = {
  readonly inputs: readonly Value[];
  readonly gradients: (g: Value) => readonly (Value | null)[];
};

/**
 * Builds a program node by node. Every method checks its operands at once and returns a value; equal applications are one
 * node, so that building the same recipe twice gives the same program.
 */
export class GraphBuilder {
  readonly nodes: Node[] = [];
  readonly constants: Tensor[] = [];
  readonly backward = new Map<number, Backward>();
  readonly #inputs: readonly StateLayout[];
  readonly #known = new Map<string, Value>();

  constructor(inputs: readonly StateLayout[]) {
    this.#inputs = inputs;
  }

  /** A slot of an input state, by name. */
  input(name: string, state = 0): Value {
    const layout = this.#inputs[state];
    const slots = layout === undefined ? [] : placedSlots(layout);
    const place = slots.findIndex((candidate) => candidate?.name === name);
    rule(place >= 0, 'input', `state ${state} has no slot ${name}`);
    const { dtype, shape } = slots[place]!;
    return { dtype, shape, ref: { kind: 'input', state, place } };
  }

  /** A tensor that is part of the program. f32 elements must be exact binary32 values. */
  constant(dtype: DType, shape: Shape, data: Tensor['data']): Value {
    rule(data.length === elementCount(shape), 'constant', `${data.length} elements do not fill ${showShape(shape)}`);
    const content = Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString('latin1');
    const key = `constant ${dtype} ${shape.join()} ${content}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const info = constantInfo({ dtype, shape, data });
    this.constants.push({ dtype, shape, data });
    const value: Value = { ...info, ref: { kind: 'constant', index: this.constants.length - 1 } };
    this.#known.set(key, value);
    return value;
  }

  /** An f32 constant of one element, rounded to binary32. */
  scalar(x: number): Value {
    return this.constant('f32', [1], Float32Array.of(x));
  }

  /** Applies an operator of the closed set; throws GRAPH_INVALID when its rules are broken. */
  apply(op: string, inputs: readonly Value[], type: TensorType, attributes: readonly number[] = []): Value {
    const refs = inputs.map(({ ref }) => ref);
    const key = JSON.stringify([op, refs, type.dtype, type.shape, attributes]);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    requireDescribable({ op, attributes, inputs: refs, type });
    const bound = operators.get(op)!.check(inputs, { type, attributes });
    const facts = bound === undefined ? {} : { bound };
    this.nodes.push({ op, attributes, inputs: refs, type, ...facts });
    const ref: Ref = { kind: 'node', index: this.nodes.length - 1 };
    const value: Value = { dtype: type.dtype, shape: type.shape, ...facts, ref };
    this.#known.set(key, value);
    return value;
  }

  /** The value that a reference stands for. */
  valueOf(ref: Ref): Value {
    if (ref.kind === 'constant') return { ...constantInfo(this.constants[ref.index]!), ref };
    if (ref.kind === 'input') return { ...placedSlots(this.#inputs[ref.state]!)[ref.place]!, ref };
    const { type, bound } = this.nodes[ref.index]!;
    return { ...type, ...(bound === undefined ? {} : { bound }), ref };
  }

  #unary(op: string, x: Value): Value {
    return this.apply(op, [x], { dtype: 'f32', shape: x.shape });
  }

  #binary(op: string, a: Value, b: Value | number): Value {
    const other = typeof b === 'number' ? this.scalar(b) : b;
    const shape = commonShape(op, a.shape, other.shape);
    return this.apply(op, [this.broadcast(a, shape), this.broadcast(other, shape)], { dtype: 'f32', shape });
  }

  add = (a: Value, b: Value | number) => this.#binary('add', a, b);
  sub = (a: Value, b: Value | number) => this.#binary('sub', a, b);
  mul = (a: Value, b: Value | number) => this.#binary('mul', a, b);
  div = (a: Value, b: Value | number) => this.#binary('div', a, b);
  max = (a: Value, b: Value | number) => this.#binary('max', a, b);
  min = (a: Value, b: Value | number) => this.#binary('min', a, b);
  sqrt = (x: Value) => this.#unary('sqrt', x);
  neg = (x: Value) => this.#unary('neg', x);
  abs = (x: Value) => this.#unary('abs', x);
  floor = (x: Value) => this.#unary('floor', x);
  rint = (x: Value) => this.#unary('rint', x);
  pow2ceil = (x: Value) => this.#unary('pow2ceil', x);

  exp2i(n: Value): Value {
    return this.apply('exp2i', [n], { dtype: 'f32', shape: n.shape });
  }

  /** x in units of `scale`, which may be one element or a row's worth. */
  quantize(x: Value, scale: Value): Value {
    return this.apply('quantize', [x, this.broadcast(scale, x.shape)], { dtype: 'i8', shape: x.shape });
  }

  residual(x: Value, scale: Value): Value {
    return this.apply('residual', [x, this.broadcast(scale, x.shape)], { dtype: 'i8', shape: x.shape });
  }

  toFixed(x: Value, k: number, bound: number): Value {
    return this.apply('to_fixed', [x], { dtype: 'i32', shape: x.shape }, [k, bound]);
  }

  fromI32(n: Value): Value {
    return this.apply('from_i32', [n], { dtype: 'f32', shape: n.shape });
  }

  /** [..., M, K] x [..., N, K] -> [..., M, N] in i32. */
  matmulNt(a: Value, b: Value): Value {
    const shape = [...a.shape.slice(0, -1), b.shape.at(-2) ?? 0];
    return this.apply('matmul_nt', [a, b], { dtype: 'i32', shape });
  }

  addI32(a: Value, b: Value): Value {
    return this.apply('add_i32', [a, b], { dtype: 'i32', shape: a.shape });
  }

  /** Along the last axis, which keeps extent 1. */
  reduceMax(x: Value): Value {
    return this.apply('reduce_max', [x], { dtype: 'f32', shape: [...x.shape.slice(0, -1), 1] });
  }

  sumI32(n: Value): Value {
    return this.apply('sum_i32', [n], { dtype: 'i32', shape: [...n.shape.slice(0, -1), 1] });
  }

  reshape(x: Value, shape: Shape): Value {
    if (sameShape(x.shape, shape)) return x;
    return this.apply('reshape', [x], { dtype: x.dtype, shape });
  }

  transpose(x: Value, permutation: readonly number[]): Value {
    const shape = permutation.map((axis) => x.shape[axis] ?? 0);
    return this.apply('transpose', [x], { dtype: x.dtype, shape }, permutation);
  }

  /** Swaps the last two axes. */
  transposeLast(x: Value): Value {
    const axes = x.shape.map((_, axis) => axis);
    return this.transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
  }

  slice(x: Value, axis: number, start: number, length: number): Value {
    return this.apply('slice', [x], { dtype: x.dtype, shape: x.shape.with(axis, length) }, [axis, start, length]);
  }

  concat(a: Value, b: Value, axis: number): Value {
    const shape = a.shape.with(axis, (a.shape[axis] ?? 0) + (b.shape[axis] ?? 0));
    return this.apply('concat', [a, b], { dtype: a.dtype, shape }, [axis]);
  }

  broadcast(x: Value, shape: Shape): Value {
    if (sameShape(x.shape, shape)) return x;
    return this.apply('broadcast', [x], { dtype: x.dtype, shape });
  }

  gather(table: Value, index: Value): Value {
    return this.apply('gather', [table, index], {
      dtype: table.dtype,
      shape: [...index.shape, ...table.shape.slice(1)],
    });
  }

  oneHot(index: Value, n: number, dtype: 'f32' | 'i8'): Value {
    return this.apply('one_hot', [index], { dtype, shape: [...index.shape, n] }, [n]);
  }

  /** 1 where an element is one of the k largest in magnitude of its row, else 0. */
  topkChunk(x: Value, k: number): Value {
    return this.apply('topk_chunk', [x], { dtype: 'i8', shape: x.shape }, [k]);
  }

  /** k elements of each row, those that the mask sets first. */
  packChunk(x: Value, mask: Value, k: number): Value {
    return this.apply('pack_chunk', [x, mask], { dtype: 'f32', shape: x.shape.with(-1, k) }, [k]);
  }

  /** Rows of n zeros with the values at their positions. */
  scatterChunk(values: Value, positions: Value, n: number): Value {
    return this.apply('scatter_chunk', [values, positions], { dtype: 'f32', shape: values.shape.with(-1, n) }, [n]);
  }

  /** Each row in ascending order. */
  sortLanes(x: Value): Value {
    return this.apply('sort_lanes', [x], { dtype: 'f32', shape: x.shape });
  }

  loadBatch(rows: number, length: number): Value {
    return this.apply('load_batch', [], { dtype: 'u32', shape: [rows, length] }, [rows, length]);
  }

  /** Declares that `output` is differentiated by this rule, and not through the nodes that compute it. */
  differentiable(output: Value, backward: Backward): Value {
    rule(output.ref.kind === 'node', 'differentiable', 'the output of a composite must be a node');
    this.backward.set(output.ref.index, backward);
    return output;
  }

  /**
   * Closes the program: `outputs` gives the new content of every slot of `layout`, by name. Nodes that need not stand alone
   * are fused. Throws GRAPH_INVALID when the final check of a node could cost more than `mostGas`.
   */
  finish(layout: StateLayout, outputs: ReadonlyMap<string, Value>, mostGas = MAX_FINAL_CHECK_GAS): Program {
    const { kept, renumber } = prune(
      this.nodes,
      Array.from(outputs.values(), ({ ref }) => ref),
    );
    const slots = placedSlots(layout).map((slot): Node | null => {
      if (slot === null) return null;
      const value = outputs.get(slot.name);
      rule(value !== undefined, 'output', `nothing computes the slot ${slot.name}`);
      rule(value.dtype === slot.dtype && sameShape(value.shape, slot.shape), 'output', `${slot.name} has another type`);
      const type = { dtype: slot.dtype, shape: slot.shape };
      const facts = value.bound === undefined ? { type } : { type, bound: value.bound };
      return { op: 'reshape', attributes: [], inputs: [renumber(value.ref)], ...facts };
    });
    const plain = { constants: this.constants, inputs: this.#inputs, output: layout, ...alignOutputs(kept, slots) };
    const program = fuse(plain, mostGas);
    requireAffordable(program, mostGas);
    return program;
  }
}

/** NumPy's rule: aligned at the right, an extent of 1 stretches. */
function commonShape(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const x = a[a.length - rank + axis] ?? 1;
    const y = b[b.length - rank + axis] ?? 1;
    rule(x === y || x === 1 || y === 1, op, `shapes ${showShape(a)} and ${showShape(b)} do not broadcast`);
    return Math.max(x, y);
  });
}
