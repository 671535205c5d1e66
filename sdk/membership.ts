import { encodeFunctionData, type Address } from 'viem';

import { runLensAbi, runsAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import { claimIdOf } from './claims.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import type { At } from './run.ts';

export const roles = ['miner', 'validator'] as const;
export type Role = (typeof roles)[number];

/** One tenancy of an index. */
export type Seat = {
  readonly number: number;
  /** Whose stake it is; batches are derived from this address. */
  readonly owner: Address;
  /** Its bit in the member sets. */
  readonly index: number;
  readonly role: Role;
  /** First and last round that it serves; `until` is undefined while it has not left. */
  readonly since: number;
  readonly until: number | undefined;
};

/** A seat that is enlisted or serves, with the key that signs for it. */
export type Member = Seat & { readonly node: Address };

const NEVER = 2 ** 32 - 1;

/** Everyone enlisted or active, in ascending index. */
export async function readMembers(
  client: Client,
  { lens }: Deployment,
  runId: bigint,
  at: At = {},
): Promise<readonly Member[]> {
  const members = await onChain(
    'RunLens.membersOf',
    client.readContract({ address: lens, abi: runLensAbi, functionName: 'membersOf', args: [runId], ...at }),
  );
  return members.map(({ seat, ...member }) => ({ ...member, ...named(seat, member) }));
}

/** The seat that an owner last took, also when it has left; undefined when it never took one. */
export async function readSeatOf(
  client: Client,
  { runs }: Deployment,
  runId: bigint,
  owner: Address,
  at: At = {},
): Promise<Seat | undefined> {
  const about = { address: runs, abi: runsAbi, ...at } as const;
  const number = await onChain(
    'Runs.seatOfOwner',
    client.readContract({ ...about, functionName: 'seatOfOwner', args: [runId, owner] }),
  );
  if (number === 0) return undefined;
  const seat = await onChain(
    'Runs.seatOf',
    client.readContract({ ...about, functionName: 'seatOf', args: [runId, number] }),
  );
  return { ...seat, ...named(number, seat) };
}

function named(number: number, { role, until }: { role: number; until: number }) {
  return { number, role: roles[role]!, until: until === NEVER ? undefined : until };
}

/** The claim that is a seat's deposit. */
export function depositIdOf(runId: bigint, { number, since }: Pick<Seat, 'number' | 'since'>): bigint {
  return claimIdOf({ kind: 'seat', runId, round: since, number });
}

/** Takes a seat from the next round on; sent by the owner, which must have named a node key. */
export function join({ runs }: Deployment, runId: bigint, role: Role, maxPrice: bigint): Call {
  const args = [runId, roles.indexOf(role), maxPrice] as const;
  return { to: runs, data: encodeFunctionData({ abi: runsAbi, functionName: 'join', args }), name: 'Runs.join' };
}

/** Gives the seat of the sending owner up from the next round on. */
export function leave({ runs }: Deployment, runId: bigint): Call {
  const data = encodeFunctionData({ abi: runsAbi, functionName: 'leave', args: [runId] });
  return { to: runs, data, name: 'Runs.leave' };
}
