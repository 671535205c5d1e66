import { checkReduction, emitAbsmax, readsRow } from './reduce.ts';
import type { Operator } from './operator.ts';

const name = 'reduce_absmax';

/** reduce_absmax(x): the largest magnitude along the last axis, which keeps extent 1. */
export const reduceAbsmax: Operator = {
  name,
  opcode: 42,
  check(inputs, application) {
    checkReduction(name, inputs, application, 'f32');
    return undefined;
  },
  reads: readsRow,
  evaluate([x], output) {
    const length = x!.shape.at(-1)!;
    output.data.forEach((_, row) => {
      output.data[row] = Math.max(...x!.data.subarray(row * length, (row + 1) * length).map(Math.abs));
    });
  },
  lower: (to) => emitAbsmax(to, to.value(0)),
};
