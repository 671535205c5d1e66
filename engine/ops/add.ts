import { binary } from './elementwise.ts';

/** add(a, b) = a + b, rounded once to binary32; overflow is a fault. */
export const add = binary({ name: 'add', opcode: 1, compute: (a, b) => a + b, onnx: 'Add' });
