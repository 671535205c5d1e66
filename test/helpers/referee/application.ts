import { EMPTY } from '../../../engine/commit/tree.ts';
import type { DType, Shape } from '../../../engine/graph/types.ts';
import { operators } from '../../../engine/ops/index.ts';
import type { Check } from './checks.ts';
import { handmade, type BareOperand, type RawOperand } from './handmade.ts';

/** An operator applied to handmade operands, whether it accepts them or not. */
export type Application = {
  readonly op: string;
  readonly result: readonly [DType, ...Shape];
  readonly operands: readonly (RawOperand | BareOperand)[];
  readonly attributes?: readonly number[];
  readonly element?: number;
};

/** The final check of one element of an application. */
export function check({ op, result: [dtype, ...shape], operands, attributes = [], element = 0 }: Application): Check {
  const { opcode } = operators.get(op)!;
  return handmade({ opcode, result: { dtype, shape }, operands, attributes, element });
}

/** A tensor without elements. */
export const empty = (dtype: DType, shape: Shape): BareOperand => ({ dtype, shape, tree: EMPTY, opened: [] });
