import { binary } from './elementwise.ts';

/** mul(a, b) = a * b, rounded once to binary32; overflow is a fault. */
export const mul = binary({ name: 'mul', opcode: 3, compute: (a, b) => a * b, onnx: 'Mul' });
