import type { Hex } from 'viem';

import { without, type MemberSet } from '../../sdk/member-set.ts';
import { enlist, type EnlistAction, type StakeLimits, type Standing } from '../lib/enlist.ts';
import { tickWhenDue, verifyState, type Progress, type TickAction, type VerifyAction } from '../lib/progress.ts';

/** The outer step of a round. */
export type Computed = {
  readonly round: number;
  /** Whose payloads it takes. */
  readonly candidates: MemberSet;
  /** Undefined when they could not all be got. */
  readonly nextRoot: Hex | undefined;
};

export type AggregatorFacts = Progress & {
  readonly standing: Standing;
  readonly limits: StakeLimits;
  readonly computed: Computed | undefined;
  /** Roots that this aggregator has claimed in this round. */
  readonly claimed: readonly Hex[];
  /** Of the aggregator's own claims: final, and their bonds still locked. */
  readonly releasable: readonly bigint[];
};

export type AggregatorAction =
  | TickAction
  | VerifyAction
  | EnlistAction
  /** Get and verify the payloads of the candidates, and apply them to the parent; keep the result. */
  | { readonly type: 'aggregate'; readonly round: number; readonly parent: Hex; readonly candidates: MemberSet }
  | { readonly type: 'claim'; readonly round: number; readonly accepted: MemberSet; readonly nextRoot: Hex }
  | { readonly type: 'release'; readonly claimId: bigint };

/** Pure. */
export function decide(facts: AggregatorFacts): readonly AggregatorAction[] {
  return [
    ...tickWhenDue(facts),
    ...facts.releasable.map((claimId) => ({ type: 'release', claimId }) as const),
    ...enlistAggregator(facts),
    ...verifyState(facts),
    ...aggregate(facts),
  ];
}

/** An aggregator needs no seat, only a bond. */
function enlistAggregator({ standing, parameters, limits }: AggregatorFacts): readonly EnlistAction[] {
  const workingBond = parameters.aggregateBond;
  return enlist(standing, { role: undefined, joiningPrice: 0n, joiningBond: 0n, workingBond }, limits);
}

/**
 * Once the audit is closed and no aggregate stands: compute, then claim. A root is claimed once; one that was challenged
 * is not claimed again by the same aggregator.
 */
function aggregate(facts: AggregatorFacts): readonly AggregatorAction[] {
  const { run, round, verified, computed, claimed } = facts;
  if (round.status !== 'audited' || (round.aggregateDeadline ?? Infinity) <= run.time) return [];
  const candidates = candidatesOf(facts);
  if (candidates === 0n || !verified.includes(round.parent)) return [];
  const { number, parent } = round;
  if (computed?.round !== number || !isComplete(computed, candidates)) {
    return [{ type: 'aggregate', round: number, parent, candidates }];
  }
  const { nextRoot } = computed;
  if (nextRoot === undefined || claimed.includes(nextRoot)) return [];
  return [{ type: 'claim', round: number, accepted: candidates, nextRoot }];
}

/** Computed from what are the candidates now; until all of their payloads are there, it is tried again. */
function isComplete(computed: Computed, candidates: MemberSet): boolean {
  return computed.candidates === candidates && computed.nextRoot !== undefined;
}

/** Whom the aggregate must accept: the available members that stand. */
export function candidatesOf({ round }: Pick<AggregatorFacts, 'round'>): MemberSet {
  return without(round.availability.available, round.challenged);
}
