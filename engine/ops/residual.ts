import { zeroPoint } from '../onnx/lowering.ts';
import { finite, readsSame, type Operator } from './operator.ts';
import { areScales, checkQuantizer, quantizeElement, quantizeLinear, requireScales, scaled } from './quantize.ts';

const name = 'residual';

/**
 * residual(x, s) = clamp(rint((x - q s) / (s / 128)), -127, 127) with q = quantize(x, s): the second slice of x. Both
 * slices together carry 14.5 bits. s is a scale, s / 128 may be smaller than one. The subtraction is exact wherever q was
 * not clamped, and the result is then at most 64 in magnitude. A product q s that overflows is a fault.
 */
export const residual: Operator = {
  name,
  opcode: 19,
  check: (inputs, application) => checkQuantizer(name, inputs, application),
  domain([x, s]) {
    requireScales(name, s!);
    x!.data.forEach((value, i) => finite(name, quantizeElement(value, s!.data[i]!) * s!.data[i]!));
  },
  // q s is at most 127 s.
  isSurelyDefined: ([, s]) => areScales(s!, 120),
  reads: readsSame,
  evaluate([x, s], output) {
    output.data.forEach((_, i) => {
      const value = x!.data[i]!;
      const scale = s!.data[i]!;
      const rest = Math.fround(value - Math.fround(quantizeElement(value, scale) * scale));
      output.data[i] = quantizeElement(rest, scale / 128);
    });
  },
  lower(to, { form }) {
    const { x, scale } = scaled(to);
    const coarse = to.emit('DequantizeLinear', [quantizeLinear(to, x, scale, form), scale, zeroPoint(to, form)]);
    const finer = to.emit('Mul', [scale, to.scalar('f32', 1 / 128)]);
    return quantizeLinear(to, to.emit('Sub', [x, coarse]), finer, form);
  },
};
