import { binary } from './elementwise.ts';

/** sub(a, b) = a - b, rounded once to binary32; overflow is a fault. */
export const sub = binary({ name: 'sub', opcode: 2, compute: (a, b) => a - b, onnx: 'Sub' });
