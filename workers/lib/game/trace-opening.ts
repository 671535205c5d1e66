import { treeDepth } from '../../../engine/commit/format.ts';
import { siblingsOf } from '../../../engine/commit/subtrees.ts';
import { headerOf } from '../../../engine/evidence.ts';
import type { Subject } from '../../../sdk/game.ts';
import type { TraceOpening } from '../../../sdk/game-moves.ts';
import type { TraceNotes } from './facts.ts';
import { childrenBelow, levelsOfTrace } from './walk.ts';

/**
 * A trace with its first levels, and what shows that it is one of its program and that its last places are the output. In a
 * dispute about a verdict's leaves those take the place of the levels; of a token, only the first place of the output is shown.
 */
export function traceOpening(trace: TraceNotes, subject: Subject): TraceOpening {
  const { proof: headerProof, ...header } = headerOf(trace.program);
  const levels = levelsOfTrace(trace);
  const height = levels.length - 1;
  const depth = subject === 'token' ? 0 : treeDepth(header.nodes - header.outputStart);
  // A verdict names a trace and no state after it.
  const outputProof =
    subject === 'trace' || subject === 'leaves' ? [] : siblingsOf(levels, depth, header.outputStart / 2 ** depth);
  const children = trace.leaves ?? childrenBelow(levels, height, 0);
  return { root: levels[height]![0]!, ...header, headerProof, outputProof, children };
}
