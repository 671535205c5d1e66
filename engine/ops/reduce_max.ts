import { checkReduction, emitAbsmax, emitReduction, readsRow } from './reduce.ts';
import type { Operator } from './operator.ts';

const name = 'reduce_max';

/** reduce_max(x): the largest value along the last axis, which keeps extent 1. A zero result is +0. */
export const reduceMax: Operator = {
  name,
  opcode: 40,
  check(inputs, application) {
    checkReduction(name, inputs, application, 'f32');
    return undefined;
  },
  reads: readsRow,
  evaluate([x], output) {
    const length = x!.shape.at(-1)!;
    output.data.forEach((_, row) => {
      output.data[row] = Math.max(...x!.data.subarray(row * length, (row + 1) * length)) + 0;
    });
  },
  lower(to) {
    const x = to.operandOf(0, 'abs');
    if (x === undefined) return emitReduction(to, 'ReduceMax', to.value(0));
    if (to.isMagnitude(0)) return emitReduction(to, 'ReduceMax', x);
    return to.isSmall(0) ? emitReduction(to, 'ReduceMax', to.value(0)) : emitAbsmax(to, x);
  },
};
