import type { Address } from 'viem';

/** Contracts that know nothing of the protocol: what inference is paid by, and where credits are traded. */
export type Serving = {
  readonly sessions: Address;
  readonly market: Address;
};
