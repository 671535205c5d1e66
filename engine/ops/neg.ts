import { unary } from './elementwise.ts';

/** neg(a) = -a; the negative of a zero is +0. */
export const neg = unary({ name: 'neg', opcode: 8, compute: (a) => -a, onnx: 'Neg' });
