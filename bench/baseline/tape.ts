import { Emitter } from '../../engine/onnx/emitter.ts';

/** An f32 tensor of an ONNX graph, by name. */
export type Tensor = { readonly name: string; readonly shape: readonly number[] };

/** Plain fp32 ONNX operators with reverse-mode differentiation: what anybody would write without exactness in mind. */
export class Tape {
  readonly emitter = new Emitter();
  readonly #steps: (() => void)[] = [];
  readonly #gradients = new Map<string, Tensor>();

  node(op: string, inputs: readonly (Tensor | string)[], shape: readonly number[], attributes = {}): Tensor {
    const names = inputs.map((input) => (typeof input === 'string' ? input : input.name));
    return { name: this.emitter.emit(op, names, attributes), shape };
  }

  scalar(value: number): Tensor {
    return { name: this.emitter.scalar('f32', value), shape: [] };
  }

  constant(shape: readonly number[], data: Float32Array): Tensor {
    return { name: this.emitter.constant('f32', shape, data), shape };
  }

  #binary(op: string, a: Tensor, b: Tensor | number): Tensor {
    return this.node(op, [a, typeof b === 'number' ? this.scalar(b) : b], a.shape);
  }

  add = (a: Tensor, b: Tensor | number) => this.#binary('Add', a, b);
  sub = (a: Tensor, b: Tensor | number) => this.#binary('Sub', a, b);
  mul = (a: Tensor, b: Tensor | number) => this.#binary('Mul', a, b);
  div = (a: Tensor, b: Tensor | number) => this.#binary('Div', a, b);
  unary = (op: string, a: Tensor) => this.node(op, [a], a.shape);

  reshape(a: Tensor, shape: readonly number[]): Tensor {
    return this.node('Reshape', [a, this.emitter.axes(shape)], shape);
  }

  transpose(a: Tensor, perm: readonly number[]): Tensor {
    return this.node(
      'Transpose',
      [a],
      perm.map((axis) => a.shape[axis]!),
      { perm },
    );
  }

  transposeLast(a: Tensor): Tensor {
    const axes = a.shape.map((_, axis) => axis);
    return this.transpose(a, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
  }

  slice(a: Tensor, axis: number, start: number, length: number): Tensor {
    const bounds = [[start], [start + length], [axis]].map((list) => this.emitter.axes(list));
    return this.node('Slice', [a, ...bounds], a.shape.with(axis, length));
  }

  concat(parts: readonly Tensor[], axis: number): Tensor {
    const extent = parts.reduce((sum, { shape }) => sum + shape[axis]!, 0);
    return this.node('Concat', parts, parts[0]!.shape.with(axis, extent), { axis });
  }

  sumLast(a: Tensor): Tensor {
    const shape = [...a.shape.slice(0, -1), 1];
    return this.node('ReduceSum', [a, this.emitter.axes([-1])], shape, { keepdims: 1 });
  }

  matmul(a: Tensor, b: Tensor): Tensor {
    return this.node('MatMul', [a, b], [...a.shape.slice(0, -1), b.shape.at(-1)!]);
  }

  /** Records how the gradient of `output` reaches others. */
  record(output: Tensor, backward: (g: Tensor) => void): Tensor {
    this.#steps.push(() => {
      const g = this.#gradients.get(output.name);
      if (g !== undefined) backward(g);
    });
    return output;
  }

  /** Equal parts along the last axis. */
  split(x: Tensor, count: number): Tensor[] {
    const axis = x.shape.length - 1;
    const width = x.shape[axis]! / count;
    const parts = Array.from({ length: count }, (_, i) => this.slice(x, axis, i * width, width));
    this.#steps.push(() =>
      this.accumulate(
        x,
        this.concat(
          parts.map((part) => this.gradient(part)),
          axis,
        ),
      ),
    );
    return parts;
  }

  accumulate(value: Tensor, g: Tensor): void {
    const before = this.#gradients.get(value.name);
    this.#gradients.set(value.name, before === undefined ? g : this.add(before, g));
  }

  backward(): void {
    for (const step of this.#steps.toReversed()) step();
  }

  gradient(value: Tensor): Tensor {
    return this.#gradients.get(value.name)!;
  }
}
