import type { Hash } from '../../../engine/commit/hash.ts';
import type { Tensor } from '../../../engine/graph/types.ts';
import type { Position } from '../../../sdk/game.ts';
import type { Path, ProofNotes, StartNotes, TraceNotes } from './facts.ts';

/** One invocation, as a side stands by it or holds against it. */
export type Testimony = {
  readonly notes: TraceNotes;
  /** The result of a node; undefined where it has none. */
  tensor(node: number): Promise<Tensor | undefined>;
  /** The first element, row-major, of a node that has no result. */
  faultElement(node: number): Promise<number>;
  proof(node: number, element: number, path: Path): Promise<Pick<ProofNotes, 'evidence' | 'sources'>>;
};

/**
 * What one side knows about one disputed claim, computed when it is asked for. The rules turn its answers into moves; a
 * witness that is not honest answers otherwise.
 */
export type Witness = {
  /** What shows the state in which the round starts. @throws START_UNSHOWABLE when it is not one of the right ones */
  start(signal: AbortSignal): Promise<StartNotes>;
  /** State roots after that many inner steps of the round; ascending. */
  roots(steps: readonly number[], signal: AbortSignal): Promise<ReadonlyMap<number, Hash>>;
  /** The invocation of a subject that starts at the inner step `first`; 0 outside training. */
  testify(position: Pick<Position, 'subject'>, first: number, signal: AbortSignal): Promise<Testimony>;
};
