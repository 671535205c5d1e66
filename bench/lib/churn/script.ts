import { generator } from '../chance.ts';
import type { CheatKind } from './cheats.ts';

/** One miner's life in a run. Its seat counts from the round after the one in which it joins, which is 0 at the start. */
export type Life = {
  readonly name: string;
  readonly joins: number;
  /** The round in which it gives up its seat, properly. */
  readonly leaves?: number;
  /** The round in which its process is killed, and the one in which it comes back, if it does. */
  readonly killed?: number;
  readonly returns?: number;
  /** What it does otherwise, and in which rounds. */
  readonly cheats?: { readonly kind: CheatKind; readonly first: number; readonly last: number };
};

export type Plot = {
  readonly rounds: number;
  readonly seed: number;
  /** Honest miners who are there from the start. */
  readonly founders: number;
  /** Honest miners who come later. */
  readonly guests: number;
  /** Cheats that are there at the same time. */
  readonly lanes: number;
  readonly kinds: readonly CheatKind[];
  /** Rounds in which a newcomer is audited for certain. */
  readonly probation: number;
};

/** Rounds in which a cheat cheats. */
const SPREE = 2;
/** Rounds that a kind is honest for before: a late update needs earlier ones, and who is drawn for certain cannot withhold. */
const waits: Partial<Record<CheatKind, number>> = { delayed: 4, withholding: 0 };

/** A run's comings and goings: the same for the same seed. */
export function writeScript(plot: Plot): readonly Life[] {
  const chance = generator(plot.seed);
  return [...founders(plot, chance), ...guests(plot, chance), ...cheats(plot, chance)];
}

/** The second is killed and comes back, the third a little later; the last is killed for good. */
function founders({ rounds, founders: count }: Plot, chance: () => number): Life[] {
  const around = (part: number) => Math.max(1, Math.round(part * rounds + 2 * chance() - 1));
  return Array.from({ length: count }, (_, i) => {
    const life = { name: `miner ${i + 1}`, joins: 0 };
    if (i === count - 1) return { ...life, killed: around(0.65) };
    if (i !== 1 && i !== 2) return life;
    const killed = around(0.2 * i);
    return { ...life, killed, returns: killed + i };
  });
}

/** Every other one leaves again. */
function guests({ rounds, guests: count }: Plot, chance: () => number): Life[] {
  return Array.from({ length: count }, (_, i) => {
    const joins = 1 + Math.floor(((i + chance()) * rounds) / (2 * count));
    const life = { name: `guest ${i + 1}`, joins };
    return i % 2 === 1 ? life : { ...life, leaves: joins + Math.ceil(rounds / 3) };
  });
}

/** One after the other in each lane; every other one is honest until its probation is over. */
function cheats({ lanes, kinds, probation, seed }: Plot, chance: () => number): Life[] {
  const free = Array.from({ length: lanes }, () => 0);
  return shuffled(kinds, chance).map((kind, i) => {
    const lane = free.indexOf(Math.min(...free));
    const joins = free[lane]!;
    const honest = waits[kind] ?? ((i + seed) % 2 === 0 ? probation : 0);
    const first = joins + 1 + honest;
    const last = first + SPREE - 1;
    free[lane] = last;
    return { name: `cheat ${kind}`, joins, leaves: last, cheats: { kind, first, last } };
  });
}

/** The last round in which anyone cheats. */
export function lastCheat(script: readonly Life[]): number {
  return Math.max(0, ...script.map(({ cheats: one }) => one?.last ?? 0));
}

/** In a random order. */
export function shuffled<T>(items: readonly T[], chance: () => number): T[] {
  const keyed = items.map((item) => ({ item, key: chance() }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}
