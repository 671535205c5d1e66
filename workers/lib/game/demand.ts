import { leafGeometry, treeDepth } from '../../../engine/commit/format.ts';
import type { Program } from '../../../engine/graph/program.ts';
import { leafCounts } from '../../../engine/leaf-places.ts';
import { levelsOf, type Position, type Stage } from '../../../sdk/game.ts';
import type { Move } from '../../../sdk/game-moves.ts';
import { drawnLeaves } from '../../../sdk/verdict-leaves.ts';

/** The answer that a challenger's move demands, and pays for. */
export type Demand = { readonly stage: Stage; readonly height: number };

/** What a move demands; undefined when it demands nothing: the claimant's do not, and the last one does not. */
export function demandOf(position: Position, move: Move, program: Program | undefined): Demand | undefined {
  const height = position.height - levelsOf(position.height);
  switch (move.type) {
    case 'mark':
      return { stage: 'marks', height: 0 };
    case 'pick': {
      if (position.stage === 'chooseNodes') return { stage: 'nodes', height };
      const leaf = position.index * 2 ** (position.height - height) + move.child;
      if (height === 0 && leaf >= position.places) return undefined;
      return height === 0 ? { stage: 'leaf', height } : { stage: 'chunks', height };
    }
    case 'pickNode': {
      if (position.stage === 'chooseLeaf') return demandOfDrawn(position, move.child, program);
      const node = program?.nodes[position.index * 2 ** (position.height - height) + move.child];
      return node ? { stage: 'tensor', height: treeDepth(leafGeometry(node.type).leaves) } : undefined;
    }
    default:
      return undefined;
  }
}

/** A leaf that is drawn in the padding decides the game at once. */
function demandOfDrawn(position: Position, child: number, program: Program | undefined): Demand | undefined {
  const drawn = program && drawnLeaves(position.second, leafCounts(program))[child];
  return drawn && program.nodes[drawn.node] ? { stage: 'drawn', height: 0 } : undefined;
}

/** What an opened challenge demands first; a wrong size is decided at once. */
export function firstDemandOf({ subject, marks }: { subject: string; marks: readonly unknown[] }): Demand | undefined {
  switch (subject) {
    case 'size':
      return undefined;
    case 'start':
      return { stage: 'start', height: 0 };
    case 'segment':
    case 'before':
      return { stage: marks.length > 0 ? 'marks' : 'invoke', height: 0 };
    default:
      return { stage: 'invoke', height: 0 };
  }
}
