import type { Address, Hex } from 'viem';

import { hasMember, memberSet, type MemberSet } from '../../sdk/member-set.ts';
import type { Duty } from '../../sdk/round.ts';
import { verdictParts, type Verdict } from '../../sdk/verdicts.ts';
import { enlist, type EnlistAction, type StakeLimits, type Standing } from '../lib/enlist.ts';
import type { Accusation } from '../lib/game/accusation.ts';
import type { ReleaseAction } from '../lib/hand.ts';
import { tickWhenDue, verifyState, type Progress, type TickAction } from '../lib/progress.ts';
import type { Absence, DenounceAction } from '../lib/service.ts';
import type { Collectable } from './earnings.ts';
import { receive, servedBy, type ReceptionAction, type ReceptionFacts } from '../lib/reception.ts';
import {
  accuseValidators,
  dutiesFor,
  isReadyToReport,
  ownVerdicts,
  reveal,
  sealWhenJudged,
  type VerdictAction,
  type VerdictFacts,
} from './verdicts.ts';

/** What re-execution of a claim gave. `missing`: what it takes was not published, or not what was committed. */
export type Outcome = 'match' | 'differs' | 'missing';

/** The drawn segment's last step as this validator computed it; fields as in IVerdicts.Verdict. */
export type Found = Pick<Verdict, 'segment' | 'before' | 'trace'> & {
  /** What each validator that is known has to say of its leaves, by its address. */
  readonly leaves: ReadonlyMap<Address, Hex>;
};

export type Judgement = {
  readonly claimId: bigint;
  readonly outcome: Outcome;
  /** What to challenge, of a claim that differs. */
  readonly wrong?: Pick<Accusation, 'subject' | 'segment'>;
  /** Of a miner's claim whose drawn segment was found right. */
  readonly found?: Found;
};

export type ValidatorFacts = Progress &
  ReceptionFacts &
  VerdictFacts &
  Collectable & {
    readonly standing: Standing;
    readonly limits: StakeLimits;
    /** What this validator has found of claims of the current round, aggregates included; the latest for each. */
    readonly judgements: readonly Judgement[];
    /** Claims that it has brought to the game already. */
    readonly accused: readonly bigint[];
    /** Claims of drawn miners that have not served, and not paid for it yet. */
    readonly unserved: readonly bigint[];
    /** Other validators that were absent in this round, as far as this one has not said so yet. */
    readonly absent: readonly Absence[];
    /**
     * Seconds after the beacon from which on a miner that has not served counts as not serving: at most a sixth of the audit
     * window, so that there is time to seal.
     */
    readonly patience: number;
  };

export type ValidatorAction =
  | TickAction
  | EnlistAction
  | ReleaseAction
  | VerdictAction
  | ReceptionAction
  | DenounceAction
  | ReturnType<typeof verifyState>[number]
  /** Re-execute these segments of a claim, and keep what was found. */
  | { readonly type: 'audit'; readonly round: number; readonly duty: Duty; readonly segments: readonly number[] }
  /** Recompute a standing aggregate, and keep what was found. */
  | {
      readonly type: 'auditAggregate';
      readonly round: number;
      readonly claimId: bigint;
      readonly parent: Hex;
      readonly accepted: MemberSet;
      readonly nextRoot: Hex;
    }
  /** Take the pay of its own verdicts. */
  | { readonly type: 'claimVerdictShares'; readonly claimIds: readonly bigint[] }
  /** Bring a wrong claim to the game. */
  | { readonly type: 'accuse'; readonly accusation: Accusation }
  | { readonly type: 'report'; readonly round: number; readonly audited: MemberSet };

/** Pure. Challenges and verdicts come before the report that closes the audit, and a round's failures before its end. */
export function decide(facts: ValidatorFacts): readonly ValidatorAction[] {
  return [
    ...facts.unserved.map((claimId) => ({ type: 'reportUnserved', claimId }) as const),
    ...facts.absent.map((absence) => ({ type: 'reportAbsent', ...absence }) as const),
    ...tickWhenDue(facts),
    ...collect(facts),
    ...accuse(facts),
    ...enlistValidator(facts),
    ...receive(facts),
    ...verifyState(facts),
    ...audit(facts),
    ...giveVerdicts(facts),
    ...auditAggregates(facts),
    ...report(facts),
  ];
}

/** Takes what is earned, and frees the bonds of what is final. */
function collect({ claimable, releasable }: ValidatorFacts): readonly ValidatorAction[] {
  return [
    ...(claimable.length === 0 ? [] : [{ type: 'claimVerdictShares', claimIds: claimable } as const]),
    ...releasable.map((claimId) => ({ type: 'release', claimId }) as const),
  ];
}

/** Working takes a bond for a challenge, and one for each verdict that is still to be revealed. */
function enlistValidator(facts: ValidatorFacts): readonly EnlistAction[] {
  const { standing, run, parameters, limits } = facts;
  const { dutyDeposit: joiningBond, challengeBond } = parameters;
  const verdicts = canReport(facts) ? ownDuties(facts).length - ownVerdicts(facts).length : 0;
  const workingBond = challengeBond * BigInt(1 + verdicts);
  return enlist(standing, { role: 'validator', joiningPrice: run.joiningPrice, joiningBond, workingBond }, limits);
}

/** Drawn claims that this validator has to judge. */
function ownDuties(facts: ValidatorFacts): readonly Duty[] {
  return verdictParts.flatMap((part) => dutiesFor(facts, part));
}

/** Re-executes what is drawn, and looks again for what was missing, as long as it can still report. */
function audit(facts: ValidatorFacts): readonly ValidatorAction[] {
  const { round } = facts;
  if (!canReport(facts)) return [];
  return ownDuties(facts)
    .filter((duty) => canBeRight(duty) && (outcomeOf(facts, duty.claimId) ?? 'missing') === 'missing')
    .map((duty) => {
      const segments = [...new Set([duty.segment, duty.segments - 1])];
      return { type: 'audit', round: round.number, duty, segments };
    });
}

/** What differs is brought to the game, once: miners' claims, aggregates, and what other validators say. */
function accuse(facts: ValidatorFacts): readonly ValidatorAction[] {
  const own = facts.judgements.flatMap(({ claimId, wrong }) => (wrong === undefined ? [] : [{ claimId, ...wrong }]));
  return [...own, ...accuseValidators(facts)]
    .filter(({ claimId }) => !facts.accused.includes(claimId))
    .map((accusation) => ({ type: 'accuse', accusation }));
}

/** All that stand. A payload that is missing now may come: it is looked for until the window closes. */
function auditAggregates(facts: ValidatorFacts): readonly ValidatorAction[] {
  const { number: round, parent, aggregates, status } = facts.round;
  if (status !== 'aggregated') return [];
  return aggregates
    .filter(({ claimId, stands }) => stands && (outcomeOf(facts, claimId) ?? 'missing') === 'missing')
    .map(({ claimId, accepted, nextRoot }) => {
      return { type: 'auditAggregate', round, claimId, parent, accepted, nextRoot };
    });
}

/** Seals what was found once every claim of its own is judged, and reveals it as soon as that is allowed. */
function giveVerdicts(facts: ValidatorFacts): readonly ValidatorAction[] {
  if (!canReport(facts)) return [];
  const judged = ownDuties(facts).every((duty) => !isAwaited(facts, duty, outcomeOf(facts, duty.claimId)));
  return [...sealWhenJudged(facts, judged), ...reveal(facts, facts.parameters.challengeBond)];
}

/** Once every claim of its own is judged and all verdicts are revealed: those that were served, whatever the outcome, count as audited. */
function report(facts: ValidatorFacts): readonly ValidatorAction[] {
  const { round } = facts;
  if (!canReport(facts) || !isReadyToReport(facts, facts.parameters.challengeBond)) return [];
  if (ownDuties(facts).length === 0 && !isNobodyOnDuty(facts)) return [];
  const judged = ownDuties(facts).map((duty) => ({ duty, outcome: outcomeOf(facts, duty.claimId) }));
  if (judged.some(({ duty, outcome }) => isUnsettled(facts, duty, outcome))) return [];
  const audited = judged.filter(({ outcome }) => outcome === 'match' || outcome === 'differs');
  return [{ type: 'report', round: round.number, audited: memberSet(audited.map(({ duty }) => duty.index)) }];
}

/** Then any active validator says so, once. */
function isNobodyOnDuty({ round }: ValidatorFacts): boolean {
  return round.reported === 0n && round.duties.every(({ drawn }) => !drawn);
}

/** Also while it is challenged: who says so may be wrong, and then a verdict was owed. */
function canBeRight({ status }: Duty): boolean {
  return status === 'standing' || status === 'frozen';
}

/** Not judged yet, or missing while there is patience left. */
function isAwaited(facts: ValidatorFacts, duty: Duty, outcome: Outcome | undefined): boolean {
  if (!canBeRight(duty)) return false;
  return outcome === undefined || (outcome === 'missing' && facts.run.time < servedBy(facts));
}

/** Not judged yet, or to be challenged first. */
function isUnsettled(facts: ValidatorFacts, duty: Duty, outcome: Outcome | undefined): boolean {
  return isAwaited(facts, duty, outcome) || (duty.status === 'standing' && outcome === 'differs');
}

/** An active validator, while the audit is open, that has not reported. */
function canReport({ run, round, standing: { seat } }: ValidatorFacts): boolean {
  if (round.status !== 'sealed' || (round.beacon === undefined && !round.beaconLost)) return false;
  if (round.auditDeadline === undefined || run.time >= round.auditDeadline) return false;
  if (seat === undefined || seat.role !== 'validator' || !hasMember(run.activeValidators, seat.index)) return false;
  return !hasMember(round.reported, seat.index);
}

function outcomeOf({ judgements }: ValidatorFacts, claimId: bigint): Outcome | undefined {
  return judgements.find((judgement) => judgement.claimId === claimId)?.outcome;
}
