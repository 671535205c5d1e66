import { encodeFunctionData, parseEventLogs, zeroAddress, type Address, type Hex, type TransactionReceipt } from 'viem';

import { sessionsAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import { onChain } from './errors.ts';
import type { At } from './run.ts';
import type { Serving } from './serving.ts';
import type { Signer } from './signer.ts';
import { sessionsDomain, type Voucher } from './voucher.ts';

type Place = Pick<Serving, 'sessions'>;

/** Credits of a client in escrow for one gateway. */
export type Session = {
  /** Ends with the route that most of its vouchers are for: `number << 32 | route`. */
  readonly id: bigint;
  /** Signs its vouchers. */
  readonly key: Address;
  readonly left: bigint;
  /** By vouchers for the route that it is named by. */
  readonly drawn: bigint;
  readonly client: Address;
  readonly gateway: Address;
  /** In seconds, when the rest may be taken back; undefined while nobody has asked. */
  readonly closesAt: number | undefined;
};

/** What a session is opened with. */
export type SessionTerms = {
  readonly gateway: Address;
  readonly key: Address;
  /** One that the gateway has registered. */
  readonly route: number;
  /** Credits that go into escrow. */
  readonly amount: bigint;
};

/** What a client signs, so that another may open a session for it. */
export type Opening = SessionTerms & {
  readonly credits: Address;
  readonly client: Address;
  /** In seconds. */
  readonly deadline: number;
};

/** Why a voucher was not settled; in the order of ISessions.Flaw. */
export const voucherFlaws = ['none', 'spent', 'overdrawn', 'unrouted', 'forged'] as const;
export type VoucherFlaw = (typeof voucherFlaws)[number];

/** What became of one voucher of a batch. */
export type Settlement = {
  readonly session: bigint;
  readonly route: number;
  /** Drawn by it; none when it was skipped. */
  readonly amount: bigint;
  readonly flaw: VoucherFlaw;
};

const OPENING = {
  Opening: [
    { name: 'credits', type: 'address' },
    { name: 'client', type: 'address' },
    { name: 'gateway', type: 'address' },
    { name: 'key', type: 'address' },
    { name: 'route', type: 'uint32' },
    { name: 'amount', type: 'uint48' },
    { name: 'deadline', type: 'uint48' },
    { name: 'nonce', type: 'uint256' },
  ],
} as const;

/** The route that most vouchers of a session are for. */
export function routeOf(session: bigint): number {
  return Number(session & 0xffff_ffffn);
}

/** A session as it stands; undefined when there never was one, or its rest has been taken back. */
export async function readSession(
  client: Client,
  { sessions }: Place,
  credits: Address,
  id: bigint,
  at: At = {},
): Promise<Session | undefined> {
  const about = { address: sessions, abi: sessionsAbi, functionName: 'sessionOf', args: [credits, id], ...at } as const;
  const { left, drawn, closesAt, ...parties } = await onChain('Sessions.sessionOf', client.readContract(about));
  if (parties.client === zeroAddress) return undefined;
  return { ...parties, id, left: BigInt(left), drawn: BigInt(drawn), closesAt: closesAt === 0 ? undefined : closesAt };
}

/** What vouchers for a route have drawn from a session. */
export async function readDrawn(
  client: Client,
  { sessions }: Place,
  credits: Address,
  { session, route }: Pick<Voucher, 'session' | 'route'>,
  at: At = {},
): Promise<bigint> {
  const args = [credits, session, route] as const;
  const about = { address: sessions, abi: sessionsAbi, functionName: 'drawnOf', args, ...at } as const;
  return BigInt(await onChain('Sessions.drawnOf', client.readContract(about)));
}

/** How long a gateway has to bring its vouchers once the client closes, in seconds. */
export async function readCloseDelay(client: Client, { sessions }: Place): Promise<number> {
  const about = { address: sessions, abi: sessionsAbi, functionName: 'closeDelay' } as const;
  return onChain('Sessions.closeDelay', client.readContract(about));
}

/** How many openings an account has had others bring: the nonce of the next one. */
export async function readOpeningNonce(client: Client, { sessions }: Place, account: Address): Promise<bigint> {
  const about = { address: sessions, abi: sessionsAbi, functionName: 'nonces', args: [account] } as const;
  return onChain('Sessions.nonces', client.readContract(about));
}

/** Puts credits of the sender, which it has let the contract take, in escrow; the receipt has the session: `openedSession`. */
export function open({ sessions }: Place, credits: Address, { gateway, key, route, amount }: SessionTerms): Call {
  const args = [credits, gateway, key, route, Number(amount)] as const;
  return {
    to: sessions,
    data: encodeFunctionData({ abi: sessionsAbi, functionName: 'open', args }),
    name: 'Sessions.open',
  };
}

/** The client's consent to an opening; a contract account answers for its owner's (ERC-1271). */
export async function signOpening(
  signer: Signer,
  place: Place & { readonly chainId: number },
  opening: Opening,
  nonce: bigint,
): Promise<Hex> {
  const message = { ...opening, amount: Number(opening.amount), nonce };
  return signer.signTypedData({ domain: sessionsDomain(place), types: OPENING, primaryType: 'Opening', message });
}

/** Opens a session for a client that has signed it. Anyone may send it. */
export function openFor({ sessions }: Place, opening: Opening, signature: Hex): Call {
  const args = [{ ...opening, amount: Number(opening.amount) }, signature] as const;
  const data = encodeFunctionData({ abi: sessionsAbi, functionName: 'openFor', args });
  return { to: sessions, data, name: 'Sessions.openFor' };
}

/** Adds credits of the sender to a session that nobody has asked to close. */
export function topUp({ sessions }: Place, credits: Address, session: bigint, amount: bigint): Call {
  const args = [credits, session, Number(amount)] as const;
  const data = encodeFunctionData({ abi: sessionsAbi, functionName: 'topUp', args });
  return { to: sessions, data, name: 'Sessions.topUp' };
}

/** Draws what vouchers say and skips the bad ones; the receipt says which: `settlementsIn`. Anyone may send it. */
export function settle({ sessions }: Place, credits: Address, vouchers: readonly Voucher[]): Call {
  const args = [credits, vouchers.map((voucher) => ({ ...voucher, drawn: Number(voucher.drawn) }))] as const;
  const data = encodeFunctionData({ abi: sessionsAbi, functionName: 'settle', args });
  return { to: sessions, data, name: 'Sessions.settle' };
}

/** Asks for the end of a session: sent by the client it closes after the delay, sent by the gateway at once. */
export function close({ sessions }: Place, credits: Address, session: bigint): Call {
  const data = encodeFunctionData({ abi: sessionsAbi, functionName: 'close', args: [credits, session] });
  return { to: sessions, data, name: 'Sessions.close' };
}

/** Gives the rest of a closed session back to its client. Anyone may send it. */
export function refund({ sessions }: Place, credits: Address, session: bigint): Call {
  const data = encodeFunctionData({ abi: sessionsAbi, functionName: 'refund', args: [credits, session] });
  return { to: sessions, data, name: 'Sessions.refund' };
}

/** The session that a transaction has opened; undefined when it has opened none. */
export function openedSession({ logs }: Pick<TransactionReceipt, 'logs'>): bigint | undefined {
  return parseEventLogs({ abi: sessionsAbi, eventName: 'SessionOpened', logs })[0]?.args.session;
}

/** What became of the vouchers of a batch, in its order. */
export function settlementsIn({ logs }: Pick<TransactionReceipt, 'logs'>): readonly Settlement[] {
  return parseEventLogs({ abi: sessionsAbi, eventName: ['VoucherSettled', 'VoucherSkipped'], logs }).map(({ args }) => {
    const { session, route } = args;
    if ('amount' in args) return { session, route, amount: BigInt(args.amount), flaw: 'none' };
    return { session, route, amount: 0n, flaw: voucherFlaws[args.flaw]! };
  });
}
