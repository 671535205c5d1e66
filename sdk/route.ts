import { encodeFunctionData, parseEventLogs, type Address, type TransactionReceipt } from 'viem';

import { sessionsAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import { onChain } from './errors.ts';
import type { At } from './run.ts';
import type { Serving } from './serving.ts';
import type { SessionsAt } from './sessions.ts';

/** One of those whom a route pays; the weights of all sum to `WHOLE`. */
export type Payee = { readonly account: Address; readonly weight: number };

export const WHOLE = 1_000_000;

/** A new route; its number is in the receipt: `registeredRoute`. */
export function registerRoute({ sessions }: Pick<Serving, 'sessions'>, payees: readonly Payee[]): Call {
  const data = encodeFunctionData({ abi: sessionsAbi, functionName: 'registerRoute', args: [payees] });
  return { to: sessions, data, name: 'Sessions.registerRoute' };
}

/** The route that a transaction has registered; undefined when it has registered none. */
export function registeredRoute({ logs }: Pick<TransactionReceipt, 'logs'>): number | undefined {
  return parseEventLogs({ abi: sessionsAbi, eventName: 'RouteRegistered', logs })[0]?.args.route;
}

/** What a payee of a route could pull now, in credits of one run. */
export async function readPullable(
  client: Client,
  { sessions, credits }: SessionsAt,
  route: number,
  payees: readonly Payee[],
  index: number,
  at: At = {},
): Promise<bigint> {
  const about = { address: sessions, abi: sessionsAbi, ...at } as const;
  const [earned, pulled] = await Promise.all([
    onChain('Sessions.earnedOf', client.readContract({ ...about, functionName: 'earnedOf', args: [credits, route] })),
    onChain(
      'Sessions.pulledOf',
      client.readContract({ ...about, functionName: 'pulledOf', args: [credits, route, BigInt(index)] }),
    ),
  ]);
  return (earned * BigInt(payees[index]?.weight ?? 0)) / BigInt(WHOLE) - pulled;
}

/** Pays one payee of a route, given with all of them as they were registered. Anyone may send it. */
export function pullRoute(
  { sessions, credits }: SessionsAt,
  route: number,
  payees: readonly Payee[],
  index: number,
): Call {
  const args = [credits, route, payees, BigInt(index)] as const;
  return {
    to: sessions,
    data: encodeFunctionData({ abi: sessionsAbi, functionName: 'pull', args }),
    name: 'Sessions.pull',
  };
}
