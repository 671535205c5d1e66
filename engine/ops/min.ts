import { binary } from './elementwise.ts';

/** min(a, b) by value; a zero result is +0. */
export const min = binary({ name: 'min', opcode: 7, compute: (a, b) => (a < b ? a : b), onnx: 'Min' });
