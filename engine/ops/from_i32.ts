import { checkConversion, readsSame, type Operator } from './operator.ts';

const name = 'from_i32';

/** from_i32(n): the f32 nearest to n, ties to even. */
export const fromI32: Operator = {
  name,
  opcode: 21,
  check(inputs, application) {
    checkConversion(name, inputs, application, 'i32', 'f32');
    return undefined;
  },
  reads: readsSame,
  evaluate([n], output) {
    output.data.forEach((_, i) => {
      output.data[i] = Math.fround(n!.data[i]!);
    });
  },
  lower(to) {
    return to.value(0, 'f32');
  },
};
