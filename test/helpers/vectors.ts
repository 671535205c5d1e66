import {
  elementCount,
  typedArray,
  type DType,
  type Shape,
  type Tensor,
  type TensorType,
} from '../../engine/graph/types.ts';
import { fixture } from './fixtures.ts';
import { fromBits } from './hostile.ts';

/** One golden vector; the format is described in test/fixtures/operators/README.md. */
export type Vector = {
  readonly title: string;
  readonly inputs: readonly Tensor[];
  readonly attributes: readonly number[];
  readonly batch?: Uint32Array | undefined;
  readonly type: TensorType;
  /** The output, or undefined where the operator faults. */
  readonly output: Tensor | undefined;
};

type WrittenTensor = { readonly dtype: DType; readonly shape: Shape; readonly data?: string };
type Written = {
  readonly opcode: number;
  readonly cases: readonly {
    readonly title: string;
    readonly inputs: readonly WrittenTensor[];
    readonly attributes: readonly number[];
    readonly batch?: WrittenTensor;
    readonly output: WrittenTensor;
    readonly fault?: boolean;
  }[];
};

/** The golden vectors of an operator. */
export function vectorsOf(op: string): { opcode: number; vectors: readonly Vector[] } {
  const { opcode, cases } = fixture<Written>(`operators/${op}`);
  const vectors = cases.map(({ title, inputs, attributes, batch, output, fault }) => ({
    title,
    inputs: inputs.map(parse),
    attributes,
    batch: batch && (parse(batch).data as Uint32Array),
    type: { dtype: output.dtype, shape: output.shape },
    output: fault === true ? undefined : parse(output),
  }));
  return { opcode, vectors };
}

function parse({ dtype, shape, data: text = '' }: WrittenTensor): Tensor {
  const words = text.split(' ').flatMap((item) => {
    const [word = '', times = '1'] = item.split('*');
    return Array<number>(Number(times)).fill(Number.parseInt(word, 16));
  });
  const data = typedArray(dtype, elementCount(shape));
  if (words.length !== data.length) throw new Error(`${words.length} words do not fill [${shape.join(', ')}]`);
  data.set(dtype === 'f32' ? words.map(fromBits) : words);
  return { dtype, shape, data };
}
