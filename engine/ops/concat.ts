import type { Shape } from '../graph/types.ts';
import { checkMovement, coordinates, flatIndex } from './movement.ts';
import { none, one, requireType, rule, showShape, type Operator } from './operator.ts';

const name = 'concat';

/** Which operand an element comes from, and from where in it. */
function source(element: number, a: Shape, b: Shape, into: Shape, [axis = 0]: readonly number[]) {
  const position = coordinates(element, into);
  const isSecond = position[axis]! >= a[axis]!;
  if (isSecond) position[axis]! -= a[axis]!;
  return { isSecond, index: flatIndex(position, isSecond ? b : a) };
}

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
  reads(element, [a, b], { type, attributes }) {
    const { isSecond, index } = source(element, a!.shape, b!.shape, type.shape, attributes);
    return isSecond ? [none, one(index)] : [one(index), none];
  },
  evaluate([a, b], output, attributes) {
    output.data.forEach((_, element) => {
      const { isSecond, index } = source(element, a!.shape, b!.shape, output.shape, attributes);
      output.data[element] = (isSecond ? b! : a!).data[index]!;
    });
  },
  lower(to, { attributes: [axis = 0], form }) {
    return to.emit('Concat', [to.value(0, form), to.value(1, form)], { axis });
  },
};
