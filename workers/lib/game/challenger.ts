import { hexToBytes } from 'viem';

import { descriptorOf, descriptorProof } from '../../../engine/evidence.ts';
import type { TensorType } from '../../../engine/graph/types.ts';
import { leafCounts } from '../../../engine/leaf-places.ts';
import { partsOf, type Stage } from '../../../sdk/game.ts';
import { drawnLeaves } from '../../../sdk/verdict-leaves.ts';
import { firstDifferent, firstElementOf, isForbidden, leafOfElement, noEvidence } from './elements.ts';
import type { GameFacts, Rule, Ruling, TensorNotes, TraceNotes } from './facts.ts';
import { childrenBelow, childrenOn, leafOn, levelsOfTrace, pathInTrace, siblingsAmong } from './walk.ts';

/** In these stages the challenger is to move. */
export type ChallengerStage = Extract<Stage, 'mark' | 'chooseNodes' | 'chooseChunks' | 'prove' | 'chooseLeaf'>;
export type ChallengerRules = { readonly [stage in ChallengerStage]: Rule };

/**
 * Every mark is a state that the challenger has itself: whichever part the claimant takes, the challenger can open the
 * state in which it starts, and the end that the claimant stands by is wrong.
 */
export function markOwnStates({ position, notes }: GameFacts): Ruling {
  const ends = partsOf(position.first, position.end)
    .slice(0, -1)
    .map(({ end }) => end);
  if (ends.some((step) => !notes.roots.has(step))) return { type: 'prepare', what: 'roots', steps: ends };
  return { type: 'mark', marks: ends.map((step) => notes.roots.get(step)!) };
}

/**
 * Into the leftmost subtree that differs. All nodes before it are equal in both traces: at the bottom the challenger has
 * every operand of the node, and the node is wrong by itself, not for what it was given. What has no result is wrong,
 * whatever is claimed of it.
 */
export function pickLeftmostDifference(facts: GameFacts): Ruling {
  return withTrace(facts, (trace) => {
    const { height, index } = facts.position;
    const opened = childrenOn(facts.played);
    const own = childrenBelow(levelsOfTrace(trace), height, index);
    const size = 2 ** levelsBelow(facts);
    const { faultAt = Infinity } = trace;
    const isOdd = (child: number) =>
      opened[child] !== own[child] || (index * opened.length + child + 1) * size > faultAt;
    const child = opened.findIndex((_, at) => isOdd(at));
    if (child < 0) return undefined;
    const choice = { child, root: opened[child]!, siblings: siblingsAmong(opened, child) };
    if (size > 1) return { type: 'pick', ...choice };
    return { type: 'pickNode', ...choice, ...shownNode(trace, index * opened.length + child) };
  });
}

/** Padding is named as what it is: its place must be EMPTY in the trace as it is in the program; no referee is needed. */
function shownNode({ program }: TraceNotes, place: number) {
  const isPadding = (program.nodes[place] ?? null) === null;
  const descriptor = isPadding ? '0x' : descriptorOf(program, place);
  return { descriptor, descriptorProof: descriptorProof(program, place) } as const;
}

/**
 * Into a leaf that differs: there is a wrong element in each. An element that has no result is in a leaf that is known
 * without a comparison. A leaf beyond the tensor's end is padding, and ends the game.
 */
export function pickWrongLeaf(facts: GameFacts): Ruling {
  return withTensor(facts, (tensor, type) => {
    const opened = childrenOn(facts.played);
    const child = wrongChild(facts, tensor, type);
    if (opened[child] === undefined) return undefined;
    return { type: 'pick', child, root: opened[child], siblings: siblingsAmong(opened, child) };
  });
}

function wrongChild(facts: GameFacts, { levels, faultElement }: TensorNotes, type: TensorType): number {
  const { height, index } = facts.position;
  const opened = childrenOn(facts.played);
  if (faultElement !== undefined) {
    return Math.floor(leafOfElement(type, faultElement) / 2 ** levelsBelow(facts)) - index * opened.length;
  }
  const own = childrenBelow(levels, height, index);
  return opened.findIndex((root, at) => root !== own[at]);
}

/**
 * The first element that is wrong. One that no encoding allows loses without more; of any other, the referee is given
 * what it takes to compute what it must be.
 */
export function nameWrongElement(facts: GameFacts): Ruling {
  return withTensor(facts, (tensor, type, { program }) => {
    const { position, notes, played, programs } = facts;
    const { node, index: leaf } = position;
    const data = leafOn(played);
    const found = wrongElement(facts, tensor, type);
    if (typeof found !== 'number') return found;
    const named = { type: 'prove', descriptor: descriptorOf(program, node), data, element: found, programs } as const;
    if (isForbidden(type.dtype, hexToBytes(data), found)) return { ...named, evidence: noEvidence, sources: [] };
    const element = firstElementOf(type, leaf) + found;
    if (notes.proof?.node === node && notes.proof.element === element)
      return { ...named, evidence: notes.proof.evidence, sources: notes.proof.sources };
    return { type: 'prepare', what: 'proof', node, element, path: pathInTrace(played)! };
  });
}

/** Its place in the opened leaf. */
function wrongElement(
  { position, notes, played }: GameFacts,
  { faultElement }: TensorNotes,
  type: TensorType,
): number | Ruling {
  const { node, index: leaf } = position;
  if (faultElement !== undefined) return faultElement - firstElementOf(type, leaf);
  if (notes.leaf?.node !== node || notes.leaf.leaf !== leaf) return { type: 'prepare', what: 'leaf', node, leaf };
  return firstDifferent(type.dtype, notes.leaf.data, hexToBytes(leafOn(played)));
}

/** The first listed leaf that differs: in the trace, which both sides have, another one stands at its place. */
export function pickWrongListedLeaf(facts: GameFacts): Ruling {
  return withTrace(facts, (trace) => {
    const listed = childrenOn(facts.played);
    const child = trace.leaves!.findIndex((leaf, at) => leaf !== listed[at]);
    if (child < 0) return undefined;
    const { node } = drawnLeaves(facts.position.second, leafCounts(trace.program))[child]!;
    const choice = { child, root: listed[child]!, siblings: siblingsAmong(listed, child) };
    return { type: 'pickNode', ...choice, ...shownNode(trace, node) };
  });
}

/** How an honest challenger plays. It has opened the game on what it has found wrong, and plays that to the end. */
export const honestChallenger: ChallengerRules = {
  mark: markOwnStates,
  chooseNodes: pickLeftmostDifference,
  chooseChunks: pickWrongLeaf,
  prove: nameWrongElement,
  chooseLeaf: pickWrongListedLeaf,
};

/** Levels that are left below the opened children. */
function levelsBelow({ position, played }: GameFacts): number {
  return position.height - Math.log2(childrenOn(played).length);
}

function withTrace({ position, notes }: GameFacts, then: (trace: TraceNotes) => Ruling): Ruling {
  const { first } = position;
  return notes.trace?.first === first ? then(notes.trace) : { type: 'prepare', what: 'trace', first };
}

function withTensor(
  facts: GameFacts,
  then: (tensor: TensorNotes, type: TensorType, trace: TraceNotes) => Ruling,
): Ruling {
  const { node } = facts.position;
  const { tensor } = facts.notes;
  return withTrace(facts, (trace) => {
    if (tensor?.node !== node) return { type: 'prepare', what: 'tensor', node };
    return then(tensor, trace.program.nodes[node]!.type, trace);
  });
}
