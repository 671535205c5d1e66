import { setTimeout as pause } from 'node:timers/promises';
import type { Address } from 'viem';

import { SwarmlockError } from '../../engine/errors.ts';
import { actionsOf } from '../../sdk/actions.ts';
import { pledgeIn } from '../../sdk/receipts.ts';
import { logOf, newActor, programOf, type Actor, type Venue } from './actors.ts';
import { fund, type DemoChain } from './chain.ts';
import { death, type Fleet } from './fleet.ts';
import { tailLog, type LogEntry } from './log-tail.ts';
import { bonds } from './plan.ts';
import { walletOf } from './wallet.ts';

/** In the smallest unit of credits: a tenth of a credit for a token of the prompt, one for a token of the answer. */
export const prices = { prompt: 100_000, token: 1_000_000 } as const;

const START_MS = 60_000;
const SETTLE_MS = 30_000;
const LOOK_MS = 100;

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

/** Starts a gateway with a new key and a pledge, and waits until it listens. @throws CHILD_DIED, GATEWAY_SILENT */
export async function startGateway(fleet: Fleet, chain: DemoChain, venue: Venue): Promise<Gateway> {
  const actor = newActor('gateway', 'gateway');
  await fund(chain, actor.address, bonds.challengeBond);
  const pledge = await pledgeAs(actor, chain, venue.runId);
  const terms = { SWARMLOCK_SESSIONS: chain.deployment.sessions, SWARMLOCK_PLEDGE: String(pledge) };
  const url = await launch(fleet, { ...actor, settings: { ...settings, ...terms } }, venue);
  return { address: actor.address, url, route: await routeIn(logOf(venue.folder, actor)) };
}

/** Starts a gateway, and gives its address once it listens. @throws CHILD_DIED, GATEWAY_SILENT */
export async function launch(fleet: Fleet, actor: Actor, venue: Venue): Promise<string> {
  const program = programOf(actor, venue);
  fleet.start(program);
  const listening = heard(logOf(venue.folder, actor), ['listening']);
  const [entry] = await Promise.race([death(fleet, program), listening]);
  return String(entry!['url']);
}

/** The route of a gateway that listens and is paid. @param log its path */
export async function routeIn(log: string): Promise<number> {
  const [offer] = await heard(log, ['offer']);
  return Number(offer!['route']);
}

/** Puts the smallest bond behind what the gateway will sign. */
async function pledgeAs({ key, address }: Actor, chain: DemoChain, runId: bigint): Promise<bigint> {
  const { stake, receipts } = actionsOf(chain.client, walletOf(chain, key), chain.deployment);
  const { challengeBond: bond } = bonds;
  await stake.approve(bond);
  await stake.deposit(bond);
  return pledgeIn(await receipts.pledge(runId, address, bond))!;
}

/** The entries of a log with these names, once it has them all. @throws GATEWAY_SILENT */
export async function heard(
  path: string,
  events: readonly string[],
  patienceMs = START_MS,
): Promise<readonly LogEntry[]> {
  const next = tailLog(path);
  const entries: LogEntry[] = [];
  for (let waited = 0; waited < patienceMs; waited += LOOK_MS) {
    entries.push(...(await next()));
    const found = events.map((name) => entries.find(({ event }) => event === name));
    if (found.every((entry) => entry !== undefined)) return found;
    await pause(LOOK_MS);
  }
  throw new SwarmlockError('The gateway does not listen', { code: 'GATEWAY_SILENT', hint: `Its log is ${path}.` });
}

/** Until the gateway has drawn what its answer has cost, to the unit. @param readDrawn by it so far @throws NOT_SETTLED */
export async function settled(cost: number, readDrawn: () => Promise<number>, patienceMs = SETTLE_MS): Promise<void> {
  let drawn = 0;
  for (let waited = 0; waited < patienceMs; waited += LOOK_MS) {
    drawn = await readDrawn();
    if (drawn === cost) return;
    await pause(LOOK_MS);
  }
  throw new SwarmlockError(`The gateway has drawn ${drawn} units of credits for an answer that costs ${cost}`, {
    code: 'NOT_SETTLED',
    argument: String(drawn),
  });
}
