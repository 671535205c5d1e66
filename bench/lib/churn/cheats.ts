import type { Address } from 'viem';

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
