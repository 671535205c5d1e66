import { elementCount, sameShape, typedArray, type Tensor } from '../graph/types.ts';
import type { Lowering } from '../onnx/lowering.ts';
import {
  decodeLine,
  FIRST_RESULT,
  firstHiding,
  LINE_ATTRIBUTES,
  MAX_LINE_OPERANDS,
  requireLine,
  resultType,
  sourceType,
  type Instruction,
} from './line.ts';
import { MAX_I32, readsSame, requireType, showShape, type Operator, type ValueInfo } from './operator.ts';

const name = 'fused';

/** Requires sources that are there and of the type that their instruction reads, and nothing that is not used. */
function checkLine(line: readonly Instruction[], inputs: readonly ValueInfo[]): void {
  const results: Pick<ValueInfo, 'dtype' | 'bound'>[] = [];
  const used = new Set<number>([FIRST_RESULT + line.length - 1]);
  line.forEach((instruction, i) => {
    const { operator, sources } = instruction;
    const infos = sources.map((source) => {
      used.add(source);
      const info = source < FIRST_RESULT ? inputs[source] : results[source - FIRST_RESULT];
      requireLine(info !== undefined, `instruction ${i} reads ${source}, which is not there`);
      requireLine(info.dtype === sourceType(instruction), `instruction ${i}, ${operator.name}, reads an ${info.dtype}`);
      return info;
    });
    const dtype = resultType(instruction);
    const bound = infos.reduce((sum, info) => sum + (info.bound ?? MAX_I32), 0);
    requireLine(dtype === 'f32' || bound <= MAX_I32, `the sum of instruction ${i} could reach ${bound}`);
    results.push(dtype === 'i32' ? { dtype, bound } : { dtype });
  });
  requireLine(results.at(-1)!.dtype === 'f32', 'the result of the line is an integer');
  inputs.forEach((_, i) => requireLine(used.has(i), `operand ${i} is not used`));
  line.forEach((_, i) => requireLine(used.has(FIRST_RESULT + i), `the result of instruction ${i} is not used`));
  const hiding = firstHiding(line);
  requireLine(hiding === undefined, `instruction ${hiding} could hide a fault`);
}

/** Follows a line: what each instruction makes of its sources, given the operands. Gives the last result. */
function follow<T>(
  line: readonly Instruction[],
  operands: (i: number) => T,
  apply: (instruction: Instruction, sources: readonly T[]) => T,
): T {
  const results: T[] = [];
  for (const instruction of line) {
    const sources = instruction.sources.map((source) =>
      source < FIRST_RESULT ? operands(source) : results[source - FIRST_RESULT]!,
    );
    results.push(apply(instruction, sources));
  }
  return results.at(-1)!;
}

/**
 * fused(x0, ..., x3; line) = what a line of at most 12 instructions makes of the operands, element by element: each applies
 * add, sub, mul, div, sqrt, max, min, neg, abs, floor, rint, from_i32 or add_i32 to operands and earlier results, and the
 * last one gives the result. A fault of any of them is a fault. Operands are f32 or i32 of the result's shape.
 */
export const fused: Operator = {
  name,
  opcode: 22,
  check(inputs, application) {
    const { shape } = application.type;
    requireLine(inputs.length >= 1 && inputs.length <= MAX_LINE_OPERANDS, `takes 1 to 4 inputs, got ${inputs.length}`);
    for (const input of inputs) {
      requireLine(sameShape(input.shape, shape), `shapes ${showShape(input.shape)} and ${showShape(shape)} differ`);
    }
    requireType(name, application, 'f32', shape);
    checkLine(decodeLine(application.attributes), inputs);
    return undefined;
  },
  attributeCount: () => LINE_ATTRIBUTES,
  reads: readsSame,
  evaluate(inputs, output, attributes) {
    const { shape } = output;
    const result = follow<Tensor>(
      decodeLine(attributes),
      (i) => inputs[i]!,
      (instruction, sources) => {
        const dtype = resultType(instruction);
        const made = { dtype, shape, data: typedArray(dtype, elementCount(shape)) };
        instruction.operator.evaluate(sources, made, []);
        return made;
      },
    );
    output.data.set(result.data);
  },
  lower(to, { type, attributes }) {
    const results: Result[] = [];
    for (const instruction of decodeLine(attributes)) {
      const dtype = resultType(instruction);
      const application = { type: { dtype, shape: type.shape }, attributes: [], form: dtype };
      const name = instruction.operator.lower(loweringOf(to, instruction, results), application);
      results.push({ name, dtype });
    }
    return results.at(-1)!.name;
  },
};

/** The value of an instruction that has been emitted. */
type Result = { readonly name: string; readonly dtype: 'f32' | 'i32' };

/** What the operator of an instruction sees of its sources, as operands. */
function loweringOf(to: Lowering, { sources }: Instruction, results: readonly Result[]): Lowering {
  const resultOf = (i: number) => results[sources[i]! - FIRST_RESULT];
  return {
    ...to,
    value(i, form) {
      const result = resultOf(i);
      if (result === undefined) return to.value(sources[i]!, form);
      return result.dtype === 'i32' && form === 'f32' ? to.emit('Cast', [result.name], { to: 1 }) : result.name;
    },
    broadcastable(i, beside) {
      const isAlone = beside === undefined || resultOf(beside) !== undefined;
      return resultOf(i)?.name ?? to.broadcastable(sources[i]!, isAlone ? undefined : sources[beside]!);
    },
    isZero: (i) => resultOf(i) === undefined && to.isZero(sources[i]!),
    splitProduct: () => undefined,
  };
}
