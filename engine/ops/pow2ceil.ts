import { areWithin, checkConversion, fault, readsSame, type Operator } from './operator.ts';

const name = 'pow2ceil';
const FLOOR = 2 ** -100;
const EXPONENT_MASK = 0x7f800000;
const ONE_EXPONENT = 0x00800000;

/** 2^(floor(log2 x) + 1) for x >= 2^-100, else 2^-99: the smallest power of two strictly above max(x, 2^-100). */
function evaluate(x: number): number {
  const word = new DataView(new ArrayBuffer(4));
  word.setFloat32(0, Math.max(x, FLOOR));
  word.setUint32(0, (word.getUint32(0) & EXPONENT_MASK) + ONE_EXPONENT);
  return word.getFloat32(0);
}

/** pow2ceil(x), x >= 0: makes scales, which are powers of two so that scaling is exact. */
export const pow2ceil: Operator = {
  name,
  opcode: 16,
  check(inputs, application) {
    checkConversion(name, inputs, application, 'f32', 'f32');
    return undefined;
  },
  domain([x]) {
    for (const value of x!.data) {
      if (value < 0) throw fault(name, `the operand ${value} is negative`);
      if (value >= 2 ** 126) throw fault(name, `the operand ${value} is 2^126 or more`);
    }
  },
  isSurelyDefined: ([x]) => areWithin(x!, 0, 2 ** 125),
  reads: readsSame,
  evaluate([x], output) {
    output.data.forEach((_, i) => {
      output.data[i] = evaluate(x!.data[i]!);
    });
  },
  lower(to) {
    // The mantissa cleared, then doubled: as a product, so that an infinite operand stays infinite.
    const word = to.emit('BitCast', [to.emit('Max', [to.value(0), to.scalar('f32', FLOOR)])], { to: 6 });
    const exponent = to.emit('BitwiseAnd', [word, to.scalar('i32', EXPONENT_MASK)]);
    return to.emit('Mul', [to.emit('BitCast', [exponent], { to: 1 }), to.scalar('f32', 2)]);
  },
};
