import { Command, InvalidArgumentError, Option } from 'commander';

/** What `npm run demo -- --help` lists. */
export type DemoOptions = {
  readonly rounds: number;
  /** Honest miners; one that cheats comes on top. */
  readonly miners: number;
  readonly seed: number;
  readonly data: string | undefined;
  readonly keep: boolean;
  readonly json: boolean;
  readonly size: Size;
  readonly compression: Compression;
};

export const sizes = ['small', 'tiny'] as const;
export type Size = (typeof sizes)[number];

export const compressions = ['none', 'sparseloco'] as const;
export type Compression = (typeof compressions)[number];

/** Reads the command line. Commander prints its own messages and throws. */
export function parseOptions(args: readonly string[]): DemoOptions {
  const command = new Command('demo')
    .usage('[options]')
    .description(
      'Strangers train a transformer on a local chain: a node, contracts, honest miners, one that cheats,\n' +
        'two validators and an aggregator, each its own process.',
    )
    .addOption(new Option('--rounds <n>', 'rounds to train').default(10).argParser(whole(1, 200)))
    .addOption(
      new Option('--miners <n>', 'honest miners beside the one that cheats').default(3).argParser(whole(1, 16)),
    )
    .addOption(
      new Option('--seed <n>', 'of the initial parameters and of the sample').default(1).argParser(whole(0, 2 ** 32)),
    )
    .option(
      '--data <path>',
      'text to train on: a file, a folder or a glob (default: README and licence files of the packages)',
    )
    .option('--keep', 'keep logs, keys, checkpoints and blobs of the run', false)
    .option('--json', 'print the result as one JSON object on the last line; progress goes to standard error', false)
    .addOption(new Option('--size <size>', 'of the model; tiny is for tests').choices(sizes).default('small'))
    .addOption(new Option('--compression <name>', 'of what miners send').choices(compressions).default('none'))
    .exitOverride();
  command.parse(args, { from: 'user' });
  return { data: undefined, ...command.opts<Omit<DemoOptions, 'data'>>() };
}

function whole(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (Number.isInteger(value) && value >= least && value <= most) return value;
    throw new InvalidArgumentError(`Give a whole number from ${least} to ${most}.`);
  };
}
