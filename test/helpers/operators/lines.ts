import fc from 'fast-check';
import type { Shape } from '../../../engine/graph/types.ts';
import { operators } from '../../../engine/ops/index.ts';
import {
  encodeLine,
  FIRST_RESULT,
  firstHiding,
  lineOperator,
  resultType,
  sourceType,
  type Instruction,
} from '../../../engine/ops/line.ts';
import { floats, integers, moods } from '../hostile.ts';
import type { Application, Operand } from '../programs.ts';
import type { Shapes } from './movements.ts';

/** Random applications of `fused`: lines that use all they are given, and hide no fault. */

const names = ['add', 'sub', 'mul', 'div', 'sqrt', 'max', 'min', 'neg', 'abs', 'floor', 'rint', 'from_i32', 'add_i32'];
const takesTwo = new Set(['add', 'sub', 'mul', 'div', 'max', 'min', 'add_i32']);
type Kind = 'f32' | 'i32';

/** A number for each choice of a line: its operator and which values it reads. */
const choices = fc.array(fc.tuple(fc.nat(), fc.nat(), fc.nat()), { minLength: 1, maxLength: 12 });

/** The instructions that the choices give, as far as they are possible, without those whose results nobody reads. */
function lineOf(given: readonly Kind[], chosen: readonly (readonly [number, number, number])[]): Instruction[] {
  const kinds = new Map<number, Kind>(given.map((kind, i) => [i, kind]));
  const line: Instruction[] = [];
  for (const [which, a, b] of chosen) {
    const possible = names.flatMap((name): Instruction[] => {
      const operator = lineOperator(name)!;
      const fitting = [...kinds].filter(([, kind]) => kind === sourceType({ operator, sources: [] }));
      if (fitting.length === 0) return [];
      // The last values first, so that lines get long.
      const pick = (n: number) => fitting[fitting.length - 1 - (n % Math.min(fitting.length, 3))]![0];
      const made = { operator, sources: takesTwo.has(name) ? [pick(a), pick(b)] : [pick(a)] };
      return firstHiding([...line, made]) === undefined ? [made] : [];
    });
    if (possible.length === 0) continue;
    const next = possible[which % possible.length]!;
    kinds.set(FIRST_RESULT + line.length, resultType(next));
    line.push(next);
  }
  return line;
}

/** Keeps what the last f32 result is made from, and numbers it and the operands anew. */
function trimmed(line: readonly Instruction[]): { line: Instruction[]; operands: number[] } | undefined {
  const last = line.findLastIndex((instruction) => resultType(instruction) === 'f32');
  if (last < 0) return undefined;
  const needed = new Set([FIRST_RESULT + last]);
  for (let i = last; i >= 0; i--) {
    if (needed.has(FIRST_RESULT + i)) for (const source of line[i]!.sources) needed.add(source);
  }
  const order = [...needed].toSorted((a, b) => a - b);
  const operands = order.filter((source) => source < FIRST_RESULT);
  const results = order.filter((source) => source >= FIRST_RESULT);
  const renumber = (source: number) =>
    source < FIRST_RESULT ? operands.indexOf(source) : FIRST_RESULT + results.indexOf(source);
  const kept = results.map((source) => line[source - FIRST_RESULT]!);
  return { line: kept.map(({ operator, sources }) => ({ operator, sources: sources.map(renumber) })), operands };
}

const input = fc.constantFrom<Operand['held']>('input', 'input', 'constant');

function operandOf(kind: Kind, shape: Shape): fc.Arbitrary<Operand> {
  // Integers as constants: their bound is then known, so that sums of them are not refused.
  if (kind === 'i32') return integers(shape, 2 ** 27).map((tensor) => ({ tensor, held: 'constant' }));
  const calm = floats(shape, moods.slice(1));
  return fc.record({ tensor: fc.oneof({ weight: 4, arbitrary: calm }, floats(shape)), held: input });
}

/** Applications of `fused` to operands of these shapes. */
export function fusedOver(of: Shapes): fc.Arbitrary<Application> {
  const kinds = fc.array(fc.constantFrom<Kind>('f32', 'f32', 'f32', 'i32'), { minLength: 1, maxLength: 4 });
  return fc
    .tuple(of(), kinds, choices)
    .map(([shape, given, chosen]) => ({ shape, given, made: trimmed(lineOf(given, chosen)) }))
    .filter(({ made }) => made !== undefined)
    .chain(({ shape, given, made }) =>
      fc.tuple(...made!.operands.map((i) => operandOf(given[i]!, shape))).map((operands) => ({
        op: operators.get('fused')!.name,
        operands,
        type: { dtype: 'f32' as const, shape },
        attributes: encodeLine(made!.line),
      })),
    );
}
