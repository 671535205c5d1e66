import { finite, readsSame, requireInputs, requireType, rule, showShape, type Operator } from './operator.ts';
import { sameShape } from '../graph/types.ts';

type Definition = {
  name: string;
  opcode: number;
  /** The exact result in doubles; the caller rounds it once to binary32. */
  compute: (a: number, b: number) => number;
  /** The ONNX operator with the same bits. */
  onnx: string;
};

/** A binary operator on f32 tensors of one shape. One element needs one element of each input. */
export function binary({ name, opcode, compute, onnx }: Definition): Operator {
  return {
    name,
    opcode,
    check(inputs, application) {
      requireInputs(name, inputs, ['f32', 'f32']);
      const [a, b] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
      rule(
        sameShape(a.shape, b.shape),
        name,
        `shapes ${showShape(a.shape)} and ${showShape(b.shape)} differ: broadcast one first`,
      );
      requireType(name, application, 'f32', a.shape);
      return undefined;
    },
    reads: readsSame,
    evaluate([a, b], output) {
      output.data.forEach((_, i) => {
        output.data[i] = finite(name, compute(a!.data[i]!, b!.data[i]!));
      });
    },
    lower(to) {
      return to.emit(onnx, [to.broadcastable(0, 1), to.broadcastable(1)]);
    },
  };
}

/** A unary operator on an f32 tensor. */
export function unary({
  name,
  opcode,
  compute,
  onnx,
}: Omit<Definition, 'compute'> & { compute: (a: number) => number }): Operator {
  return {
    name,
    opcode,
    check(inputs, application) {
      requireInputs(name, inputs, ['f32']);
      requireType(name, application, 'f32', inputs[0]!.shape);
      return undefined;
    },
    reads: readsSame,
    evaluate([a], output) {
      output.data.forEach((_, i) => {
        output.data[i] = finite(name, compute(a!.data[i]!));
      });
    },
    lower(to) {
      return to.emit(onnx, [to.value(0)]);
    },
  };
}
