import { zeroHash } from 'viem';

import { tensorTree } from '../../engine/commit/subtrees.ts';
import { EMPTY } from '../../engine/commit/tree.ts';
import type { Hash } from '../../engine/commit/hash.ts';
import { elementCount, typedArray, type Tensor } from '../../engine/graph/types.ts';
import { payloadProgram, trainingProgram } from '../../engine/programs.ts';
import type { Game, Position } from '../../sdk/game.ts';
import type { PlayedGame, Turn } from '../../sdk/game-events.ts';
import type { GameFacts, TensorNotes, TraceNotes } from '../../workers/lib/game/facts.ts';
import { childrenBelow, levelsOfTrace } from '../../workers/lib/game/walk.ts';
import { tinyRecipe } from './recipes.ts';
import { ownerOf, rootOf } from './runs.ts';
import { pretendedPrograms } from './actors.ts';

const model = { width: 32, heads: 2, context: 16, vocabulary: 256 };
const recipe = tinyRecipe({ model: { ...model, depth: 1 } });

/** Nodes 0 to 5 and 8 to 13 of 16 places; the others are padding. Outputs are the last eight. */
export const program = payloadProgram(recipe);
/** Its tree is opened at once. */
export const HEIGHT = 4;
/** A node whose tensor [256, 32] of f32 has 32 leaves, and one whose tensor [96, 32] has 12 in a tree of 16. */
export const WIDE = 0;
export const UNEVEN = 1;

/** A program whose tree has eleven levels: six are opened at once, then five. */
export const tall = trainingProgram(tinyRecipe({ model: { ...model, depth: 2 } }));

/** A trace of words, with other ones in some places. */
export function aTrace(others: Readonly<Record<number, Hash>> = {}, changes: Partial<TraceNotes> = {}): TraceNotes {
  const of = changes.program ?? program;
  const nodes = of.nodes.map((node, place) => others[place] ?? (node === null ? EMPTY : rootOf(1_000 + place)));
  return { first: 0, program: of, nodes, faultAt: undefined, ...changes };
}

/** A node's result: counting numbers, with other ones in some places. */
export function aTensor(node: number, others: Readonly<Record<number, number>> = {}): Tensor {
  const { dtype, shape } = program.nodes[node]!.type;
  const data = typedArray(dtype, elementCount(shape)).map((_, i) => others[i] ?? i + 1);
  return { dtype, shape, data: data as Tensor['data'] };
}

export function tensorNotes(node: number, others: Readonly<Record<number, number>> = {}): TensorNotes {
  return { node, levels: tensorTree(aTensor(node, others)), faultElement: undefined };
}

/** What a claimant has opened at the top of its trace. */
export function openedTrace(trace: TraceNotes): readonly Hash[] {
  return childrenBelow(levelsOfTrace(trace), HEIGHT, 0);
}

export function aPosition(changes: Partial<Position> = {}): Position {
  return {
    subject: 'payload',
    stage: 'invoke',
    first: 0,
    end: 1,
    program: rootOf(1),
    start: rootOf(2),
    second: rootOf(3),
    finish: rootOf(4),
    marks: zeroHash,
    trace: zeroHash,
    places: program.nodes.length,
    subtree: zeroHash,
    height: 0,
    index: 0,
    node: 0,
    descriptor: zeroHash,
    ...changes,
  };
}

/** What a turn brought, beside the position after it. */
export type Brought = Partial<Pick<Turn, 'marks' | 'children' | 'leaf'>>;

export function aTurn(position: Position, brought: Brought = {}): Turn {
  const nothing = { marks: undefined, children: undefined, leaf: undefined };
  return { moves: 3, mover: ownerOf(1), position, block: 1n, transaction: rootOf(9), ...nothing, ...brought };
}

export function aPlayedGame(turns: readonly Turn[], marks: readonly Hash[] = []): PlayedGame {
  const opening = { id: 7n, subject: 'segment', segment: 0, marks, salt: rootOf(8) } as const;
  const sides = { challenger: ownerOf(2), claimant: ownerOf(1) };
  return { id: 7n, ...sides, opening, block: 1n, turns, end: undefined };
}

/** A game that was moved last at 1,000 s, with 100 s left for each side. */
export function aGame(changes: Partial<Game> = {}): Game {
  const clocks = { movedAt: 1_000, claimantLeft: 100, challengerLeft: 100 };
  return { position: rootOf(5), ...clocks, mover: 'claimant', moves: 3, escrow: 1n, ...changes };
}

export type GameChanges = Partial<GameFacts> & {
  readonly at?: Partial<Position>;
  readonly brought?: Brought;
  /** Turns before the last one. */
  readonly before?: readonly Turn[];
  readonly openedWith?: readonly Hash[];
};

/** A game in which it is the claimant's turn to give the trace; the claimant's facts by default. */
export function gameFacts({ at, brought, before = [], openedWith, ...changes }: GameChanges = {}): GameFacts {
  const position = aPosition(at);
  return {
    name: { id: 7n, challenger: ownerOf(2) },
    side: 'claimant',
    played: aPlayedGame([...before, aTurn(position, brought)], openedWith),
    position,
    game: aGame(),
    claim: 'frozen',
    now: 1_010,
    programs: pretendedPrograms,
    notes: { roots: new Map() },
    ...changes,
  };
}
