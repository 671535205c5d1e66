import { checkMovement, coordinates, flatIndex } from './movement.ts';
import { requireType, rule, showShape, type Operator } from './operator.ts';

const name = 'transpose';

/** transpose(x; permutation): axis i of the result is axis permutation[i] of x. Any type. */
export const transpose: Operator = {
  name,
  opcode: 49,
  check(inputs, application) {
    const bound = checkMovement(name, inputs, application);
    const { shape, dtype } = inputs[0]!;
    const permutation = application.attributes;
    const axes = [...permutation].sort((a, b) => a - b);
    rule(
      axes.length === shape.length && axes.every((axis, i) => axis === i),
      name,
      `${showShape(permutation)} is no permutation`,
    );
    requireType(
      name,
      application,
      dtype,
      permutation.map((axis) => shape[axis]!),
    );
    return bound;
  },
  attributeCount: ({ shape }) => shape.length,
  evaluate([x], output, permutation) {
    output.data.forEach((_, index) => {
      const from: number[] = [];
      coordinates(index, output.shape).forEach((c, axis) => (from[permutation[axis]!] = c));
      output.data[index] = x!.data[flatIndex(from, x!.shape)]!;
    });
  },
  lower(to, { attributes, form }) {
    return to.transposed(0, attributes, form);
  },
};
