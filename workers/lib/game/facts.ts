import type { Hash } from '../../../engine/commit/hash.ts';
import type { Program } from '../../../engine/graph/program.ts';
import type { ClaimStatus } from '../../../sdk/claims.ts';
import type { Game, GameName, Position, RunPrograms, Side } from '../../../sdk/game.ts';
import type { PlayedGame } from '../../../sdk/game-events.ts';
import type { Evidence, Move, Source } from '../../../sdk/game-moves.ts';
import type { Commitment } from '../../../sdk/round.ts';

/** The trace of one invocation as this side has it. */
export type TraceNotes = {
  /** The inner step; 0 outside training. */
  readonly first: number;
  readonly program: Program;
  /** Tensor roots by place; EMPTY for padding, and from `faultAt` on. */
  readonly nodes: readonly Hash[];
  /** The first node that has no result; those after it mean nothing. */
  readonly faultAt: number | undefined;
  /** In a dispute about a verdict's leaves: their hashes, in the order of the draws. */
  readonly leaves?: readonly Hash[];
};

/** The tree of one node's tensor. */
export type TensorNotes = {
  readonly node: number;
  /** Of its tree, bottom up: leaves padded to a power of two first, the root last. Empty where the node has no result. */
  readonly levels: readonly (readonly Hash[])[];
  /** Where the node has no result: the first element, row-major, that has none. */
  readonly faultElement: number | undefined;
};

/** One leaf of a node's tensor: the bytes that are committed. */
export type LeafNotes = { readonly node: number; readonly leaf: number; readonly data: Uint8Array };

/** What the referee needs to recompute one element, row-major in its tensor. */
export type ProofNotes = {
  readonly node: number;
  readonly element: number;
  readonly evidence: Evidence;
  readonly sources: readonly Source[];
};

/** The state in which a round starts, as the rules give it. */
export type StartNotes = {
  readonly commitment: Commitment;
  readonly first: Hash;
  readonly rest: Hash;
  readonly before: Commitment;
  readonly beforeParameters: Hash;
};

/** What one side has worked out so far for one game: answers to its needs. */
export type Notes = {
  /** State roots after that many inner steps of the round. */
  readonly roots: ReadonlyMap<number, Hash>;
  readonly trace?: TraceNotes;
  readonly tensor?: TensorNotes;
  readonly leaf?: LeafNotes;
  readonly proof?: ProofNotes;
  readonly start?: StartNotes;
};

/** What a rule lacks to make its move: long work, and nothing that anyone else sees. */
export type Need = { readonly type: 'prepare' } & Wanted;
export type Wanted =
  | { readonly what: 'start' }
  /** State roots after that many inner steps of the round, all within the span from `first`. */
  | { readonly what: 'roots'; readonly steps: readonly number[] }
  /** The trace of the invocation at an inner step; 0 outside training. */
  | { readonly what: 'trace'; readonly first: number }
  /** The tree of a node's tensor, in the trace that is noted. */
  | { readonly what: 'tensor'; readonly node: number }
  | { readonly what: 'leaf'; readonly node: number; readonly leaf: number }
  /** What the referee needs for an element of a node, whose path in the claimant's trace is given. */
  | { readonly what: 'proof'; readonly node: number; readonly element: number; readonly path: Path };

/** Where a node lies in the other side's trace: its tensor root there, and the siblings up to the trace root. */
export type Path = { readonly root: Hash; readonly siblings: readonly Hash[] };

/** All that is looked at to decide on the next move of one game. */
export type GameFacts = {
  readonly name: GameName;
  /** Which side this worker plays. */
  readonly side: Side;
  readonly played: PlayedGame;
  /** Where the game stands: the position of its last move. */
  readonly position: Position;
  readonly game: Game;
  readonly claim: ClaimStatus;
  /** Of the latest block, in seconds. */
  readonly now: number;
  readonly programs: RunPrograms;
  readonly notes: Notes;
  /** Something could not be worked out: it is too early to try again. */
  readonly stuck?: boolean;
};

/** What a rule comes to: a move, something to work out first, or nothing that would help. */
export type Ruling = Move | Need | undefined;

/** Decides on the move of one stage. Pure. */
export type Rule = (facts: GameFacts) => Ruling;
