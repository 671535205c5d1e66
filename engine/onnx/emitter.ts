import type { Shape } from '../graph/types.ts';
import type { ElementType, OnnxNode, OnnxTensor } from './proto.ts';

const arrays = {
  f32: Float32Array,
  u8: Uint8Array,
  i8: Int8Array,
  u16: Uint16Array,
  i32: Int32Array,
  i64: BigInt64Array,
} as const;

/** Collects ONNX nodes and initializers; equal ones are collected once. */
export class Emitter {
  readonly nodes: OnnxNode[] = [];
  readonly initializers: OnnxTensor[] = [];
  readonly #known = new Map<string, string>();
  /** What each reshaped value was before. */
  readonly #reshaped = new Map<string, string>();

  emit(
    op: string,
    inputs: readonly string[],
    attributes: Record<string, number | readonly number[]> = {},
    domain = '',
    place = 0,
  ): string {
    if (op === 'Reshape') return this.#reshape(inputs as [string, string]);
    return this.#once(JSON.stringify([domain, op, inputs, attributes, place]), 'v', (output) => {
      this.nodes.push({ op, domain, inputs, output, place, attributes });
    });
  }

  /** Of several successive shapes only the last matters. */
  #reshape([value, shape]: readonly [string, string]): string {
    const inputs = [this.#reshaped.get(value) ?? value, shape] as const;
    return this.#once(JSON.stringify(['Reshape', inputs]), 'v', (output) => {
      this.#reshaped.set(output, inputs[0]);
      this.nodes.push({ op: 'Reshape', domain: '', inputs, output, place: 0, attributes: {} });
    });
  }

  constant(dtype: ElementType, shape: Shape, data: ArrayBufferView): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const isSmall = bytes.length <= 64;
    const key = isSmall ? `${dtype} ${shape.join()} ${bytes.join()}` : `large ${this.initializers.length}`;
    return this.#once(key, 'c', (name) => this.initializers.push({ name, dtype, shape, bytes }));
  }

  scalar(dtype: ElementType, value: number): string {
    return this.constant(
      dtype,
      [],
      dtype === 'i64' ? BigInt64Array.of(BigInt(value)) : arrays[dtype].of(value as never),
    );
  }

  axes(list: readonly number[]): string {
    return this.constant('i64', [list.length], BigInt64Array.from(list, BigInt));
  }

  /** The nodes and initializers that the named values need. */
  reachable(outputs: readonly string[]): { nodes: OnnxNode[]; initializers: OnnxTensor[] } {
    const needed = new Set(outputs);
    const nodes: OnnxNode[] = [];
    for (const node of this.nodes.toReversed()) {
      if (!needed.has(node.output)) continue;
      for (const input of node.inputs) needed.add(input);
      nodes.push(node);
    }
    return { nodes: nodes.reverse(), initializers: this.initializers.filter(({ name }) => needed.has(name)) };
  }

  #once(key: string, prefix: string, create: (name: string) => void): string {
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const name = `${prefix}${this.#known.size}`;
    this.#known.set(key, name);
    create(name);
    return name;
  }
}
