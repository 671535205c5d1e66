import { binary } from './elementwise.ts';

/** max(a, b) by value; a zero result is +0. */
export const max = binary({ name: 'max', opcode: 6, compute: (a, b) => (a > b ? a : b), onnx: 'Max' });
