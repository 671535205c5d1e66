import { sameShape, type Tensor } from '../graph/types.ts';
import { zeroPoint, type Lowering } from '../onnx/lowering.ts';
import {
  fault,
  readsSame,
  requireInputs,
  requireType,
  roundToEven,
  rule,
  type Application,
  type ValueInfo,
} from './operator.ts';
import type { Operator } from './operator.ts';

const name = 'quantize';
const LIMIT = 127;

/** clamp(rint(x / s), -127, 127) for one element. */
export function quantizeElement(x: number, s: number): number {
  return Math.min(Math.max(roundToEven(Math.fround(x / s)), -LIMIT), LIMIT) + 0;
}

/** Scales are powers of two, at least 2^-100. */
export function requireScales(operator: string, { data }: Tensor): void {
  for (const s of data) if (!isScale(s)) throw fault(operator, `${s} is not a scale`);
}

function isScale(s: number): boolean {
  return s >= 2 ** -100 && 2 ** Math.round(Math.log2(s)) === s;
}

/** Whether all elements are powers of two from 2^-100 to 2^most, by their bits: positive, and nothing in the mantissa. */
export function areScales({ data }: Tensor, most: number): boolean {
  const words = new Int32Array(data.buffer, data.byteOffset, data.length);
  const [least, largest] = [-100, most].map((exponent) => (exponent + 127) * 2 ** 23) as [number, number];
  for (let i = 0; i < words.length; i++) {
    const word = words[i]!;
    if (word < least || word > largest || word % 2 ** 23 !== 0) return false;
  }
  return true;
}

export function checkQuantizer(operator: string, inputs: readonly ValueInfo[], application: Application): number {
  requireInputs(operator, inputs, ['f32', 'f32']);
  rule(sameShape(inputs[0]!.shape, inputs[1]!.shape), operator, 'x and its scale must have the same shape');
  requireType(operator, application, 'i8', inputs[0]!.shape);
  return LIMIT;
}

/**
 * x over its scale, and the scale that is left: ONNX Runtime quantises fast under one scale per tensor only, so finer
 * scales are divided out first, which is exact.
 */
export function scaled(to: Lowering): { x: string; scale: string } {
  const scale = to.scalarInput(1);
  if (scale !== undefined) return { x: to.value(0), scale };
  return { x: to.emit('Div', [to.value(0), to.broadcastable(1)]), scale: to.scalar('f32', 1) };
}

/** QuantizeLinear, and a clamp where it could reach -128. */
export function quantizeLinear(to: Lowering, x: string, scale: string, form: string): string {
  const q = to.emit('QuantizeLinear', [x, scale, zeroPoint(to, form)]);
  if (to.isCovered()) return q;
  return to.emit('Clip', [q, form === 'u8' ? to.scalar('u8', 128 - LIMIT) : to.scalar('i8', -LIMIT)]);
}

/** quantize(x, s) = clamp(rint(x / s), -127, 127) in i8. Overflow of x / s clamps, underflow gives 0. */
export const quantize: Operator = {
  name,
  opcode: 18,
  check: (inputs, application) => checkQuantizer(name, inputs, application),
  domain: ([, s]) => requireScales(name, s!),
  isSurelyDefined: ([, s]) => areScales(s!, 127),
  reads: readsSame,
  evaluate([x, s]: readonly Tensor[], output) {
    output.data.forEach((_, i) => {
      output.data[i] = quantizeElement(x!.data[i]!, s!.data[i]!);
    });
  },
  lower(to, { form }) {
    const { x, scale } = scaled(to);
    return quantizeLinear(to, x, scale, form);
  },
};
