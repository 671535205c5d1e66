import { unary } from './elementwise.ts';
import { roundToEven } from './operator.ts';

/** rint(a): the nearest integer, ties to even; magnitudes from 2^23 on are unchanged. */
export const rint = unary({ name: 'rint', opcode: 11, compute: roundToEven, onnx: 'Round' });
