import { elementCount } from '../graph/types.ts';
import { checkMovement } from './movement.ts';
import { readsSame, rule, type Operator } from './operator.ts';

const name = 'reshape';

/** reshape(x): the same elements in the same order under another shape. Any type. */
export const reshape: Operator = {
  name,
  opcode: 48,
  check(inputs, application) {
    const bound = checkMovement(name, inputs, application);
    const [from, into] = [elementCount(inputs[0]!.shape), elementCount(application.type.shape)];
    rule(inputs.length === 1 && from === into, name, `${from} elements do not fill ${into}`);
    return bound;
  },
  reads: readsSame,
  evaluate([x], output) {
    output.data.set(x!.data);
  },
  lower(to, { type, form }) {
    return to.emit('Reshape', [to.value(0, form), to.axes(type.shape)]);
  },
};
