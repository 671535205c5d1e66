import type { Shape } from '../graph/types.ts';
import { checkMovement, coordinates, flatIndex } from './movement.ts';
import { one, requireType, rule, type Operator } from './operator.ts';

const name = 'slice';

function source(element: number, from: Shape, into: Shape, [axis = 0, start = 0]: readonly number[]): number {
  const position = coordinates(element, into);
  position[axis]! += start;
  return flatIndex(position, from);
}

/** slice(x; axis, start, length): `length` positions of one axis from `start`. Any type. */
export const slice: Operator = {
  name,
  opcode: 50,
  check(inputs, application) {
    const bound = checkMovement(name, inputs, application);
    const { shape, dtype } = inputs[0]!;
    const [axis = -1, start = -1, length = 0] = application.attributes;
    const extent = shape[axis] ?? 0;
    rule(start >= 0 && length >= 1 && start + length <= extent, name, `[${start}, +${length}) is outside axis ${axis}`);
    requireType(name, application, dtype, shape.with(axis, length));
    return bound;
  },
  attributeCount: () => 3,
  reads: (element, [x], application) => [
    one(source(element, x!.shape, application.type.shape, application.attributes)),
  ],
  evaluate([x], output, attributes) {
    output.data.forEach((_, index) => {
      output.data[index] = x!.data[source(index, x!.shape, output.shape, attributes)]!;
    });
  },
  lower(to, { attributes: [axis = 0, start = 0, length = 0], form }) {
    const bounds = [[start], [start + length], [axis]].map((list) => to.axes(list));
    return to.emit('Slice', [to.value(0, form), ...bounds]);
  },
};
