import { sameShape } from '../graph/types.ts';
import { MAX_I32, readsSame, requireInputs, requireType, rule, showShape, type Operator } from './operator.ts';

const name = 'add_i32';

/** add_i32(a, b) = a + b in i32, for tensors of one shape; refused when the bounds could overflow. */
export const addI32: Operator = {
  name,
  opcode: 33,
  check(inputs, application) {
    requireInputs(name, inputs, ['i32', 'i32']);
    const [a, b] = inputs;
    rule(sameShape(a!.shape, b!.shape), name, `shapes ${showShape(a!.shape)} and ${showShape(b!.shape)} differ`);
    requireType(name, application, 'i32', a!.shape);
    const bound = (a!.bound ?? MAX_I32) + (b!.bound ?? MAX_I32);
    rule(bound <= MAX_I32, name, `the sum could reach ${bound}, above 2^31 - 1`);
    return bound;
  },
  reads: readsSame,
  evaluate([a, b], output) {
    output.data.forEach((_, i) => {
      output.data[i] = a!.data[i]! + b!.data[i]!;
    });
  },
  lower(to, { form }) {
    return (form === 'i32' ? to.splitProduct() : undefined) ?? to.emit('Add', [to.value(0, form), to.value(1, form)]);
  },
};
