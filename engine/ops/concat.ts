import { checkMovement, coordinates, flatIndex } from './movement.ts';
import { requireType, rule, showShape, type Operator } from './operator.ts';

const name = 'concat';

/** concat(a, b; axis): b after a along one axis. Any type, both the same. */
export const concat: Operator = {
  name,
  opcode: 51,
  check(inputs, application) {
    checkMovement(name, inputs, application);
    rule(inputs.length === 2, name, `takes 2 inputs, got ${inputs.length}`);
    const [a, b] = inputs as [(typeof inputs)[0], (typeof inputs)[0]];
    const [axis = -1] = application.attributes;
    rule(axis >= 0 && axis < a.shape.length, name, `there is no axis ${axis}`);
    const fits = a.dtype === b.dtype && a.shape.every((extent, i) => i === axis || extent === b.shape[i]);
    rule(
      fits && a.shape.length === b.shape.length,
      name,
      `${showShape(a.shape)} and ${showShape(b.shape)} differ beyond axis ${axis}`,
    );
    requireType(name, application, a.dtype, a.shape.with(axis, a.shape[axis]! + b.shape[axis]!));
    return a.bound === undefined || b.bound === undefined ? undefined : Math.max(a.bound, b.bound);
  },
  attributeCount: () => 1,
  evaluate([a, b], output, [axis = 0]) {
    const split = a!.shape[axis]!;
    output.data.forEach((_, index) => {
      const from = coordinates(index, output.shape);
      const isSecond = from[axis]! >= split;
      if (isSecond) from[axis]! -= split;
      const source = isSecond ? b! : a!;
      output.data[index] = source.data[flatIndex(from, source.shape)]!;
    });
  },
  lower(to, { attributes: [axis = 0], form }) {
    return to.emit('Concat', [to.value(0, form), to.value(1, form)], { axis });
  },
};
