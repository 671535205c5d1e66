import { isAddressEqual, type Address } from 'viem';

import type { Role, Seat } from '../../sdk/membership.ts';
import type { Stake } from '../../sdk/stake.ts';

/** Who a worker works for, and what that owner has. */
export type Standing = {
  /** The key that the worker signs with. */
  readonly key: Address;
  readonly stake: Stake;
  /** The seat that the owner last took in the run. */
  readonly seat: Seat | undefined;
  /** The deposit of a seat that has left, when it may be freed. */
  readonly deposit?: bigint | undefined;
};

/** What the operator allows the worker to do with the owner's tokens. */
export type StakeLimits = {
  /** The most to pay for a seat. */
  readonly maxJoiningPrice: bigint;
  /** A deposit fills the free stake up to this, if the wallet has it; to what is needed at least. */
  readonly reserve: bigint;
};

export type EnlistAction =
  | { readonly type: 'setNode' }
  | { readonly type: 'deposit'; readonly amount: bigint }
  /** Take back the deposit of a seat that has left. */
  | { readonly type: 'release'; readonly claimId: bigint }
  | { readonly type: 'join'; readonly role: Role; readonly maxPrice: bigint }
  /** Nothing that the worker can do: the owner has to bring tokens. */
  | { readonly type: 'lackStake'; readonly needed: bigint; readonly available: bigint }
  /** The seat ends with round `last`: its owner left, or lost its deposit. Only the owner joins again. */
  | { readonly type: 'stayOut'; readonly last: number }
  /** A seat costs more than the operator allows. */
  | { readonly type: 'tooDear'; readonly price: bigint; readonly most: bigint };

/** What it takes to serve: the role and what it locks at joining; a worker without a seat has no role. */
export type Enlisting = {
  readonly role: Role | undefined;
  readonly joiningPrice: bigint;
  readonly joiningBond: bigint;
  /** What a member must have free for its work. */
  readonly workingBond: bigint;
};

/**
 * Names itself as the node, stakes and joins, as far as that is still to be done. Only a key that is its own owner can:
 * a node key of someone else waits for its owner. Who has left, or lost its deposit, stays out.
 */
export function enlist(standing: Standing, enlisting: Enlisting, limits: StakeLimits): readonly EnlistAction[] {
  const { key, stake, seat, deposit } = standing;
  if (deposit !== undefined) return [{ type: 'release', claimId: deposit }];
  if (!isAddressEqual(stake.owner, key)) return [];
  const { role, joiningPrice, joiningBond, workingBond } = enlisting;
  if (role !== undefined && seat?.until !== undefined) return [{ type: 'stayOut', last: seat.until }];
  const joining = role !== undefined && seat === undefined;
  const most = limits.maxJoiningPrice;
  if (joining && joiningPrice > most) return [{ type: 'tooDear', price: joiningPrice, most }];
  const needed = workingBond + (joining ? joiningPrice + joiningBond : 0n);
  const funding = fund(stake, needed, limits.reserve);
  if (funding?.type === 'lackStake') return [funding];
  return [
    ...(stake.node !== undefined && isAddressEqual(stake.node, key) ? [] : [{ type: 'setNode' } as const]),
    ...(funding === undefined ? [] : [funding]),
    ...(joining ? [{ type: 'join', role, maxPrice: most } as const] : []),
  ];
}

function fund({ free, wallet }: Stake, needed: bigint, reserve: bigint): EnlistAction | undefined {
  if (free >= needed) return undefined;
  if (free + wallet < needed) return { type: 'lackStake', needed, available: free + wallet };
  const wanted = (reserve > needed ? reserve : needed) - free;
  return { type: 'deposit', amount: wanted < wallet ? wanted : wallet };
}
