import { checkQuantizer, quantizeElement, quantizeLinear, requireScale, scaled } from './quantize.ts';
import type { Operator } from './operator.ts';

const name = 'residual';

/**
 * residual(x, s) = quantize(x - q s, s / 128) with q = quantize(x, s): the second slice of x. Both slices together carry
 * 14.5 bits. The subtraction is exact wherever q was not clamped, and the result is then at most 64 in magnitude.
 */
export const residual: Operator = {
  name,
  opcode: 19,
  check: (inputs, application) => checkQuantizer(name, inputs, application),
  evaluate([x, s], output) {
    output.data.forEach((_, i) => {
      const value = x!.data[i]!;
      const scale = s!.data[i]!;
      requireScale(scale / 128);
      const rest = Math.fround(value - Math.fround(quantizeElement(value, scale) * scale));
      output.data[i] = quantizeElement(rest, scale / 128);
    });
  },
  lower(to, { form }) {
    const { x, scale } = scaled(to);
    const coarse = to.emit('DequantizeLinear', [quantizeLinear(to, x, scale, 'i8'), scale]);
    const finer = to.emit('Mul', [scale, to.scalar('f32', 1 / 128)]);
    return quantizeLinear(to, to.emit('Sub', [x, coarse]), finer, form);
  },
};
