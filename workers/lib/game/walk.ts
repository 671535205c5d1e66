import { bytesToHex, type Hex } from 'viem';

import type { Hash } from '../../../engine/commit/hash.ts';
import { childrenOf, siblingsOf, type Levels } from '../../../engine/commit/subtrees.ts';
import { treeLevels } from '../../../engine/commit/tree.ts';
import { levelsOf } from '../../../sdk/game.ts';
import type { PlayedGame } from '../../../sdk/game-events.ts';
import type { Path, TraceNotes } from './facts.ts';

const known = new WeakMap<readonly Hash[], Levels>();

/** The tree over all places of a trace. Those at and after a fault mean nothing. */
export function levelsOfTrace({ nodes }: TraceNotes): Levels {
  let levels = known.get(nodes);
  if (levels === undefined) known.set(nodes, (levels = treeLevels(nodes)));
  return levels;
}

/** The roots that one answer opens below a subtree; for a subtree without levels, itself. */
export function childrenBelow(levels: Levels, height: number, index: number): readonly Hash[] {
  return childrenOf(levels, height, index, levelsOf(height));
}

/** Siblings of one of the opened children up to their subtree, bottom up. */
export function siblingsAmong(children: readonly Hash[], child: number): readonly Hash[] {
  return siblingsOf(treeLevels(children), 0, child);
}

/** State roots that the challenger has marked inside the span in dispute: with its last mark, or when it opened. */
export function marksOn({ turns, opening }: PlayedGame): readonly Hash[] {
  return turns.findLast(({ marks }) => marks !== undefined)?.marks ?? opening.marks;
}

/** The children that the claimant has opened last. */
export function childrenOn({ turns }: PlayedGame): readonly Hash[] {
  return turns.at(-1)?.children ?? [];
}

/** The leaf that the claimant has opened. */
export function leafOn({ turns }: PlayedGame): Hex {
  return turns.at(-1)?.leaf ?? '0x';
}

/**
 * Where the chosen node lies in the claimant's trace, from what the claimant has opened on the way down and where the
 * challenger went. The claimant's trace is another one than the challenger's own, so its siblings are, too.
 */
export function pathInTrace({ turns }: PlayedGame): Path | undefined {
  let path: Path | undefined;
  turns.forEach(({ position, children }, at) => {
    const next = turns[at + 1]?.position;
    if (position.stage !== 'chooseNodes' || children === undefined || next === undefined) return;
    const place = next.stage === 'tensor' ? next.node : next.index;
    const child = place - position.index * children.length;
    const siblings = siblingsAmong(children, child);
    path = { root: children[child]!, siblings: [...siblings, ...(path?.siblings ?? [])] };
  });
  return path;
}

export function toHex(bytes: Uint8Array): Hex {
  return bytesToHex(bytes);
}
