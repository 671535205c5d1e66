import { Option } from 'commander';
import { SwarmlockError } from '../../engine/errors.ts';

/** What every file `bench/NAME.ts` exports. */
export type Bench = {
  /** One line for the list of benches. */
  readonly description: string;
  /** What it takes beside `--json`. */
  readonly options?: readonly Option[];
  /** Measures, logs for people with `log`, and returns the figures. */
  run(options: Record<string, unknown>): Promise<object>;
};

/** An option that takes a positive number. @throws BENCH_OPTION_INVALID on parsing */
export function numberOption(flags: string, description: string, fallback?: number): Option {
  const option = new Option(flags, description).argParser((text) => {
    const value = Number(text);
    if (value > 0 && Number.isFinite(value)) return value;
    throw new SwarmlockError(`${flags}: ${text} is not a positive number`, {
      code: 'BENCH_OPTION_INVALID',
      argument: option.long ?? flags,
    });
  });
  return fallback === undefined ? option : option.default(fallback);
}

/** A line for people. Standard output keeps the figures. */
export function log(line: string): void {
  console.error(line);
}

/** A seed of 32 bytes. */
export const hexOf = (n: number) => `0x${n.toString(16).padStart(64, '0')}` as const;

/** Middle value of a list that is not empty; of two middle values, the upper one. */
export function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;
}
