import type { Availability } from '../../sdk/availability.ts';
import { hasMember, memberSet, without, type MemberSet } from '../../sdk/member-set.ts';
import type { Standing } from './enlist.ts';
import type { GlobalStates } from './global-states.ts';
import type { Progress } from './progress.ts';
import { isFiniteState } from './steps.ts';

/** What a worker has found in the blob store of one round's payloads. */
export type Received = {
  readonly round: number;
  /** Verified against their roots, decoded, and finite. */
  readonly members: MemberSet;
  /** Those that it has looked for at least once. */
  readonly looked: MemberSet;
};

export type ReceptionFacts = Progress & {
  readonly standing: Standing;
  readonly received: Received;
  /** Seconds after the beacon for which a payload is waited for: at most a sixth of the audit window. */
  readonly patience: number;
};

export type ReceptionAction =
  /** Look for the payloads of these members, and keep which are there. */
  | { readonly type: 'receive'; readonly round: number; readonly parent: `0x${string}`; readonly wanted: MemberSet }
  /** Say, for good, whose payloads were received. */
  | { readonly type: 'attest'; readonly round: number; readonly received: MemberSet };

/** Pure. What a member of the round's committee does: looks until all payloads are there or patience ends, then says so once. */
export function receive(facts: ReceptionFacts): readonly ReceptionAction[] {
  const { run, round, received } = facts;
  if (!isAwaited(facts)) return [];
  const { number, parent, committed } = round;
  const known = received.round === number ? received : { members: 0n, looked: 0n };
  const missing = without(committed, known.members);
  if (without(committed, known.looked) !== 0n || (missing !== 0n && run.time < servedBy(facts))) {
    return [{ type: 'receive', round: number, parent, wanted: missing }];
  }
  return [{ type: 'attest', round: number, received: known.members }];
}

/** In the committee, which may still speak, and not heard yet. */
function isAwaited({ run, round, standing: { seat } }: ReceptionFacts): boolean {
  const { status, auditDeadline, number, availability } = round;
  if (status !== 'sealed' || auditDeadline === undefined || run.time >= auditDeadline) return false;
  if (seat === undefined || seat.since > number || (seat.until !== undefined && seat.until < number)) return false;
  const { committee, said }: Availability = availability;
  return hasMember(committee, seat.index) && !hasMember(said, seat.index);
}

/** The beacon is drawn one audit window before the audit's deadline. */
export function servedBy({
  round,
  parameters,
  patience,
}: Pick<ReceptionFacts, 'round' | 'parameters' | 'patience'>): number {
  const { auditWindow } = parameters;
  return (round.auditDeadline ?? Infinity) - auditWindow + Math.min(patience, auditWindow / 6);
}

/** Keeps what was received in the current round. */
export type Reception = {
  now(): Received;
  /** Looks for payloads. What was received once stays received: who has it can serve it. */
  look(action: Extract<ReceptionAction, { type: 'receive' }>): Promise<void>;
};

export function createReception(states: Pick<GlobalStates, 'payloads'>): Reception {
  let received: Received = { round: 0, members: 0n, looked: 0n };
  return {
    now: () => received,
    async look({ round, parent, wanted }) {
      const before = received.round === round ? received : { members: 0n, looked: 0n };
      const found = await states.payloads({ round, parent, accepted: wanted });
      const usable = [...found].filter(([, { payload }]) => isFiniteState(payload)).map(([index]) => index);
      received = { round, members: before.members | memberSet(usable), looked: before.looked | wanted };
    },
  };
}
