import { checkConversion, readsSame, type Operator } from './operator.ts';

const name = 'exp2i';
const LOWEST = -126;
const HIGHEST = 127;

/** exp2i(n) = 2^n as f32, n an i32 clamped to [-126, 127]. */
export const exp2i: Operator = {
  name,
  opcode: 17,
  check(inputs, application) {
    checkConversion(name, inputs, application, 'i32', 'f32');
    return undefined;
  },
  reads: readsSame,
  evaluate([n], output) {
    output.data.forEach((_, i) => {
      output.data[i] = 2 ** Math.min(Math.max(n!.data[i]!, LOWEST), HIGHEST);
    });
  },
  lower(to) {
    const clamped = to.emit('Min', [
      to.emit('Max', [to.value(0, 'i32'), to.scalar('i32', LOWEST)]),
      to.scalar('i32', HIGHEST),
    ]);
    // The biased exponent, moved to its field by an exact product: (n + 127) * 2^23 < 2^31.
    const biased = to.emit('Add', [clamped, to.scalar('i32', 127)]);
    return to.emit('BitCast', [to.emit('Mul', [biased, to.scalar('i32', 2 ** 23)])], { to: 1 });
  },
};
