import { setTimeout as pause } from 'node:timers/promises';
import { parseEther, type Address } from 'viem';

import { SwarmlockError } from '../../engine/errors.ts';
import { logOf, newActor, programOf, type Venue } from './actors.ts';
import type { DemoChain } from './chain.ts';
import { death, type Fleet } from './fleet.ts';
import { tailLog, type LogEntry } from './log-tail.ts';

/** In the smallest unit of credits: a tenth of a credit for a token of the prompt, one for a token of the answer. */
export const prices = { prompt: 100_000, token: 1_000_000 } as const;

const START_MS = 60_000;

const settings = {
  SWARMLOCK_PORT: '0',
  SWARMLOCK_PROMPT_PRICE: String(prices.prompt),
  SWARMLOCK_TOKEN_PRICE: String(prices.token),
  SWARMLOCK_TOKENS_PER_VOUCHER: '8',
  // More than an answer costs: vouchers wait until the client closes its session.
  SWARMLOCK_SETTLE_AMOUNT: '1000000000',
};

/** A gateway that serves the state on which the run stands. */
export type Gateway = { readonly address: Address; readonly url: string; readonly route: number };

/** Starts a gateway with a new key, and waits until it listens. @throws CHILD_DIED, GATEWAY_SILENT */
export async function startGateway(fleet: Fleet, chain: DemoChain, venue: Venue): Promise<Gateway> {
  const actor = newActor('gateway', 'gateway', {
    settings: { ...settings, SWARMLOCK_SESSIONS: chain.deployment.sessions },
  });
  await chain.send({ to: actor.address, data: '0x', value: parseEther('10'), name: 'gas money' });
  const program = programOf(actor, venue);
  fleet.start(program);
  const said = await Promise.race([death(fleet, program), heard(logOf(venue.folder, actor), ['offer', 'listening'])]);
  const [offer, listening] = said as [LogEntry, LogEntry];
  return { address: actor.address, url: String(listening['url']), route: Number(offer['route']) };
}

/** The entries of a log with these names, once it has them all. */
async function heard(path: string, events: readonly string[]): Promise<readonly LogEntry[]> {
  const next = tailLog(path);
  const entries: LogEntry[] = [];
  for (let waited = 0; waited < START_MS; waited += 100) {
    entries.push(...(await next()));
    const found = events.map((name) => entries.find(({ event }) => event === name));
    if (found.every((entry) => entry !== undefined)) return found;
    await pause(100);
  }
  throw new SwarmlockError('The gateway does not listen', { code: 'GATEWAY_SILENT', hint: `Its log is ${path}.` });
}
