import { treeDepth } from '../../../engine/commit/format.ts';
import { siblingsOf } from '../../../engine/commit/subtrees.ts';
import { headerOf } from '../../../engine/evidence.ts';
import type { Subject } from '../../../sdk/game.ts';
import type { TraceOpening } from '../../../sdk/game-moves.ts';
import type { TraceNotes } from './facts.ts';
import { childrenBelow, levelsOfTrace } from './walk.ts';

/** A trace with its first levels, and what shows that it is one of its program and that its last places are the output. */
export function traceOpening(trace: TraceNotes, subject: Subject): TraceOpening {
  const { proof: headerProof, ...header } = headerOf(trace.program);
  const levels = levelsOfTrace(trace);
  const height = levels.length - 1;
  const depth = treeDepth(header.nodes - header.outputStart);
  // A verdict names a trace and no state after it.
  const outputProof = subject === 'trace' ? [] : siblingsOf(levels, depth, header.outputStart / 2 ** depth);
  return { root: levels[height]![0]!, ...header, headerProof, outputProof, children: childrenBelow(levels, height, 0) };
}
