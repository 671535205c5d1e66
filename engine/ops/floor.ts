import { unary } from './elementwise.ts';

/** floor(a): the largest integer not above a. */
export const floor = unary({ name: 'floor', opcode: 10, compute: Math.floor, onnx: 'Floor' });
