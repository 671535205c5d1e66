import type { Hex } from 'viem';

import { hasMember, type MemberSet } from '../../sdk/member-set.ts';
import type { Round } from '../../sdk/round.ts';
import { roundOfEpoch, type Run, type RunParameters } from '../../sdk/run.ts';

/** What every worker looks at before it decides: one block's view of the run, and what it holds itself. */
export type Progress = {
  readonly run: Run;
  /** The current round. */
  readonly round: Round;
  /** The last settled round that moved the state; undefined while the state is the genesis. */
  readonly moved: Round | undefined;
  readonly parameters: RunParameters;
  /** Roots of global states that this worker has recomputed and holds. */
  readonly verified: readonly Hex[];
  /** Seconds for which this worker has seen the step due that is due now. */
  readonly dueFor: number;
  /** Seconds that it leaves to others to `tick` first. */
  readonly tickAfter: number;
};

export type TickAction =
  | { readonly type: 'tick' }
  /** Show the chain the randomness that a sealed round waits for, once it is there. */
  | { readonly type: 'prove'; readonly ticket: bigint };

/** Recompute a global state from the one before it; from the recipe alone when there is none before it. */
export type VerifyAction = {
  readonly type: 'verify';
  readonly root: Hex;
  readonly from: { readonly round: number; readonly parent: Hex; readonly accepted: MemberSet } | undefined;
};

/** Moves the run when a step is due, or a proof is missing. Everyone may; that another was faster is not an error. */
export function tickWhenDue({ run, round, dueFor, tickAfter }: Progress): readonly TickAction[] {
  if (dueFor < tickAfter) return [];
  if (run.due !== 'none') return [{ type: 'tick' }];
  const isDrawn = round.beacon !== undefined || round.beaconLost;
  return round.ticket === 0n || isDrawn ? [] : [{ type: 'prove', ticket: round.ticket }];
}

/** Nobody builds on a state that it has not recomputed. */
export function verifyState({ run, moved, verified }: Progress): readonly VerifyAction[] {
  if (verified.includes(run.root)) return [];
  if (moved?.aggregate === undefined) return [{ type: 'verify', root: run.root, from: undefined }];
  const { number: round, parent, aggregate } = moved;
  return [{ type: 'verify', root: run.root, from: { round, parent, accepted: aggregate.accepted } }];
}

/** The leading aggregate in its challenge window, so that the next round starts from a verified state at once. */
export function verifyAggregate({ round, verified }: Progress): readonly VerifyAction[] {
  const { status, number, parent, aggregate } = round;
  if (status !== 'aggregated' || aggregate === undefined) return [];
  if (verified.includes(aggregate.nextRoot)) return [];
  return [{ type: 'verify', root: aggregate.nextRoot, from: { round: number, parent, accepted: aggregate.accepted } }];
}

/**
 * Whether a seat's local state in the round after `before` goes on from its work in `before`: when that was accepted and
 * not voided, and both rounds are in one epoch. Otherwise it starts from the recipe's zero.
 */
export function chainsOn(before: Round, seat: number, parameters: Pick<RunParameters, 'epochRounds'>): boolean {
  if (roundOfEpoch(before.number + 1, parameters) === 0 || before.status !== 'settled') return false;
  const duty = before.duties.find((candidate) => candidate.seat === seat);
  if (duty === undefined || duty.status === 'voided' || before.aggregate === undefined) return false;
  return hasMember(before.aggregate.accepted, duty.index);
}
