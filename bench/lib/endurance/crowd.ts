import type { Address } from 'viem';

import { generator } from '../chance.ts';
import type { CheatKind } from '../churn/cheats.ts';
import { shuffled } from '../churn/script.ts';

/** Somebody with a seat. */
export type Member = {
  /** From 1, in the order in which seats were taken. */
  readonly seat: number;
  readonly owner: Address;
  /** The first round in which it serves. */
  readonly since: number;
  /** What it does otherwise, and from which round on. */
  readonly cheats?: { readonly kind: CheatKind; readonly first: number };
};

export type Plot = {
  readonly rounds: number;
  readonly seed: number;
  /** Places that honest miners take. */
  readonly honest: number;
  /** Places that cheats take. */
  readonly cheats: number;
  readonly kinds: readonly CheatKind[];
  /** Rounds for which a cheat is honest: those in which it is audited for certain. */
  readonly probation: number;
};

/** Who is there, round by round. */
export type Crowd = {
  /** Who takes part in the next round, by ascending seat, after those who come, go, or drop out of it without a word. */
  meet(): readonly Member[];
  /** Takes a seat away. */
  expel(member: Member): void;
  readonly joined: number;
  readonly left: number;
  /** Times that a member was away for some rounds. */
  readonly dropped: number;
};

/** Rounds that an honest miner stays, on average. */
const STAY = 100;
/** Most rounds for which a place is free, and for which a member is away. */
const PAUSE = 6;
const AWAY = 4;
/** Probability that an honest member drops out, in each round. */
const DROP = 0.01;
/** The part of a run in which cheats arrive: who comes later might not be drawn before it ends. */
const ARRIVALS = 0.95;

/** Where one member comes after the other. */
type Place = {
  readonly forCheats: boolean;
  member?: Member | undefined;
  /** The first round without its member, or with the next one. */
  until: number;
  /** The round in which its member is back. */
  back: number;
};

/** A crowd before its first round: the same for the same seed and the same expulsions. */
export function createCrowd({ rounds, seed, honest, cheats, kinds, probation }: Plot): Crowd {
  const chance = generator(seed);
  const upTo = (most: number) => 1 + Math.floor(chance() * most);
  const nextKind = inTurn(kinds, chance);
  const places: readonly Place[] = [
    ...Array.from({ length: honest }, () => ({ forCheats: false, until: 1, back: 1 })),
    ...Array.from({ length: cheats }, () => ({ forCheats: true, until: upTo(PAUSE), back: 1 })),
  ];
  let [round, joined, left, dropped] = [0, 0, 0, 0];

  const vacate = (place: Place): void => {
    place.member = undefined;
    place.until = round + upTo(PAUSE);
  };
  const take = (place: Place): void => {
    const seat = (joined += 1);
    const owner = `0x${seat.toString(16).padStart(40, '0')}` as const;
    const newcomer = { seat, owner, since: round };
    if (place.forCheats) {
      place.member = { ...newcomer, cheats: { kind: nextKind(), first: round + probation } };
      place.until = Infinity;
    } else {
      place.member = newcomer;
      place.until = round + Math.ceil(-STAY * Math.log(1 - chance()));
    }
  };
  const change = (place: Place): void => {
    if (round < place.until) return;
    if (place.member !== undefined) {
      left += 1;
      vacate(place);
    } else if (!place.forCheats || round <= ARRIVALS * rounds) take(place);
  };
  const isPresent = (place: Place): boolean => {
    if (place.member === undefined || round < place.back) return false;
    if (place.forCheats || chance() >= DROP) return true;
    dropped += 1;
    place.back = round + upTo(AWAY);
    return false;
  };

  return {
    get joined() {
      return joined;
    },
    get left() {
      return left;
    },
    get dropped() {
      return dropped;
    },
    meet() {
      round += 1;
      places.forEach(change);
      const present = places.filter(isPresent).map(({ member }) => member!);
      return present.toSorted((a, b) => a.seat - b.seat);
    },
    expel: (member) => vacate(places.find((place) => place.member === member)!),
  };
}

/** All items in a random order, again and again. */
function inTurn<T>(items: readonly T[], chance: () => number): () => T {
  let waiting: T[] = [];
  return () => {
    if (waiting.length === 0) waiting = shuffled(items, chance);
    return waiting.pop()!;
  };
}
