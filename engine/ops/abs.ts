import { unary } from './elementwise.ts';

/** abs(a) = |a|. */
export const abs = unary({ name: 'abs', opcode: 9, compute: Math.abs, onnx: 'Abs' });
