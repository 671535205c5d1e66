import { binary } from './elementwise.ts';
import type { Operator } from './operator.ts';

const plain = binary({ name: 'max', opcode: 6, compute: (a, b) => (a > b ? a : b), onnx: 'Max' });

/** max(a, b) by value; a zero result is +0. */
export const max: Operator = {
  ...plain,
  lower(to, application) {
    // Relu runs on all threads, Max on one.
    return to.isZero(1) ? to.emit('Relu', [to.value(0)]) : plain.lower(to, application);
  },
};
