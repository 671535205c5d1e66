import type { Hex } from 'viem';

import type { ClaimStatus } from '../../sdk/claims.ts';
import { hasMember } from '../../sdk/member-set.ts';
import type { Duty } from '../../sdk/round.ts';
import type { PayStatus } from '../../sdk/shares.ts';
import { enlist, type EnlistAction, type StakeLimits, type Standing } from '../lib/enlist.ts';
import { tickWhenDue, verifyAggregate, verifyState, type TickAction, type VerifyAction } from '../lib/progress.ts';
import { receive, type ReceptionAction, type ReceptionFacts } from '../lib/reception.ts';
import type { Extent } from './training.ts';

/** A round whose training is finished and saved in the checkpoint. */
export type Trained = {
  readonly round: number;
  readonly parent: Hex;
  readonly lineage: readonly number[];
  readonly segments: number;
};

/** Work of an earlier round that is not paid or not released yet. */
export type EarlierWork = {
  readonly round: number;
  readonly claimId: bigint;
  readonly pay: PayStatus;
  readonly claim: ClaimStatus;
  readonly released: boolean;
};

export type MinerFacts = ReceptionFacts & {
  readonly standing: Standing;
  readonly limits: StakeLimits;
  /**
   * Rounds of this epoch, ascending, on whose local state the current round builds (see `chainsOn`); empty when it starts
   * from zero.
   */
  readonly lineage: readonly number[];
  readonly trained: Trained | undefined;
  /** The round that was played last without committing. */
  readonly ghost: number | undefined;
  /** The part of the commit window in which a round is trained. */
  readonly trainingShare: number;
  /** What this process has put in the blob store for the current round. */
  readonly published: { readonly payload: boolean; readonly onChain: boolean; readonly segments: readonly number[] };
  readonly earlier: readonly EarlierWork[];
};

export type MinerAction =
  | TickAction
  | VerifyAction
  | EnlistAction
  | ReceptionAction
  /** Train the round from `parent`, after those rounds of the lineage that the checkpoint does not cover. */
  | {
      readonly type: 'train';
      readonly round: number;
      readonly parent: Hex;
      readonly lineage: readonly number[];
      readonly extent: Extent;
    }
  /** Play the round without committing. */
  | { readonly type: 'playGhost'; readonly round: number; readonly parent: Hex }
  | { readonly type: 'commit'; readonly round: number }
  | { readonly type: 'publishPayload'; readonly round: number }
  /** Publish the payload on chain, since the committee has not received it. */
  | { readonly type: 'publishOnChain'; readonly round: number }
  /** Publish the states in which these segments start. */
  | { readonly type: 'publishSegments'; readonly round: number; readonly segments: readonly number[] }
  | { readonly type: 'claimShares'; readonly seat: number; readonly rounds: readonly number[] }
  | { readonly type: 'release'; readonly claimId: bigint };

/** Pure. Short actions come first and training last; what depends on an action is decided when its effect is read. */
export function decide(facts: MinerFacts): readonly MinerAction[] {
  return [
    ...tickWhenDue(facts),
    ...serve(facts),
    ...receive(facts),
    ...collect(facts),
    ...enlistMiner(facts),
    ...verifyAggregate(facts),
    ...work(facts),
    ...playGhost(facts),
  ];
}

/** The bond of the next commit is needed until it is committed. */
function enlistMiner(facts: MinerFacts): readonly EnlistAction[] {
  const { standing, run, parameters, limits } = facts;
  const { serviceDeposit: joiningBond, minerBond } = parameters;
  const workingBond = dutyOf(facts) === undefined ? minerBond : 0n;
  return enlist(standing, { role: 'miner', joiningPrice: run.joiningPrice, joiningBond, workingBond }, limits);
}

/** What was committed is published until the round is aggregated, also by a process that has to train it again. */
function serve(facts: MinerFacts): readonly MinerAction[] {
  const { round, published } = facts;
  const duty = dutyOf(facts);
  if (duty === undefined || !hasTrained(facts) || round.status === 'settled') return [];
  const actions: MinerAction[] = [];
  if (!published.payload) actions.push({ type: 'publishPayload', round: round.number });
  if (!published.onChain && isLeftOut(facts, duty)) actions.push({ type: 'publishOnChain', round: round.number });
  if (duty.drawn) {
    const drawn = [...new Set([duty.segment, duty.segments - 1])];
    const segments = drawn.filter((segment) => !published.segments.includes(segment));
    if (segments.length > 0) actions.push({ type: 'publishSegments', round: round.number, segments });
  }
  return actions;
}

/** Half of the audit window is over, and the payload is not available. */
function isLeftOut({ run, round, parameters }: MinerFacts, { index, status }: Duty): boolean {
  const { auditDeadline, availability } = round;
  if (round.status !== 'sealed' || auditDeadline === undefined || status !== 'standing') return false;
  const isLate = run.time >= auditDeadline - parameters.auditWindow / 2 && run.time < auditDeadline;
  return isLate && !hasMember(availability.available, index);
}

/** Takes what is earned, and frees the bonds of what is final. */
function collect({ standing, earlier }: MinerFacts): readonly MinerAction[] {
  if (standing.seat === undefined) return [];
  const rounds = earlier.filter(({ pay }) => pay === 'claimable').map(({ round }) => round);
  const final = earlier.filter(({ claim, released }) => claim === 'final' && !released);
  return [
    ...(rounds.length === 0 ? [] : [{ type: 'claimShares', seat: standing.seat.number, rounds } as const]),
    ...final.map(({ claimId }) => ({ type: 'release', claimId }) as const),
  ];
}

/** Verify, train, commit: once a round, and never again what the chain has already. */
function work(facts: MinerFacts): readonly MinerAction[] {
  const { run, round, lineage, verified } = facts;
  const duty = dutyOf(facts);
  const toCommit = duty === undefined && round.status === 'open' && isActive(facts);
  const toServe = duty !== undefined && round.status !== 'settled' && !hasTrained(facts);
  if (!toCommit && !toServe) return [];
  if (hasTrained(facts)) return [{ type: 'commit', round: round.number }];
  if (!verified.includes(run.root)) return verifyState(facts);
  return [{ type: 'train', round: round.number, parent: run.root, lineage, extent: extentOf(facts, duty) }];
}

/** Who has joined plays the rounds until its first one as a ghost, and so do all in a round that nobody serves in. */
function playGhost(facts: MinerFacts): readonly MinerAction[] {
  const { run, round, verified, ghost, standing } = facts;
  const { seat } = standing;
  const isMember = seat?.role === 'miner' && seat.until === undefined;
  if (!isMember || isActive(facts) || round.status !== 'open' || ghost === round.number) return [];
  if (!verified.includes(run.root)) return verifyState(facts);
  return [{ type: 'playGhost', round: round.number, parent: run.root }];
}

/** What was committed is trained again as it was; else as much as the time allows. */
function extentOf({ round, parameters, trainingShare }: MinerFacts, duty: Duty | undefined): Extent {
  if (duty !== undefined) return { least: duty.segments, most: duty.segments, until: Infinity };
  const { commitWindow, minSegments: least, segments: most } = parameters;
  const until = (round.commitDeadline ?? Infinity) - (1 - trainingShare) * commitWindow;
  return { least, most, until };
}

function isActive({ run, standing: { seat } }: MinerFacts): boolean {
  if (seat === undefined || seat.role !== 'miner') return false;
  const serves = seat.since <= run.round && (seat.until === undefined || run.round <= seat.until);
  return serves && hasMember(run.activeMiners, seat.index);
}

function dutyOf({ round, standing: { seat } }: MinerFacts): Duty | undefined {
  return seat === undefined ? undefined : round.duties.find((duty) => duty.seat === seat.number);
}

/** The checkpoint is of this round, from this state, and from the local state that the chain says. */
function hasTrained(facts: MinerFacts): boolean {
  const { run, trained, lineage } = facts;
  if (trained === undefined || trained.round !== run.round || trained.parent !== run.root) return false;
  if (trained.segments !== (dutyOf(facts)?.segments ?? trained.segments)) return false;
  return trained.lineage.length === lineage.length && trained.lineage.every((round, at) => round === lineage[at]);
}
