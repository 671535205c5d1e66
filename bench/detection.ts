import { keccak256, toHex } from 'viem';

import { SwarmlockError } from '../engine/errors.ts';
import { auditedSegments, drawOf } from '../sdk/draw.ts';
import { convictedWithin } from '../sdk/economics.ts';
import { log, numberOption } from './lib/bench.ts';
import { generator } from './lib/chance.ts';

export const description = 'how soon a cheat is convicted, over simulated rounds of the real draw';

export const options = [
  numberOption('--rounds <n>', 'simulated rounds', 1_000),
  numberOption('--seats <n>', 'cheating seats of each kind, 255 to a run', 1_020),
  numberOption('--audit-rate <q>', 'probability of being drawn in a round', 0.1),
  numberOption('--steps <n>', 'inner steps of a round', 30),
  numberOption('--segments <n>', 'segments of a round', 15),
  numberOption('--seed <n>', 'of the beacons', 1),
];

type Settings = { rounds: number; seats: number; auditRate: number; steps: number; segments: number; seed: number };

/** Rounds within which convictions are counted. */
const horizons = [1, 5, 10, 20] as const;

/** A cheat is wrong in one step, by chance, of each of these spans of steps. */
type Span = { readonly first: number; readonly length: number };

const cheats = {
  everyStep: ({ steps }: Settings): Span[] => spans(steps, 1),
  oneStepInTen: ({ steps }: Settings): Span[] => spans(steps, 10),
  lastStep: ({ steps }: Settings): Span[] => [{ first: steps - 1, length: 1 }],
} as const;
type Cheat = keyof typeof cheats;
const names = Object.keys(cheats) as Cheat[];

/** Of a run, at most. */
const MEMBERS = 255;

/** Draws every seat in every round as the contracts do, and looks at the segments that validators then take again. */
export async function run(given: Record<string, unknown>): Promise<object> {
  const settings = given as Settings;
  requireValid(settings);
  log(`${settings.rounds} rounds, ${settings.seats} seats of each kind, drawn with probability ${settings.auditRate}`);
  const { drawn, found } = simulate(settings);
  const figures = names.map((cheat) => [cheat, figuresOf(cheat, found[cheat], drawn, settings)] as const);
  return { ...settings, ...Object.fromEntries(figures) };
}

function figuresOf(cheat: Cheat, found: readonly Uint8Array[], drawn: number, settings: Settings) {
  const formulaOfDrawn = foundWhenDrawn(cheats[cheat](settings), settings);
  const foundOfDrawn = found.reduce((sum, history) => sum + count(history), 0) / drawn;
  log(`${cheat}: found in ${percent(foundOfDrawn)} of its audits, by the formula ${percent(formulaOfDrawn)}`);
  const byRounds = horizons
    .filter((within) => within <= settings.rounds)
    .map((within) => {
      const { rate, error } = convictions(found, within);
      const formula = convictedWithin(within, settings.auditRate * formulaOfDrawn);
      const spread = `${percent(rate)} +- ${percent(error)}`;
      log(`  convicted within ${within} rounds: ${spread}, by the formula ${percent(formula)}`);
      const figures = { measured: rounded(rate), standardError: rounded(error), formula: rounded(formula) };
      return { rounds: within, ...figures, percent: Math.round(100 * rate) };
    });
  return { foundOfDrawn: rounded(foundOfDrawn), formulaOfDrawn: rounded(formulaOfDrawn), byRounds };
}

/** How many audits there were, and for each cheat and seat whether it was found, by round. Nobody is in probation. */
export function simulate(settings: Settings): { drawn: number; found: Record<Cheat, Uint8Array[]> } {
  const { rounds, seats, auditRate, steps, segments, seed } = settings;
  const parameters = { auditRate: Math.round(10_000 * auditRate), probationRounds: 0, segments };
  const chance = generator(seed);
  const histories = (): Uint8Array[] => Array.from({ length: seats }, () => new Uint8Array(rounds));
  const found: Record<Cheat, Uint8Array[]> = {
    everyStep: histories(),
    oneStepInTen: histories(),
    lastStep: histories(),
  };
  let drawn = 0;
  for (let round = 0; round < rounds; round += 1) {
    const beacon = keccak256(toHex(`detection ${seed} ${round}`));
    for (let i = 0; i < seats; i += 1) {
      const place = {
        runId: BigInt(1 + Math.floor(i / MEMBERS)),
        number: round + 1,
        seat: 1 + (i % MEMBERS),
        since: 1,
      };
      const draw = drawOf({ beacon, beaconLost: false, ...place }, parameters);
      if (!draw.drawn) continue;
      drawn += 1;
      const audited = auditedSegments(draw, parameters);
      for (const cheat of names) {
        const wrong = cheats[cheat](settings).map(({ first, length }) => first + Math.floor(chance() * length));
        found[cheat][i]![round] = Number(wrong.some((step) => audited.includes(Math.floor((step * segments) / steps))));
      }
    }
  }
  return { drawn, found };
}

/** The part of cheats that are convicted within so many rounds, each beginning where the one before it has ended. */
export function convictions(found: readonly Uint8Array[], within: number): { rate: number; error: number } {
  let lives = 0;
  let convicted = 0;
  for (const history of found) {
    for (let start = 0; start + within <= history.length; start += within) {
      lives += 1;
      convicted += Number(history.subarray(start, start + within).includes(1));
    }
  }
  const rate = convicted / lives;
  return { rate, error: Math.sqrt((rate * (1 - rate)) / lives) };
}

function count(history: Uint8Array): number {
  return history.reduce((sum, one) => sum + one, 0);
}

/** The chance that one of the last segment and a random other one has a wrong step. */
export function foundWhenDrawn(
  wrong: readonly Span[],
  { steps, segments }: Pick<Settings, 'steps' | 'segments'>,
): number {
  const length = steps / segments;
  const last = segments - 1;
  const isMissed = (audited: readonly number[]): number =>
    wrong.reduce((chance, span) => {
      const covered = audited.reduce((sum, segment) => sum + overlap(span, { first: segment * length, length }), 0);
      return chance * (1 - covered / span.length);
    }, 1);
  if (last === 0) return 1 - isMissed([last]);
  const missed = Array.from({ length: last }, (_, other) => isMissed([other, last]));
  return 1 - missed.reduce((sum, chance) => sum + chance, 0) / last;
}

function overlap(a: Span, b: Span): number {
  return Math.max(0, Math.min(a.first + a.length, b.first + b.length) - Math.max(a.first, b.first));
}

function spans(steps: number, length: number): Span[] {
  return Array.from({ length: Math.ceil(steps / length) }, (_, i) => ({
    first: i * length,
    length: Math.min(length, steps - i * length),
  }));
}

function requireValid({ rounds, seats, auditRate, steps, segments, seed }: Settings): void {
  const whole = { rounds, seats, steps, segments, seed };
  const broken =
    Object.entries(whole).find(([, value]) => !Number.isInteger(value))?.[0] ??
    (auditRate > 1 ? 'auditRate' : steps % segments === 0 && segments <= 16 ? undefined : 'segments');
  if (broken === undefined) return;
  throw new SwarmlockError(
    `${broken}: rounds, seats, steps and segments are whole numbers, segments divide the steps and are at most 16, ` +
      'and the audit rate is at most 1',
    { code: 'BENCH_OPTION_INVALID', argument: broken },
  );
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)}%`;
}

function rounded(part: number): number {
  return Number(part.toFixed(4));
}
