import { pad, toHex, type Address, type Hex } from 'viem';

import { claimIdOf } from '../../sdk/claims.ts';
import { memberSet } from '../../sdk/member-set.ts';
import type { Role, Seat } from '../../sdk/membership.ts';
import type { Duty, Round, RoundAggregate } from '../../sdk/round.ts';
import type { Run, RunParameters } from '../../sdk/run.ts';
import type { Stake } from '../../sdk/stake.ts';
import type { Standing } from '../../workers/lib/enlist.ts';

/** A root, or any other 32 bytes, that is easily told from others. */
export function rootOf(number: number): Hex {
  return pad(toHex(number), { size: 32 });
}

/** The owner of a seat; by default it signs for itself. */
export function ownerOf(seat: number): Address {
  return pad(toHex(seat + 0xa0), { size: 20 });
}

export const parameters: RunParameters = {
  recipeRoot: rootOf(1),
  genesisRoot: rootOf(2),
  datasetRoot: rootOf(3),
  programsRoot: rootOf(4),
  opensAt: 100,
  plannedTokens: 1_000_000n,
  tokensPerSegment: 250n,
  shareSupply: 10n ** 24n,
  ownersShare: 570_000,
  royalty: 0,
  lambda: 10n ** 18n,
  commitWindow: 60,
  auditWindow: 80,
  aggregateWindow: 30,
  challengeWindow: 20,
  aggregateChallengeWindow: 20,
  segments: 4,
  epochRounds: 4,
  probationRounds: 1,
  minSegments: 1,
  auditRate: 1_000,
  maxMembers: 16,
  minMiners: 1,
  committeeSeats: 24,
  committeeNeeded: 16,
  parent: 0n,
  minerBond: 10n,
  serviceDeposit: 40n,
  dutyDeposit: 50n,
  aggregateBond: 20n,
  challengeBond: 15n,
  joinFloor: 5n,
  joinMultiplier: 2n * 10n ** 18n,
  joinHalfLife: 3_600,
};

/** Seats 1 to 3 are miners with indices 0 to 2; seats 4 and 5 validators with indices 3 and 4. */
export const miners = memberSet([0, 1, 2]);
export const validators = memberSet([3, 4]);

/** Round 5, the first of its epoch, opened at 1,000 s. */
export function aRun(changes: Partial<Run> = {}): Run {
  return {
    id: 1n,
    round: 5,
    status: 'open',
    due: 'none',
    root: rootOf(50),
    seed: rootOf(51),
    miners,
    validators,
    activeMiners: miners,
    activeValidators: validators,
    seats: 5,
    joiningPrice: 7n,
    time: 1_000,
    ...changes,
  };
}

export function aRound(changes: Partial<Round> = {}): Round {
  return {
    runId: 1n,
    number: 5,
    status: 'open',
    parent: rootOf(50),
    seed: rootOf(51),
    beacon: undefined,
    ticket: 0n,
    beaconLost: false,
    commitDeadline: 1_060,
    auditDeadline: undefined,
    aggregateDeadline: undefined,
    settledAt: undefined,
    committed: memberSet((changes.duties ?? []).map(({ index }) => index)),
    challenged: 0n,
    reported: 0n,
    availability: { committee: 0n, needed: 0, said: 0n, published: 0n, available: 0n },
    aggregates: [],
    aggregate: changes.aggregates?.find(({ stands }) => stands),
    duties: [],
    ...changes,
  };
}

/** Round 5 with its beacon drawn at 1,070 s: validators have until 1,150 s. */
export function aSealedRound(changes: Partial<Round> = {}): Round {
  return aRound({ status: 'sealed', beacon: rootOf(52), auditDeadline: 1_150, ...changes });
}

export function anAggregate(changes: Partial<RoundAggregate> = {}): RoundAggregate {
  const claimId = claimIdOf({ kind: 'aggregate', runId: 1n, round: 5, number: 1 });
  return { claimId, accepted: miners, nextRoot: rootOf(60), settleableAt: 1_180, stands: true, ...changes };
}

/** What the miner in `seat` has committed in round 5. */
export function aDuty(seat: number, changes: Partial<Duty> = {}): Duty {
  return {
    seat,
    index: seat - 1,
    owner: ownerOf(seat),
    claimId: claimIdOf({ kind: 'work', runId: 1n, round: 5, number: seat }),
    word: rootOf(500 + seat),
    status: 'standing',
    deposit: 'standing',
    segments: 4,
    drawn: false,
    segment: 0,
    validators,
    standIns: 0n,
    ...changes,
  };
}

export function aSeat(number: number, role: Role, changes: Partial<Seat> = {}): Seat {
  return { number, owner: ownerOf(number), index: number - 1, role, since: 1, until: undefined, ...changes };
}

export function aStake(seat: number, changes: Partial<Stake> = {}): Stake {
  const owner = ownerOf(seat);
  const none = { locked: 0n, unbonding: 0n, withdrawableAt: undefined, wallet: 0n, allowance: 0n };
  return { owner, node: owner, free: 1_000n, ...none, ...changes };
}

/** An owner that has a seat, signs for itself, and has stake enough. */
export function aStanding(seat: number, role: Role, changes: Partial<Standing> = {}): Standing {
  return { key: ownerOf(seat), stake: aStake(seat), seat: aSeat(seat, role), ...changes };
}

export const limits = { maxJoiningPrice: 100n, reserve: 0n };
