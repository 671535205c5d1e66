import type { PaidInference } from './inference.ts';
import { inferenceLines, inferenceObject } from './inference-report.ts';
import type { MinerPay, Pays, ValidatorPay } from './pay.ts';
import type { Caught, Measured } from './story.ts';
import { ether, shares } from './story.ts';
import { gasOf, isConvicted, isDecided } from './story-game.ts';
import type { ToldGame } from '../dispute/narrator.ts';
import { count } from '../dispute/tell.ts';

/** How a demo ended. */
export type Report = {
  readonly rounds: number;
  readonly parameters: number;
  /** Verified on chain; the baseline has seen as many. */
  readonly tokens: number;
  readonly measured: readonly Measured[];
  readonly pays: Pays;
  readonly caught: readonly Caught[];
  readonly audits: number;
  readonly matches: number;
  readonly prompt: string;
  readonly sample: string;
  /** Undefined when nobody has shares yet, and so credits to sell. */
  readonly inference: PaidInference | undefined;
  readonly plot: string;
  readonly folder: string;
  readonly seconds: number;
};

/** The report as one object for programs: amounts of shares are strings in the smallest unit. */
export function reportObject(report: Report): Record<string, unknown> {
  const { measured, caught, pays, inference, ...rest } = report;
  const { miners, validators, accrued } = pays;
  const loss = { before: measured[0]?.swarm, after: measured.at(-1)?.swarm, central: measured.at(-1)?.central };
  return {
    ...rest,
    loss,
    measured,
    caught: caught.map(({ game, ...one }) => ({ ...one, bond: String(one.bond), ...(game && gameObject(game)) })),
    miners: miners.map((miner) => ({
      ...miner,
      paid: miner.paid.map(({ round, amount }) => ({ round, amount: String(amount) })),
      balance: String(miner.balance),
    })),
    validators: validators.map((validator) => ({ ...validator, balance: String(validator.balance) })),
    sharesAccrued: String(accrued),
    inference: inference === undefined ? null : inferenceObject(inference),
  };
}

function gameObject(game: ToldGame): object {
  const { moves, end } = game;
  const { claimVoided: convicted = false, reason, won = 0n, burned = 0n } = end ?? {};
  return { convicted, reason, won: String(won), burned: String(burned), gas: gasOf(game), moves };
}

/** The report for people. */
export function reportLines(report: Report): string[] {
  const { inference } = report;
  const paid = inference === undefined ? [] : inferenceLines(inference);
  const parts = [lossLines(report), sampleLines(report), payLines(report), gameLines(report), paid, placeLines(report)];
  return parts.flatMap((lines) => (lines.length === 0 ? [] : ['', ...lines]));
}

function lossLines({ measured, tokens, parameters, rounds }: Report): string[] {
  const before = measured[0];
  const after = measured.at(-1);
  if (before === undefined || after === undefined) return ['No round moved the state.'];
  return [
    `Held-out loss of ${parameters.toLocaleString('en-US')} parameters (nats per byte)`,
    `  before                      ${before.swarm.toFixed(3)}`,
    `  after ${String(rounds).padEnd(3)} rounds            ${after.swarm.toFixed(3)}`,
    `  one machine, equal tokens   ${after.central.toFixed(3)}   (${tokens.toLocaleString('en-US')} tokens, same batch, one step after another)`,
  ];
}

function sampleLines({ prompt, sample }: Report): string[] {
  const indent = (text: string) => text.replaceAll(/\r?\n/g, '\n  ');
  return ['A sample (the prompt is held-out text, the model continues after ▸)', `  ${indent(`${prompt}▸${sample}`)}`];
}

function payLines({ pays: { miners, validators, accrued }, caught }: Report): string[] {
  const minted = [...miners, ...validators].reduce((sum, { balance }) => sum + balance, 0n);
  return [
    "Pay (a tenth of a round's budget is for verdicts; the accepted miners' segments share the rest equally)",
    ...miners.flatMap((miner) => minerLines(miner, caught)),
    ...validators.map(validatorLine),
    `  of ${shares(accrued)} shares accrued, ${shares(accrued - minted)} are carried over or not paid yet`,
  ];
}

function validatorLine({ name, verdicts, balance }: ValidatorPay): string {
  return `  ${name.padEnd(9)} ${shares(balance).padStart(9)} shares for ${verdicts} ${verdicts === 1 ? 'verdict' : 'verdicts'}`;
}

function minerLines({ name, cheats, paid, unpaid, balance }: MinerPay, caught: readonly Caught[]): string[] {
  const rounds = rangesOf(paid.map(({ round }) => round));
  const own = caught.filter(({ miner }) => miner === name);
  const frozen = own.filter((one) => !isDecided(one));
  return [
    `  ${name.padEnd(9)} ${shares(balance).padStart(9)} shares for ${paid.length} verified ${paid.length === 1 ? 'round' : 'rounds'}${rounds === '' ? '' : ` (${rounds})`}`,
    ...[...Map.groupBy(unpaid, ({ why }) => why)].map(
      ([why, group]) =>
        `    unpaid: ${group.length === 1 ? 'round' : 'rounds'} ${rangesOf(group.map(({ round }) => round))}, ${why}`,
    ),
    ...own.slice(0, 1).map(({ round, by }) => `    caught in round ${round} by ${by}`),
    ...(frozen.length === 0 ? [] : [`    bonds of ${bondsOf(frozen)} WETH frozen: the game goes on`]),
    ...(cheats && paid.length > 1 ? ['    paid for what it did before it cheated, and where the draw missed it'] : []),
  ];
}

function bondsOf(caught: readonly Caught[]): string {
  return ether(caught.reduce((sum, { bond }) => sum + bond, 0n));
}

/** What the games came to, on both sides. */
function gameLines({ caught }: Report): string[] {
  const won = caught.filter(isConvicted);
  if (won.length === 0) return [];
  return [
    'Convictions (the contract has recomputed one element of one tensor)',
    ...won.flatMap(({ round, miner, by, game }) => [
      `  round ${round}: ${miner} by ${by}, ${game!.moves.length} moves, ${count(gasOf(game!))} gas`,
      `    ${game!.moves.at(-1)!.text}`,
    ]),
    ...[...Map.groupBy(won, ({ miner }) => miner)].map(
      ([miner, of]) => `  ${miner} has lost bonds of ${bondsOf(of)} WETH`,
    ),
    ...[...Map.groupBy(won, ({ by }) => by)].map(([by, of]) => `  ${by} has won ${ether(sumOf(of, 'won'))} WETH`),
    `  ${ether(sumOf(won, 'burned'))} WETH are burned`,
  ];
}

function sumOf(caught: readonly Caught[], what: 'won' | 'burned'): bigint {
  return caught.reduce((sum, { game }) => sum + (game?.end?.[what] ?? 0n), 0n);
}

/** 1, 2, 3, 5 as `1-3, 5`. */
export function rangesOf(numbers: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && last[1] === number - 1) last[1] = number;
    else ranges.push([number, number]);
  }
  return ranges.map(([from, to]) => (from === to ? String(from) : `${from}-${to}`)).join(', ');
}

function placeLines({ plot, folder, seconds }: Report): string[] {
  return [`Plot: ${plot}`, `Folder: ${folder}`, `Time: ${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`];
}
