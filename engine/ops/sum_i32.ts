import { checkReduction, readsRow } from './reduce.ts';
import { MAX_I32, rule, type Operator } from './operator.ts';

const name = 'sum_i32';

/** sum_i32(n): the exact sum along the last axis, which keeps extent 1; refused when the bound could overflow. */
export const sumI32: Operator = {
  name,
  opcode: 41,
  check(inputs, application) {
    const length = checkReduction(name, inputs, application, 'i32');
    const bound = (inputs[0]!.bound ?? MAX_I32) * length;
    rule(bound <= MAX_I32, name, `the sum could reach ${bound}, above 2^31 - 1`);
    return bound;
  },
  reads: readsRow,
  evaluate([n], output) {
    const length = n!.shape.at(-1)!;
    output.data.forEach((_, row) => {
      let sum = 0;
      for (const value of n!.data.subarray(row * length, (row + 1) * length)) sum += value;
      output.data[row] = sum;
    });
  },
  lower(to, { form }) {
    // In f32 form every partial sum is an integer of at most 24 bits, so that any order gives the same bits.
    return to.emit('ReduceSum', [to.value(0, form), to.axes([-1])], { keepdims: 1 });
  },
};
