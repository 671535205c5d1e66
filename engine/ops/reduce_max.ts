import { checkReduction, readsRow } from './reduce.ts';
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
    const reduce = (onnx: string, x: string) => to.emit(onnx, [x, to.axes([-1])], { keepdims: 1 });
    // Two reductions read x twice; abs would write a copy of it, which costs more.
    const x = to.operandOf(0, 'abs');
    if (x === undefined) return reduce('ReduceMax', to.value(0));
    return to.emit('Max', [reduce('ReduceMax', x), to.emit('Neg', [reduce('ReduceMin', x)])]);
  },
};
