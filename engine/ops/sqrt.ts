import { unary } from './elementwise.ts';
import { fault } from './operator.ts';

/** sqrt(a), rounded once to binary32; a negative operand is a fault, sqrt(-0) = +0. */
export const sqrt = unary({
  name: 'sqrt',
  opcode: 5,
  compute: (a) => {
    if (a < 0) throw fault('sqrt', `the operand ${a} is negative`);
    return Math.sqrt(a);
  },
  onnx: 'Sqrt',
});
