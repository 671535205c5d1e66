import type { Shape } from '../graph/types.ts';
import { checkMovement, coordinates, flatIndex } from './movement.ts';
import { one, requireType, rule, showShape, type Operator } from './operator.ts';

const name = 'transpose';

function source(element: number, from: Shape, into: Shape, permutation: readonly number[]): number {
  const position: number[] = [];
  coordinates(element, into).forEach((c, axis) => (position[permutation[axis]!] = c));
  return flatIndex(position, from);
}

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
  reads: (element, [x], { type, attributes }) => [one(source(element, x!.shape, type.shape, attributes))],
  evaluate([x], output, permutation) {
    output.data.forEach((_, index) => {
      output.data[index] = x!.data[source(index, x!.shape, output.shape, permutation)]!;
    });
  },
  lower(to, { attributes, form }) {
    return to.transposed(0, attributes, form);
  },
};
