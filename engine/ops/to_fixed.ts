import {
  areWithin,
  fault,
  MAX_I32,
  readsSame,
  requireInputs,
  requireType,
  roundToEven,
  rule,
  type Operator,
} from './operator.ts';

const name = 'to_fixed';

function fixed(x: number, k: number): number {
  return roundToEven(Math.fround(x * 2 ** k));
}

/** to_fixed(x; k, bound) = rint(x 2^k) in i32; a magnitude above `bound` is a fault. Attributes: k, bound. */
export const toFixed: Operator = {
  name,
  opcode: 20,
  check(inputs, application) {
    const [k = 0, bound = 0] = application.attributes;
    requireInputs(name, inputs, ['f32']);
    requireType(name, application, 'i32', inputs[0]!.shape);
    rule(Number.isInteger(k) && Math.abs(k) <= 126, name, `k = ${k} is not in [-126, 126]`);
    rule(Number.isInteger(bound) && bound > 0 && bound <= MAX_I32, name, `bound = ${bound} is not in [1, 2^31 - 1]`);
    return bound;
  },
  attributeCount: () => 2,
  domain([x], _, [k = 0, bound = 0]) {
    for (const element of x!.data) {
      const value = fixed(element, k);
      if (!(Math.abs(value) <= bound)) throw fault(name, `${value} exceeds the bound ${bound}`);
    }
  },
  // What is out of range converts to -2^31, which no bound allows.
  isSurelyDefined: (_, output, [, bound = 0]) => areWithin(output, -bound, bound),
  reads: readsSame,
  evaluate([x], output, [k = 0]) {
    output.data.forEach((_, i) => {
      output.data[i] = fixed(x!.data[i]!, k);
    });
  },
  lower(to, { attributes: [k = 0], form }) {
    const shifted = k === 0 ? to.value(0) : to.emit('Mul', [to.value(0), to.scalar('f32', 2 ** k)]);
    const rounded = to.emit('Round', [shifted]);
    return form === 'f32' ? rounded : to.emit('Cast', [rounded], { to: 6 });
  },
};
