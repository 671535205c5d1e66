import { checkMovement, coordinates, flatIndex } from './movement.ts';
import { requireType, rule, type Operator } from './operator.ts';

const name = 'slice';

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
  evaluate([x], output, [axis = 0, start = 0]) {
    output.data.forEach((_, index) => {
      const from = coordinates(index, output.shape);
      from[axis]! += start;
      output.data[index] = x!.data[flatIndex(from, x!.shape)]!;
    });
  },
  lower(to, { attributes: [axis = 0, start = 0, length = 0], form }) {
    const bounds = [[start], [start + length], [axis]].map((list) => to.axes(list));
    return to.emit('Slice', [to.value(0, form), ...bounds]);
  },
};
