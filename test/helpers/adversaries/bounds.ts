import { firstDifference } from '../../../engine/evidence.ts';
import { finalCheckGas } from '../../../engine/graph/final_check.ts';
import type { Program } from '../../../engine/graph/program.ts';
import { traceNodes, type Execution } from './execution.ts';

/** The operators of a program. */
export function kindsOf({ nodes }: Program): ReadonlySet<string> {
  return new Set(nodes.flatMap((node) => node?.op ?? []));
}

/** The bound of the final check of the first node in which two executions differ. */
export function boundOf(honest: Execution, wrong: Execution): number {
  return finalCheckGas(honest.program, firstDifference(traceNodes(honest), traceNodes(wrong))!);
}
