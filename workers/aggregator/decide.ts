import type { Hex } from 'viem';

import { without, type MemberSet } from '../../sdk/member-set.ts';
import { MAX_AGGREGATES } from '../../sdk/round.ts';
import { enlist, type EnlistAction, type StakeLimits, type Standing } from '../lib/enlist.ts';
import { tickWhenDue, verifyState, type Progress, type TickAction, type VerifyAction } from '../lib/progress.ts';

/** The outer step of a round. */
export type Computed = {
  readonly round: number;
  /** Whose payloads it takes. */
  readonly candidates: MemberSet;
  readonly nextRoot: Hex;
};

export type AggregatorFacts = Progress & {
  readonly standing: Standing;
  readonly limits: StakeLimits;
  /** Of this round; one for each set of members. */
  readonly computed: readonly Computed[];
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
 * Once the audit is closed and no right aggregate stands: compute, then claim, also beside a wrong one. A root is claimed
 * once; one that was challenged is not claimed again by the same aggregator.
 */
function aggregate(facts: AggregatorFacts): readonly AggregatorAction[] {
  const { run, round, verified, claimed } = facts;
  const isAudited = round.status === 'audited' || round.status === 'aggregated';
  if (!isAudited || (round.aggregateDeadline ?? Infinity) <= run.time || !verified.includes(round.parent)) return [];
  // Those that stand have the members that were due when they were claimed.
  for (const { stands, accepted, nextRoot } of round.aggregates) {
    if (!stands) continue;
    const own = resultOf(facts, accepted);
    if (own === undefined) return [compute(facts, accepted)];
    if (own === nextRoot) return [];
  }
  const candidates = candidatesOf(facts);
  if (candidates === 0n || round.aggregates.length === MAX_AGGREGATES) return [];
  const nextRoot = resultOf(facts, candidates);
  if (nextRoot === undefined) return [compute(facts, candidates)];
  return claimed.includes(nextRoot) ? [] : [{ type: 'claim', round: round.number, accepted: candidates, nextRoot }];
}

function compute({ round: { number: round, parent } }: AggregatorFacts, candidates: MemberSet): AggregatorAction {
  return { type: 'aggregate', round, parent, candidates };
}

/** Undefined until all of their payloads are there: then it is tried again. */
function resultOf({ computed, round }: AggregatorFacts, members: MemberSet): Hex | undefined {
  return computed.find((one) => one.round === round.number && one.candidates === members)?.nextRoot;
}

/** Whom the aggregate must accept: the available members that stand. */
export function candidatesOf({ round }: Pick<AggregatorFacts, 'round'>): MemberSet {
  return without(round.availability.available, round.challenged);
}
