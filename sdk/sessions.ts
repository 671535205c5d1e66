import {
  encodeFunctionData,
  numberToHex,
  pad,
  parseEventLogs,
  zeroAddress,
  type Address,
  type Hex,
  type TransactionReceipt,
} from 'viem';

import { sessionsAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import { compactParts } from './compact-signature.ts';
import { onChain } from './errors.ts';
import { inSpans, type Blocks } from './events.ts';
import type { At } from './run.ts';
import type { Serving } from './serving.ts';
import type { Signer } from './signer.ts';
import { sessionsDomain, type SignedVoucher, type Voucher, type VoucherDomain } from './vouchers.ts';

type Place = Pick<Serving, 'sessions'>;

/** The contract, and the credits of the run that is paid for. */
export type SessionsAt = Pick<VoucherDomain, 'sessions' | 'credits'>;

/** A client's credits in escrow for one gateway; amounts in their smallest unit. */
export type Session = {
  /** Signs vouchers. */
  readonly key: Address;
  /** Of the credits in escrow. */
  readonly left: number;
  /** By vouchers for the route that the session is named by. */
  readonly drawn: number;
  readonly client: Address;
  /** In seconds, when the rest may be taken back; undefined while nobody has asked. */
  readonly closesAt: number | undefined;
  readonly gateway: Address;
};

/** What a session is opened with. */
export type SessionTerms = {
  readonly gateway: Address;
  readonly key: Address;
  /** One that the gateway has registered. */
  readonly route: number;
  /** Credits that go into escrow. */
  readonly amount: number;
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
  readonly amount: number;
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

/** A session as it stands; undefined when there is none, or its rest has been taken back. */
export async function readSession(
  client: Client,
  { sessions, credits }: SessionsAt,
  session: bigint,
  at: At = {},
): Promise<Session | undefined> {
  const args = [credits, session] as const;
  const about = { address: sessions, abi: sessionsAbi, functionName: 'sessionOf', args, ...at } as const;
  const { closesAt, ...rest } = await onChain('Sessions.sessionOf', client.readContract(about));
  if (rest.client === zeroAddress) return undefined;
  return { ...rest, closesAt: closesAt === 0 ? undefined : closesAt };
}

/** What vouchers for a route have drawn from a session. */
export async function readDrawn(
  client: Client,
  { sessions, credits }: SessionsAt,
  { session, route }: Pick<Voucher, 'session' | 'route'>,
  at: At = {},
): Promise<number> {
  const args = [credits, session, route] as const;
  const about = { address: sessions, abi: sessionsAbi, functionName: 'drawnOf', args, ...at } as const;
  return onChain('Sessions.drawnOf', client.readContract(about));
}

/** The sessions that were opened in these blocks for a client, oldest first: what it needs to find its escrow again. */
export async function readSessionsOf(
  client: Client,
  { sessions, credits }: SessionsAt,
  account: Address,
  blocks: Blocks,
): Promise<readonly bigint[]> {
  const args = { credits, client: account };
  const query = { address: sessions, abi: sessionsAbi, eventName: 'SessionOpened', args, strict: true } as const;
  const events = await inSpans(blocks, (span) =>
    onChain('reading sessions', client.getContractEvents({ ...query, ...span })),
  );
  return events.map((event) => event.args.session);
}

/** The sessions to which anything has happened in these blocks. */
export async function readChangedSessions(
  client: Client,
  { sessions, credits }: SessionsAt,
  blocks: Blocks,
): Promise<ReadonlySet<bigint>> {
  // Each event of a session has its credits first, and then its id.
  const filter = { address: sessions, topics: [null, pad(credits)] };
  const logs = await inSpans(blocks, (span) => {
    const params = { ...filter, fromBlock: numberToHex(span.fromBlock), toBlock: numberToHex(span.toBlock) };
    return onChain('reading sessions', client.request({ method: 'eth_getLogs', params: [params] }));
  });
  return new Set(logs.map(({ topics }) => BigInt(topics[2]!)));
}

/** The gateway that has registered a route, which sessions for it must be for; zero when there is no such route. */
export async function readGatewayOf(client: Client, { sessions }: Place, route: number): Promise<Address> {
  const about = { address: sessions, abi: sessionsAbi, functionName: 'gatewayOf', args: [route] } as const;
  return onChain('Sessions.gatewayOf', client.readContract(about));
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
export function openSession({ sessions, credits }: SessionsAt, { gateway, key, route, amount }: SessionTerms): Call {
  const args = [credits, gateway, key, route, amount] as const;
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
  const message = { ...opening, nonce };
  return signer.signTypedData({ domain: sessionsDomain(place), types: OPENING, primaryType: 'Opening', message });
}

/** Opens a session for a client that has signed it. Anyone may send it. */
export function openSessionFor({ sessions }: Place, opening: Opening, signature: Hex): Call {
  const args = [opening, signature] as const;
  const data = encodeFunctionData({ abi: sessionsAbi, functionName: 'openFor', args });
  return { to: sessions, data, name: 'Sessions.openFor' };
}

/** Adds credits of the sender to a session that nobody has asked to close. */
export function topUpSession({ sessions, credits }: SessionsAt, session: bigint, amount: number): Call {
  const args = [credits, session, amount] as const;
  const data = encodeFunctionData({ abi: sessionsAbi, functionName: 'topUp', args });
  return { to: sessions, data, name: 'Sessions.topUp' };
}

/** Draws what vouchers say and skips the bad ones; the receipt says which: `settlementsIn`. Anyone may send it. */
export function settleVouchers({ sessions, credits }: SessionsAt, vouchers: readonly SignedVoucher[]): Call {
  const list = vouchers.map(({ session, route, drawn, signature }) => {
    const { r, vs } = compactParts(signature);
    return { session, route, drawn, r, vs };
  });
  const data = encodeFunctionData({ abi: sessionsAbi, functionName: 'settle', args: [credits, list] });
  return { to: sessions, data, name: 'Sessions.settle' };
}

/** Asks for the end of a session: sent by the client it closes after the delay, sent by the gateway at once. */
export function closeSession({ sessions, credits }: SessionsAt, session: bigint): Call {
  const data = encodeFunctionData({ abi: sessionsAbi, functionName: 'close', args: [credits, session] });
  return { to: sessions, data, name: 'Sessions.close' };
}

/** Gives the rest of a closed session back to its client. Anyone may send it. */
export function refundSession({ sessions, credits }: SessionsAt, session: bigint): Call {
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
    if ('amount' in args) return { session, route, amount: args.amount, flaw: 'none' };
    return { session, route, amount: 0, flaw: voucherFlaws[args.flaw]! };
  });
}
