import { formatEther, formatGwei, type Address } from 'viem';

import { readOwed } from '../../../sdk/game.ts';
import { stakeOf, type World } from './world.ts';

/** What one side has, in units of the stake token and of the native coin (what the game owes it included). */
export type Purse = { readonly stake: bigint; readonly native: bigint };

export async function purseOf(world: World, account: Address): Promise<Purse> {
  const { client, deployment } = world;
  const balance = await client.getBalance({ address: account });
  return { stake: await stakeOf(world, account), native: balance + (await readOwed(client, deployment, account)) };
}

/** What each of several accounts has won or lost since. */
export type Ledger<name extends string> = { readonly [who in name]: Purse };

/** Gas of all moves of games since there were `from` transactions. */
export function gasSince({ spent }: World, from: number): bigint {
  return spent.slice(from).reduce((sum, { name, gas }) => (name.startsWith('Game.') ? sum + gas : sum), 0n);
}

/** Opens the books: the returned function says what has changed since. */
export async function openBooks<name extends string>(
  world: World,
  accounts: Readonly<Record<name, Address>>,
): Promise<() => Promise<Ledger<name>>> {
  const before = await pursesOf(world, accounts);
  return async () => {
    const after = await pursesOf(world, accounts);
    const names = Object.keys(accounts) as name[];
    const changes = names.map((who) => {
      const change = { stake: after[who].stake - before[who].stake, native: after[who].native - before[who].native };
      return [who, change] as const;
    });
    return Object.fromEntries(changes) as Record<name, Purse>;
  };
}

async function pursesOf<name extends string>(
  world: World,
  accounts: Readonly<Record<name, Address>>,
): Promise<Record<name, Purse>> {
  const entries = Object.entries<Address>(accounts);
  const purses: (readonly [string, Purse])[] = [];
  for (const [who, account] of entries) purses.push([who, await purseOf(world, account)]);
  return Object.fromEntries(purses) as Record<name, Purse>;
}

/** One line of the table that is printed when all scenarios are over. */
export type Row = {
  readonly scenario: string;
  readonly winner: string;
  readonly reason: string;
  readonly moves: number;
  readonly gas: bigint;
  readonly claimant: Purse;
  readonly challenger: Purse;
};

const rows: Row[] = [];

export function record(row: Row): void {
  rows.push(row);
}

/** The table, in Markdown. Stake in tokens, native coin in gwei at 2 gwei for a unit of gas. */
export function table(): string {
  const head = ['scenario', 'wins', 'by', 'moves', 'gas', 'claimant: stake', 'native', 'challenger: stake', 'native'];
  const lines = rows.map(({ scenario, winner, reason, moves, gas, claimant, challenger }) => [
    ...[scenario, winner, reason, String(moves), gas.toLocaleString('en')],
    ...[claimant, challenger].flatMap(({ stake, native }) => [signed(formatEther(stake)), signed(gwei(native))]),
  ]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

function signed(amount: string): string {
  return amount.startsWith('-') || amount === '0' ? amount : `+${amount}`;
}

function gwei(amount: bigint): string {
  return Math.round(Number(formatGwei(amount))).toLocaleString('en');
}
