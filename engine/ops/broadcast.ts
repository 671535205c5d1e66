import type { Shape } from '../graph/types.ts';
import { checkMovement, coordinates, flatIndex } from './movement.ts';
import { one, rule, showShape, type Operator } from './operator.ts';

const name = 'broadcast';

function source(element: number, from: Shape, into: Shape): number {
  const position = coordinates(element, into).slice(into.length - from.length);
  return flatIndex(
    position.map((c, axis) => (from[axis] === 1 ? 0 : c)),
    from,
  );
}

/** broadcast(x): axes of extent 1, and missing leading axes, are repeated to the result's shape. Any type. */
export const broadcast: Operator = {
  name,
  opcode: 52,
  check(inputs, application) {
    const bound = checkMovement(name, inputs, application);
    const from = inputs[0]!.shape;
    const into = application.type.shape;
    const lead = into.length - from.length;
    const fits = lead >= 0 && from.every((extent, axis) => extent === 1 || extent === into[axis + lead]);
    rule(inputs.length === 1 && fits, name, `${showShape(from)} does not broadcast to ${showShape(into)}`);
    return bound;
  },
  reads: (element, [x], { type }) => [one(source(element, x!.shape, type.shape))],
  evaluate([x], output) {
    output.data.forEach((_, index) => {
      output.data[index] = x!.data[source(index, x!.shape, output.shape)]!;
    });
  },
  lower(to, { type, form }) {
    return to.emit('Expand', [to.value(0, form), to.axes(type.shape)]);
  },
};
