import { abs } from './abs.ts';
import { add } from './add.ts';
import { addI32 } from './add_i32.ts';
import { div } from './div.ts';
import { floor } from './floor.ts';
import { fromI32 } from './from_i32.ts';
import { max } from './max.ts';
import { min } from './min.ts';
import { mul } from './mul.ts';
import { neg } from './neg.ts';
import { rule, type Operator } from './operator.ts';
import { rint } from './rint.ts';
import { sqrt } from './sqrt.ts';
import { sub } from './sub.ts';

/**
 * One instruction of a fused node. Sources 0 to 3 are the node's operands, `FIRST_RESULT + i` is the result of
 * instruction i.
 */
export type Instruction = { readonly operator: Operator; readonly sources: readonly number[] };

export const MAX_LINE_OPERANDS = 4;
export const MAX_INSTRUCTIONS = 12;
export const FIRST_RESULT = MAX_LINE_OPERANDS;
/** Attributes of a fused node, two instructions each. */
export const LINE_ATTRIBUTES = 8;

const binary = [add, sub, mul, div, max, min, addI32];
const unary = [sqrt, neg, abs, floor, rint, fromI32];
const arities = new Map<Operator, number>([
  ...binary.map((operator): [Operator, number] => [operator, 2]),
  ...unary.map((operator): [Operator, number] => [operator, 1]),
]);
const byOpcode = new Map(Array.from(arities.keys(), (operator) => [operator.opcode, operator]));
const byName = new Map(Array.from(arities.keys(), (operator) => [operator.name, operator]));

/** The operator of this name, if a line may apply it. */
export function lineOperator(name: string): Operator | undefined {
  return byName.get(name);
}

/** Element type of an instruction's sources. */
export function sourceType({ operator }: Instruction): 'f32' | 'i32' {
  return operator === addI32 || operator === fromI32 ? 'i32' : 'f32';
}

/** Element type of an instruction's result. */
export function resultType({ operator }: Instruction): 'f32' | 'i32' {
  return operator === addI32 ? 'i32' : 'f32';
}

/** Instructions as attributes: 16 bits each, the opcode above two sources of 4 bits; zero behind the last one. */
export function encodeLine(line: readonly Instruction[]): readonly number[] {
  const words = line.map(({ operator, sources: [a = 0, b = 0] }) => (operator.opcode << 8) | (a << 4) | b);
  return Array.from({ length: LINE_ATTRIBUTES }, (_, i) => ((words[2 * i] ?? 0) << 16) | (words[2 * i + 1] ?? 0));
}

/** The instructions of a fused node. Throws GRAPH_INVALID for attributes that `encodeLine` never gives. */
export function decodeLine(attributes: readonly number[]): readonly Instruction[] {
  const words = attributes.flatMap((pair) => [pair >>> 16, pair & 0xffff]);
  const end = words.indexOf(0);
  const used = end < 0 ? words : words.slice(0, end);
  requireLine(attributes.length === LINE_ATTRIBUTES, `has ${attributes.length} attributes, not ${LINE_ATTRIBUTES}`);
  requireLine(used.length >= 1 && used.length <= MAX_INSTRUCTIONS, `a line of ${used.length} instructions`);
  requireLine(
    words.slice(used.length).every((word) => word === 0),
    'an instruction behind the end of the line',
  );
  return used.map((word): Instruction => {
    const operator = byOpcode.get(word >> 8);
    requireLine(operator !== undefined, `the opcode ${word >> 8} in a line`);
    const sources = [(word >> 4) & 15, word & 15];
    const arity = arities.get(operator)!;
    requireLine(arity === 2 || sources[1] === 0, `a second source of ${operator.name}`);
    return { operator, sources: sources.slice(0, arity) };
  });
}

export function requireLine(holds: boolean, message: string): asserts holds {
  rule(holds, 'fused', message);
}

/** How large a value of a line can be: below 2^limit in magnitude unless it is NaN, and whether it can be NaN. */
type Extent = { readonly limit: number; readonly isNumber: boolean };

/** Any finite f32. */
const FINITE = 128;
/** So small that adding it to a finite f32 gives no infinity: less than half of the last bit of the largest one. */
const SMALL = 100;

/**
 * The first instruction that could hide that one of its sources has no result, if any: `max` and `min` forget a NaN or an
 * infinity, and what is divided by an infinity is zero. A value that is provably finite may be such a source. Everywhere
 * else a fault shows in the result of the line.
 */
export function firstHiding(line: readonly Instruction[]): number | undefined {
  const extents: Extent[] = [];
  const extentOf = (source: number): Extent =>
    source < FIRST_RESULT ? { limit: FINITE, isNumber: true } : extents[source - FIRST_RESULT]!;
  const index = line.findIndex(({ operator, sources }) => {
    const of = sources.map(extentOf);
    const limit = Math.max(...of.map((extent) => extent.limit));
    const isNumber = of.every((extent) => extent.isNumber);
    if ((operator === max || operator === min) && !(limit <= FINITE && isNumber)) return true;
    if (operator === div && of[1]!.limit > FINITE) return true;
    extents.push(extentAfter(operator, of, { limit, isNumber }));
    return false;
  });
  return index < 0 ? undefined : index;
}

/** What an operator makes of sources of which `most` is true in common. */
function extentAfter(operator: Operator, of: readonly Extent[], most: Extent): Extent {
  if (operator === fromI32) return { limit: 32, isNumber: true };
  // A negative operand gives NaN.
  if (operator === sqrt) return { limit: most.limit <= FINITE ? FINITE / 2 : Infinity, isNumber: false };
  if (operator === add || operator === sub) {
    const least = Math.min(...of.map(({ limit }) => limit));
    const isFinite = least <= SMALL && most.limit <= FINITE;
    if (!isFinite) return { limit: Infinity, isNumber: false };
    return { limit: most.limit === FINITE ? FINITE : most.limit + 1, isNumber: most.isNumber };
  }
  if (operator === mul || operator === div) return { limit: Infinity, isNumber: false };
  return most;
}
