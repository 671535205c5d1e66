import type { Address, Hex } from 'viem';

/** A write to a contract, encoded and not sent: it is sent by whoever holds the key. */
export type Call = {
  readonly to: Address;
  readonly data: Hex;
  /** In wei; none by default. */
  readonly value?: bigint;
  /** What the log calls it: `Runs.commit`. */
  readonly name: string;
};
