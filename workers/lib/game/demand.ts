import { leafGeometry, treeDepth } from '../../../engine/commit/format.ts';
import type { Program } from '../../../engine/graph/program.ts';
import { levelsOf, type Position, type Stage } from '../../../sdk/game.ts';
import type { Move } from '../../../sdk/game-moves.ts';

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
      const node = program?.nodes[position.index * 2 ** (position.height - height) + move.child];
      return node ? { stage: 'tensor', height: treeDepth(leafGeometry(node.type).leaves) } : undefined;
    }
    default:
      return undefined;
  }
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
