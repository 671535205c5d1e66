import type { MinerPay } from './pay.ts';
import type { Caught, Measured } from './story.ts';
import { ether, shares } from './story.ts';
import { bonds } from './plan.ts';

/** How a demo ended. */
export type Report = {
  readonly rounds: number;
  readonly parameters: number;
  /** Verified on chain; the baseline has seen as many. */
  readonly tokens: number;
  readonly measured: readonly Measured[];
  readonly miners: readonly MinerPay[];
  readonly caught: readonly Caught[];
  readonly audits: number;
  readonly matches: number;
  readonly prompt: string;
  readonly sample: string;
  readonly plot: string;
  readonly folder: string;
  readonly seconds: number;
};

/** The report as one object for programs: amounts of shares are strings in the smallest unit. */
export function reportObject(report: Report): Record<string, unknown> {
  const { measured, caught, miners, ...rest } = report;
  const loss = { before: measured[0]?.swarm, after: measured.at(-1)?.swarm, central: measured.at(-1)?.central };
  return {
    ...rest,
    loss,
    measured,
    caught: caught.map((one) => ({ ...one, bond: String(one.bond) })),
    miners: miners.map((miner) => ({
      ...miner,
      paid: miner.paid.map(({ round, amount }) => ({ round, amount: String(amount) })),
      balance: String(miner.balance),
    })),
  };
}

/** The report for people. */
export function reportLines(report: Report): string[] {
  return ['', ...lossLines(report), '', ...sampleLines(report), '', ...payLines(report), '', ...placeLines(report)];
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

function payLines({ miners, caught }: Report): string[] {
  return [
    "Pay (a round's budget is shared equally by its accepted miners)",
    ...miners.flatMap((miner) => minerLines(miner, caught)),
  ];
}

function minerLines({ name, cheats, paid, unpaid, balance }: MinerPay, caught: readonly Caught[]): string[] {
  const rounds = rangesOf(paid.map(({ round }) => round));
  const frozen = caught.filter(({ miner }) => miner === name);
  const bond = `    bonds of ${ether(bonds.minerBond * BigInt(frozen.length))} WETH frozen until a game decides`;
  return [
    `  ${name.padEnd(9)} ${shares(balance).padStart(9)} shares for ${paid.length} verified ${paid.length === 1 ? 'round' : 'rounds'}${rounds === '' ? '' : ` (${rounds})`}`,
    ...[...Map.groupBy(unpaid, ({ why }) => why)].map(
      ([why, group]) =>
        `    unpaid: ${group.length === 1 ? 'round' : 'rounds'} ${rangesOf(group.map(({ round }) => round))}, ${why}`,
    ),
    ...frozen.slice(0, 1).map(({ round, by }) => `    caught in round ${round} by ${by}`),
    ...(frozen.length === 0 ? [] : [bond]),
    ...(cheats && paid.length > 1 ? ['    paid for what it did before it cheated, and where the draw missed it'] : []),
  ];
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
