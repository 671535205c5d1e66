import { checkMovement, coordinates, flatIndex } from './movement.ts';
import { rule, showShape, type Operator } from './operator.ts';

const name = 'broadcast';

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
  evaluate([x], output) {
    const lead = output.shape.length - x!.shape.length;
    output.data.forEach((_, index) => {
      const from = coordinates(index, output.shape).slice(lead);
      output.data[index] =
        x!.data[
          flatIndex(
            from.map((c, axis) => (x!.shape[axis] === 1 ? 0 : c)),
            x!.shape,
          )
        ]!;
    });
  },
  lower(to, { type, form }) {
    return to.emit('Expand', [to.value(0, form), to.axes(type.shape)]);
  },
};
