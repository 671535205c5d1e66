import { SwarmlockError } from '../engine/errors.ts';

/** What a cheat weighs, in one unit of money, and the rules of the run that it meets. */
export type Prices = {
  /** C: of computing a round honestly. */
  readonly roundCost: number;
  /** Shares that a miner is paid for a round. */
  readonly roundShares: number;
  /** Of one share. */
  readonly sharePrice: number;
  /** G: what a wrong round is worth to the cheat elsewhere. */
  readonly outsideGain: number;
  /** r: the part of the validators that would look away, 0 to below 1. */
  readonly colluding: number;
  /** q: the probability of being drawn in a round, above 0 to 1. */
  readonly auditRate: number;
  /** Segments of a round; a drawn miner shows the last and one of the others. */
  readonly segments: number;
  /** First rounds of a miner, which are always audited. */
  readonly probationRounds: number;
  /** For how many rounds the chance of a conviction is told. */
  readonly rounds: number;
};

/** What it takes to make one way of cheating a loss. */
export type Deterrence = {
  /** What it saves of a round's cost. */
  readonly saved: number;
  /** p: that it is found in a round after probation, if no validator looks away. */
  readonly detection: number;
  /** That it is convicted within `rounds` rounds of cheating, with the colluding validators taken into account. */
  readonly convicted: number;
  /** The bond that must be exceeded: twice S, as half of a lost bond is burned and the rest may go to a friend. */
  readonly bond: number;
};

/** Ways to cheat, by what audits see of them. */
export const cheats = ['everyStep', 'lastStep', 'oneStep'] as const;
export type Cheat = (typeof cheats)[number];

export type Economics = {
  /** Rounds until a round's pay has vested, all at once: ceil(1/q). */
  readonly vestingRounds: number;
  /** Rounds' pay that is not vested in the first round after probation, when a conviction takes the least. */
  readonly unvestedRounds: number;
  /** R: what that is worth. */
  readonly forfeit: number;
  /** The bond that deters all cheats but a single wrong step, which is for the challenge window and the aggregation. */
  readonly bond: number;
  readonly cheats: Readonly<Record<Cheat, Deterrence>>;
};

/**
 * The bond that makes cheating a loss: S > (C + G) / (p (1 - r)) - R, with S the burned half of the bond. p is that of one
 * round, which covers a cheat of many rounds too: before it is caught it gets on average 1 / p rounds' gains.
 * @throws ECONOMICS_INVALID naming the first field at fault
 */
export function economicsOf(prices: Prices): Economics {
  requireValid(prices);
  const { auditRate, probationRounds, roundCost, roundShares, sharePrice, segments } = prices;
  const vestingRounds = Math.ceil(1 / auditRate);
  const unvestedRounds = Math.min(probationRounds + 1, vestingRounds);
  const forfeit = unvestedRounds * roundShares * sharePrice;
  const segmentCost = roundCost / segments;
  const deter = (saved: number, detection: number) => deterrenceOf(prices, forfeit, saved, detection);
  const found = {
    everyStep: deter(roundCost, auditRate),
    lastStep: deter(segmentCost, auditRate),
    oneStep: deter(segmentCost, auditRate / Math.max(1, segments - 1)),
  };
  return {
    vestingRounds,
    unvestedRounds,
    forfeit,
    bond: Math.max(found.everyStep.bond, found.lastStep.bond),
    cheats: found,
  };
}

function deterrenceOf(prices: Prices, forfeit: number, saved: number, detection: number): Deterrence {
  const { outsideGain, colluding, rounds } = prices;
  const convictedInRound = detection * (1 - colluding);
  const burned = Math.max(0, (saved + outsideGain) / convictedInRound - forfeit);
  return { saved, detection, convicted: convictedWithin(rounds, convictedInRound), bond: 2 * burned };
}

/** The chance of at least one conviction in so many rounds. */
export function convictedWithin(rounds: number, perRound: number): number {
  return 1 - (1 - perRound) ** rounds;
}

/** What a field may be, in words and as a rule. */
const rules: Readonly<Record<keyof Prices, readonly [what: string, holds: (value: number) => boolean]>> = {
  roundCost: ['a number from 0', isAmount],
  roundShares: ['a number from 0', isAmount],
  sharePrice: ['a number from 0', isAmount],
  outsideGain: ['a number from 0', isAmount],
  colluding: ['from 0 to below 1', (value) => value >= 0 && value < 1],
  auditRate: ['above 0 and at most 1', (value) => value > 0 && value <= 1],
  segments: ['a whole number from 1 to 16', (value) => isWhole(value, 1, 16)],
  probationRounds: ['a whole number from 0 to 255', (value) => isWhole(value, 0, 255)],
  rounds: ['a whole number from 1 to 1,000,000', (value) => isWhole(value, 1, 1_000_000)],
};

function isAmount(value: number): boolean {
  return value >= 0 && Number.isFinite(value);
}

function isWhole(value: number, least: number, most: number): boolean {
  return Number.isInteger(value) && value >= least && value <= most;
}

function requireValid(prices: Prices): void {
  for (const field of Object.keys(rules) as (keyof Prices)[]) {
    const [what, holds] = rules[field];
    if (holds(prices[field])) continue;
    throw new SwarmlockError(`${field} is ${prices[field]}, and must be ${what}`, {
      code: 'ECONOMICS_INVALID',
      argument: field,
    });
  }
}
