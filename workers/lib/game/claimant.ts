import { zeroHash } from 'viem';

import { siblingsOf } from '../../../engine/commit/subtrees.ts';
import { descriptorOf } from '../../../engine/evidence.ts';
import { partsOf, type Stage } from '../../../sdk/game.ts';
import type { TraceOpening } from '../../../sdk/game-moves.ts';
import type { GameFacts, Rule, Ruling, TensorNotes, TraceNotes } from './facts.ts';
import { traceOpening } from './trace-opening.ts';
import { childrenBelow, levelsOfTrace, marksOn, toHex } from './walk.ts';

/** In these stages the claimant is to move. */
export type ClaimantStage = Extract<
  Stage,
  'start' | 'marks' | 'invoke' | 'nodes' | 'tensor' | 'chunks' | 'leaf' | 'drawn'
>;
export type ClaimantRules = { readonly [stage in ClaimantStage]: Rule };

/**
 * The start of a round follows from the claim before it, or from nothing: who claimed it can show it, and then nothing is
 * left to dispute.
 */
export function showTheStart({ notes, programs }: GameFacts): Ruling {
  if (notes.start === undefined) return { type: 'prepare', what: 'start' };
  return { type: 'answerStart', ...notes.start, programs };
}

/**
 * The first part whose end differs is where the challenger went wrong: its start is a state that both have, so an honest
 * trace of it holds nothing that the referee would find wrong. Where all marks agree, the difference is in the last
 * part, whose end the claim has fixed.
 */
export function takeFirstContestedPart(facts: GameFacts): Ruling {
  const { position, notes, played } = facts;
  const marks = marksOn(played);
  const parts = partsOf(position.first, position.end);
  const ends = parts.slice(0, -1).map(({ end }) => end);
  if (ends.some((step) => !notes.roots.has(step))) return { type: 'prepare', what: 'roots', steps: ends };
  const contested = ends.findIndex((step, part) => notes.roots.get(step) !== marks[part]);
  const part = contested < 0 ? parts.length - 1 : contested;
  const finish = contested < 0 ? position.finish : notes.roots.get(ends[contested]!)!;
  const { first, end } = parts[part]!;
  const answer = { type: 'answerMarks', marks, part, finish } as const;
  if (end - first > 1) return { ...answer, trace: noTrace };
  return withTrace(facts, first, (trace) => ({ ...answer, trace: traceOpening(trace, position.subject) }));
}

/** A trace binds from now on; an honest one is right in every element, so it is given whole-heartedly and at once. */
export function traceOwn(facts: GameFacts): Ruling {
  const { first, subject } = facts.position;
  return withTrace(facts, first, (trace) => ({ type: 'answerTrace', trace: traceOpening(trace, subject) }));
}

/** What is opened is what was committed: there is nothing to choose, and silence loses. */
export function splitTheTrace(facts: GameFacts): Ruling {
  const { first, height, index } = facts.position;
  return withTrace(facts, first, (trace) => {
    return { type: 'split', children: childrenBelow(levelsOfTrace(trace), height, index) };
  });
}

/** Type and shape follow from the descriptor, so only the tree is shown. */
export function openTheTensor(facts: GameFacts): Ruling {
  return withTensor(facts, ({ program }, { node, levels }) => {
    const height = levels.length - 1;
    const tree = levels[height]![0]!;
    const children = childrenBelow(levels, height, 0);
    return { type: 'openTensor', descriptor: descriptorOf(program, node), tree, children };
  });
}

/** As in the trace, further down. */
export function splitTheTensor(facts: GameFacts): Ruling {
  const { height, index } = facts.position;
  return withTensor(facts, (_, { levels }) => ({ type: 'split', children: childrenBelow(levels, height, index) }));
}

/** The last thing to show: the challenger has to name an element of it that the referee finds wrong, and cannot. */
export function openTheLeaf(facts: GameFacts): Ruling {
  const { first, node, index: leaf } = facts.position;
  const known = facts.notes.leaf;
  return withTrace(facts, first, ({ program }) => {
    if (known?.node !== node || known.leaf !== leaf) return { type: 'prepare', what: 'leaf', node, leaf };
    return { type: 'openLeaf', descriptor: descriptorOf(program, node), data: toHex(known.data) };
  });
}

/** Of a right list every leaf can be shown in the trace, and then nothing is left to dispute. */
export function openTheDrawnLeaf(facts: GameFacts): Ruling {
  const { node, index, subtree } = facts.position;
  return withTensor(facts, (trace, { levels }) => {
    if (levels[0]![index] !== subtree) return undefined;
    const leafProof = siblingsOf(levels, 0, index);
    const nodeProof = siblingsOf(levelsOfTrace(trace), 0, node);
    return { type: 'openDrawn', descriptor: descriptorOf(trace.program, node), leafProof, nodeProof };
  });
}

/** How an honest claimant plays: with what it computes from the agreed start, whatever it is asked. */
export const honestClaimant: ClaimantRules = {
  start: showTheStart,
  marks: takeFirstContestedPart,
  invoke: traceOwn,
  nodes: splitTheTrace,
  tensor: openTheTensor,
  chunks: splitTheTensor,
  leaf: openTheLeaf,
  drawn: openTheDrawnLeaf,
};

function withTrace({ notes }: GameFacts, first: number, then: (trace: TraceNotes) => Ruling): Ruling {
  return notes.trace?.first === first ? then(notes.trace) : { type: 'prepare', what: 'trace', first };
}

function withTensor(facts: GameFacts, then: (trace: TraceNotes, tensor: TensorNotes) => Ruling): Ruling {
  const { first, node } = facts.position;
  const { tensor } = facts.notes;
  return withTrace(facts, first, (trace) => {
    return tensor?.node === node ? then(trace, tensor) : { type: 'prepare', what: 'tensor', node };
  });
}

/** For a part of several steps. */
const noTrace: TraceOpening = {
  root: zeroHash,
  nodes: 0,
  outputStart: 0,
  constants: 0,
  inputs: 0,
  headerProof: [],
  outputProof: [],
  children: [],
};
