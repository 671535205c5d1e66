import { size, zeroHash } from 'viem';

import { descriptorOf, descriptorProof } from '../../../engine/evidence.ts';
import { bytesPerElement } from '../../../engine/graph/types.ts';
import { pickWrongListedLeaf, type ChallengerRules } from '../../../workers/lib/game/challenger.ts';
import { firstElementOf } from '../../../workers/lib/game/elements.ts';
import type { GameFacts, Rule, Ruling } from '../../../workers/lib/game/facts.ts';
import { childrenOn, leafOn, pathInTrace, siblingsAmong } from '../../../workers/lib/game/walk.ts';

/** Where a challenger goes that looks for no difference. */
export type Aim = { readonly node: number; readonly leaf?: number; readonly element?: number };

/** Goes to one element, whatever it is, and lets the referee judge it. */
export function aimAt({ node, leaf = 0, element = 0 }: Aim): Partial<ChallengerRules> {
  return {
    chooseNodes: (facts) => towards(facts, node),
    chooseChunks: (facts) => towards(facts, leaf),
    prove: (facts) => name(facts, element),
  };
}

/** The child in which a place of the bottom lies, or the last one. */
function towards(facts: GameFacts, place: number): Ruling {
  const { position, notes, played } = facts;
  const { stage, first, height, index } = position;
  if (notes.trace?.first !== first) return { type: 'prepare', what: 'trace', first };
  const opened = childrenOn(played);
  const width = 2 ** height / opened.length;
  const child = Math.min(Math.floor(place / width) - index * opened.length, opened.length - 1);
  const choice = { child, root: opened[child]!, siblings: siblingsAmong(opened, child) };
  if (stage === 'chooseChunks' || width > 1) return { type: 'pick', ...choice };
  const { program } = notes.trace;
  const descriptor = program.nodes[place] ? descriptorOf(program, place) : '0x';
  return { type: 'pickNode', ...choice, descriptor, descriptorProof: descriptorProof(program, place) };
}

function name({ position, notes, played, programs }: GameFacts, wanted: number): Ruling {
  const { first, node, index: leaf } = position;
  if (notes.trace?.first !== first) return { type: 'prepare', what: 'trace', first };
  const { program } = notes.trace;
  const { type } = program.nodes[node]!;
  const element = Math.min(wanted, size(leafOn(played)) / bytesPerElement[type.dtype] - 1);
  const number = firstElementOf(type, leaf) + element;
  if (notes.proof?.node !== node || notes.proof.element !== number) {
    return { type: 'prepare', what: 'proof', node, element: number, path: pathInTrace(played)! };
  }
  const { evidence, sources } = notes.proof;
  const descriptor = descriptorOf(program, node);
  return { type: 'prove', descriptor, data: leafOn(played), element, evidence, sources, programs };
}

/** Picks one leaf of a verdict's list, whatever it is. */
export function listedLeaf(number: number): Rule {
  return (facts) => {
    const { trace } = facts.notes;
    const other = trace && { ...trace, leaves: trace.leaves!.with(number, zeroHash) };
    return pickWrongListedLeaf({ ...facts, notes: { ...facts.notes, ...(other && { trace: other }) } });
  };
}

/** Opens, and makes no move any more from a stage on. */
export function silentFrom(stage: keyof ChallengerRules, aim: Aim): Partial<ChallengerRules> {
  return { ...aimAt(aim), [stage]: () => undefined };
}
