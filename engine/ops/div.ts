import { binary } from './elementwise.ts';
import { fault } from './operator.ts';

/** div(a, b) = a / b, rounded once to binary32; a zero denominator and overflow are faults. */
export const div = binary({
  name: 'div',
  opcode: 4,
  compute: (a, b) => {
    if (b === 0) throw fault('div', 'the denominator is zero');
    return a / b;
  },
  onnx: 'Div',
});
