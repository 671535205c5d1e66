import { isAddressEqual, type Hex } from 'viem';

import { hasMember, memberSet, type MemberSet } from '../../sdk/member-set.ts';
import type { Duty } from '../../sdk/round.ts';
import { enlist, type EnlistAction, type StakeLimits, type Standing } from '../lib/enlist.ts';
import { tickWhenDue, verifyState, type Progress, type TickAction } from '../lib/progress.ts';

/** What re-execution of a claim gave. `missing`: what it takes was not published, or not what was committed. */
export type Outcome = 'match' | 'differs' | 'missing';

export type Verdict = { readonly claimId: bigint; readonly outcome: Outcome };

export type ValidatorFacts = Progress & {
  readonly standing: Standing;
  readonly limits: StakeLimits;
  /** This validator's own verdicts on claims of the current round, aggregates included; the latest for each. */
  readonly verdicts: readonly Verdict[];
  /** The hash of what the latest aggregate claims; undefined while there is none. */
  readonly aggregateWord: Hex | undefined;
  /** Seconds after the beacon from which on a miner that has not served counts as not serving. */
  readonly patience: number;
};

export type ValidatorAction =
  | TickAction
  | EnlistAction
  | ReturnType<typeof verifyState>[number]
  /** Re-execute these segments of a claim, and keep the verdict. */
  | { readonly type: 'audit'; readonly round: number; readonly duty: Duty; readonly segments: readonly number[] }
  /** Recompute the standing aggregate, and keep the verdict. */
  | {
      readonly type: 'auditAggregate';
      readonly round: number;
      readonly claimId: bigint;
      readonly parent: Hex;
      readonly accepted: MemberSet;
      readonly nextRoot: Hex;
    }
  | { readonly type: 'challenge'; readonly claimId: bigint; readonly word: Hex }
  | { readonly type: 'report'; readonly round: number; readonly audited: MemberSet };

/** Pure. Challenges come before the report that closes the audit. */
export function decide(facts: ValidatorFacts): readonly ValidatorAction[] {
  return [
    ...tickWhenDue(facts),
    ...challengeMiners(facts),
    ...challengeAggregate(facts),
    ...enlistValidator(facts),
    ...verifyState(facts),
    ...audit(facts),
    ...auditAggregate(facts),
    ...report(facts),
  ];
}

function enlistValidator({ standing, run, parameters, limits }: ValidatorFacts): readonly EnlistAction[] {
  const { validatorBond: joiningBond, challengeBond: workingBond } = parameters;
  return enlist(standing, { role: 'validator', joiningPrice: run.joiningPrice, joiningBond, workingBond }, limits);
}

/** Drawn claims that this validator has to judge: all but its owner's own. */
function drawn({ round, standing }: ValidatorFacts): readonly Duty[] {
  return round.duties.filter((duty) => duty.drawn && !isAddressEqual(duty.owner, standing.stake.owner));
}

/** Re-executes what is drawn, and looks again for what was missing, as long as it can still report. */
function audit(facts: ValidatorFacts): readonly ValidatorAction[] {
  const { round, parameters } = facts;
  if (!canReport(facts)) return [];
  return drawn(facts)
    .filter((duty) => duty.status === 'standing' && (outcomeOf(facts, duty.claimId) ?? 'missing') === 'missing')
    .map((duty) => {
      const segments = [...new Set([duty.segment, parameters.segments - 1])];
      return { type: 'audit', round: round.number, duty, segments };
    });
}

/** A difference is challenged once: a claim that is frozen already needs no second challenge. */
function challengeMiners(facts: ValidatorFacts): readonly ValidatorAction[] {
  return facts.round.duties
    .filter((duty) => duty.status === 'standing' && outcomeOf(facts, duty.claimId) === 'differs')
    .map(({ claimId, word }) => ({ type: 'challenge', claimId, word }));
}

/** A payload that is missing now may come: it is looked for until the window closes. */
function auditAggregate(facts: ValidatorFacts): readonly ValidatorAction[] {
  const { number: round, parent, aggregate, status } = facts.round;
  if (status !== 'aggregated' || aggregate === undefined || !aggregate.stands) return [];
  if ((outcomeOf(facts, aggregate.claimId) ?? 'missing') !== 'missing') return [];
  const { claimId, accepted, nextRoot } = aggregate;
  return [{ type: 'auditAggregate', round, claimId, parent, accepted, nextRoot }];
}

function challengeAggregate(facts: ValidatorFacts): readonly ValidatorAction[] {
  const { round, aggregateWord: word } = facts;
  const { aggregate, status } = round;
  if (status !== 'aggregated' || aggregate === undefined || !aggregate.stands || word === undefined) return [];
  if (outcomeOf(facts, aggregate.claimId) !== 'differs') return [];
  return [{ type: 'challenge', claimId: aggregate.claimId, word }];
}

/** Once every drawn claim is judged: those that were served, whatever the outcome, count as audited. */
function report(facts: ValidatorFacts): readonly ValidatorAction[] {
  const { round } = facts;
  if (!canReport(facts)) return [];
  const judged = drawn(facts).map((duty) => ({ duty, outcome: outcomeOf(facts, duty.claimId) }));
  if (judged.some(({ duty, outcome }) => isUnsettled(facts, duty, outcome))) return [];
  const audited = judged.filter(({ outcome }) => outcome === 'match' || outcome === 'differs');
  return [{ type: 'report', round: round.number, audited: memberSet(audited.map(({ duty }) => duty.index)) }];
}

/** Not judged yet, or to be challenged first, or missing while there is patience left. */
function isUnsettled(facts: ValidatorFacts, duty: Duty, outcome: Outcome | undefined): boolean {
  if (duty.status !== 'standing') return false;
  if (outcome === undefined || outcome === 'differs') return true;
  return outcome === 'missing' && facts.run.time < servedBy(facts);
}

/** The beacon is drawn one audit window before the audit's deadline. */
function servedBy({ round, parameters, patience }: ValidatorFacts): number {
  return (round.auditDeadline ?? Infinity) - parameters.auditWindow + patience;
}

/** An active validator, while the audit is open, that has not reported. */
function canReport({ run, round, standing: { seat } }: ValidatorFacts): boolean {
  if (round.status !== 'sealed' || (round.beacon === undefined && !round.beaconLost)) return false;
  if (round.auditDeadline === undefined || run.time >= round.auditDeadline) return false;
  if (seat === undefined || seat.role !== 'validator' || !hasMember(run.activeValidators, seat.index)) return false;
  return !hasMember(round.reported, seat.index);
}

function outcomeOf({ verdicts }: ValidatorFacts, claimId: bigint): Outcome | undefined {
  return verdicts.find((verdict) => verdict.claimId === claimId)?.outcome;
}
