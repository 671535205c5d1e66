import { Command, InvalidArgumentError, Option } from 'commander';

import { economicsOf, type Cheat, type Economics, type Prices } from '../sdk/economics.ts';

type Options = Prices & { readonly json: boolean };

/** `swarmlock economics`: the bond that makes cheating a loss, at given prices. */
export function economicsCommand(print: (line: string) => void): Command {
  return new Command('economics')
    .summary('the bond that makes cheating a loss, at given prices')
    .description(
      'The bond that makes cheating a loss: S > (C + G) / (p (1 - r)) - R, where S is the half of the bond that is ' +
        'burned, p the chance to be found in a round, R the pay that is not vested. All prices are in one unit of money.',
    )
    .addOption(
      price('--round-cost <price>', 'C: of computing a round honestly, which a cheat saves').makeOptionMandatory(),
    )
    .addOption(price('--round-shares <n>', 'shares that a miner is paid for a round').default(0))
    .addOption(price('--share-price <price>', 'of one share').default(0))
    .addOption(price('--outside-gain <price>', 'G: what a wrong round is worth to the cheat elsewhere').default(0))
    .addOption(price('--colluding <part>', 'r: the part of the validators that would look away').default(0))
    .addOption(price('--audit-rate <probability>', 'q: of being drawn in a round').default(0.1))
    .addOption(price('--segments <n>', 'of a round; a drawn miner shows the last and one of the others').default(16))
    .addOption(price('--probation-rounds <n>', 'first rounds of a miner, which are always audited').default(1))
    .addOption(price('--rounds <n>', 'for how many rounds to tell the chance of a conviction').default(20))
    .option('--json', 'print one JSON object', false)
    .action(({ json, ...prices }: Options) => {
      const found = economicsOf(prices);
      if (json) print(JSON.stringify({ ...found, prices }));
      else for (const line of linesOf(found, prices)) print(line);
    });
}

function price(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text) => {
    const value = Number(text);
    if (text.trim() === '' || Number.isNaN(value)) throw new InvalidArgumentError('Give a number.');
    return value;
  });
}

const names: Readonly<Record<Cheat, string>> = {
  everyStep: 'wrong in every step',
  lastStep: 'only in the last step',
  oneStep: 'in one other step',
};

function linesOf({ vestingRounds, unvestedRounds, forfeit, bond, cheats }: Economics, prices: Prices): string[] {
  return [
    `A bond above ${amount(bond)} makes cheating in every round a loss.`,
    '',
    `Pay vests after ${vestingRounds} rounds; right after probation ${amount(unvestedRounds)} rounds' pay is not vested,`,
    `which a conviction takes as well: ${amount(forfeit)}.`,
    '',
    `${'a round'.padEnd(24)}${'saves'.padStart(12)}${'found'.padStart(10)}${`in ${prices.rounds}`.padStart(10)}${'bond'.padStart(16)}`,
    ...Object.entries(cheats).map(([cheat, { saved, detection, convicted, bond: needed }]) =>
      [
        names[cheat as Cheat].padEnd(24),
        amount(saved).padStart(12),
        percent(detection).padStart(10),
        percent(convicted).padStart(10),
        amount(needed).padStart(16),
      ].join(''),
    ),
    '',
    'Sampling is not what keeps a single wrong step away: it saves little, anyone may challenge it while the',
    "window is open, and the clipping of members' norms bounds what it does.",
  ];
}

function amount(value: number): string {
  return value.toLocaleString('en-US', { maximumFractionDigits: value < 10 ? 4 : 2 });
}

function percent(part: number): string {
  return `${(100 * part).toFixed(part < 0.01 ? 3 : 1)}%`;
}
