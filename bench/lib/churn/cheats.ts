import { Option } from 'commander';
import type { Address } from 'viem';

import { SwarmlockError } from '../../../engine/errors.ts';

/** Every kind of cheat that is known, `attacks` among them. */
export const cheatKinds = [
  'sign-flip',
  'scaled-noise',
  'label-flip',
  'inner-product',
  'little-is-enough',
  'delayed',
  'copied',
  'wrong-step',
  'wrong-compression',
  'withholding',
] as const;
export type CheatKind = (typeof cheatKinds)[number];

/** What a cheating miner is told. */
export type Orders = {
  readonly kind: CheatKind;
  /** The rounds in which it cheats. */
  readonly first: number;
  readonly last: number;
  /** Honest miners, whose updates it knows. */
  readonly others: readonly Address[];
};

export function cheatsOption(): Option {
  return new Option('--cheats <kinds>', 'kinds of cheats, by commas').default(cheatKinds.join());
}

/** What `cheatsOption` takes. @throws BENCH_OPTION_INVALID */
export function kindsNamed(list: string): readonly CheatKind[] {
  const names = list.split(',').filter((name) => name !== '');
  const known = cheatKinds.filter((kind) => names.includes(kind));
  if (known.length === names.length) return known;
  throw new SwarmlockError(`--cheats: ${list} names others than ${cheatKinds.join()}`, {
    code: 'BENCH_OPTION_INVALID',
    argument: '--cheats',
  });
}
