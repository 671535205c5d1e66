import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isAddressEqual, type Address } from 'viem';

import { SwarmlockError } from '../../engine/errors.ts';
import { readCreditsOf } from '../../sdk/credits.ts';
import { inNewBlocks } from '../../sdk/events.ts';
import { registeredRoute, registerRoute, WHOLE } from '../../sdk/route.ts';
import { readChangedSessions, readCloseDelay, readGatewayOf, readSession } from '../../sdk/sessions.ts';
import type { SignedVoucher } from '../../sdk/vouchers.ts';
import { writeFileAtomic } from '../lib/atomic-file.ts';
import { loop } from '../lib/loop.ts';
import type { Workplace } from '../lib/run-worker.ts';
import { act } from './act.ts';
import { openCashier, type Cashier } from './cashier.ts';
import type { GatewayConfig } from './config.ts';
import { decide } from './decide.ts';
import type { Offer } from './payment-required.ts';
import { tillReader } from './read.ts';
import { voucherFiles } from './voucher-files.ts';

/** A cashier, and what it does in the background. */
export type Payment = { readonly cashier: Cashier; settle(): Promise<void> };

/** What has to be said of prices when requests are not free. */
type Terms = { readonly sessions: Address; readonly promptPrice: number; readonly tokenPrice: number };

/** While a session is being closed it is looked at so many times, whatever is heard of it. */
const LOOKS = 8;

/** Opens the cashier of a gateway that is paid. @throws CONFIG_INVALID naming what is missing */
export async function openPayment(place: Workplace<GatewayConfig>): Promise<Payment> {
  const { config, client, deployment, sender, log, clock, looping } = place;
  const terms = requireTerms(config);
  const credits = await readCreditsOf(client, deployment, config.runId);
  const at = { sessions: terms.sessions, credits };
  const route = config.route ?? (await ownRoute(place, at.sessions));
  await requireOwn(place, at.sessions, route);
  const { chainId, tokensPerVoucher, pledge } = config;
  const offer: Offer = { ...at, ...terms, tokensPerVoucher, chainId, gateway: sender.address, route, pledge };
  const files = voucherFiles(join(config.checkpoint, 'vouchers'), log);
  const read = (id: bigint) => readSession(client, at, id);
  const cashier = await openCashier({ ...config, offer, files, clock, readSession: read });
  const skipped = new WeakSet<SignedVoucher>();
  const lookMs = (1_000 * (await readCloseDelay(client, at))) / LOOKS;
  const changes = inNewBlocks(client, (blocks) => readChangedSessions(client, at, blocks));
  const reader = tillReader({ cashier, skipped, clock, limits: config, lookMs, changes, readSession: read });
  const means = { at, sender, cashier, skipped, log, readSession: read };
  log.info({ event: 'offer', ...offer, pledge: pledge && String(pledge) }, 'requests are paid');
  return {
    cashier,
    settle: () => loop({ ...reader, decide, act: (action, stop) => act(means, action, stop) }, looping),
  };
}

function requireTerms({ sessions, promptPrice, tokenPrice }: GatewayConfig): Terms {
  const terms = { sessions, promptPrice, tokenPrice };
  const missing = Object.entries(terms).find(([, value]) => value === undefined);
  if (missing === undefined) return terms as Terms;
  throw new SwarmlockError(`Nothing says ${missing[0]}, and requests are not free`, {
    code: 'CONFIG_INVALID',
    argument: missing[0],
    hint: 'Set sessions, promptPrice and tokenPrice, or SWARMLOCK_FREE=true to serve everybody without payment.',
  });
}

/** Sessions for another's route are not for this gateway. */
async function requireOwn({ client, sender }: Workplace<GatewayConfig>, sessions: Address, route: number) {
  const gateway = await readGatewayOf(client, { sessions }, route);
  if (isAddressEqual(gateway, sender.address)) return;
  throw new SwarmlockError(`Route ${route} was registered by ${gateway}, not by ${sender.address}`, {
    code: 'ROUTE_MISMATCH',
    argument: 'route',
    hint: 'Give a route that this key has registered, or none.',
  });
}

/** A route that pays all to whom this gateway works for, registered when it starts for the first time. */
async function ownRoute({ config, sender, signal }: Workplace<GatewayConfig>, sessions: Address): Promise<number> {
  const path = join(config.checkpoint, `route-${sessions.toLowerCase()}`);
  const known = await readFile(path, 'utf8').catch(() => undefined);
  if (known !== undefined) return Number(known);
  const account = (config.owner as Address | undefined) ?? sender.address;
  const receipt = await sender.send(registerRoute({ sessions }, [{ account, weight: WHOLE }]), signal);
  const route = registeredRoute(receipt)!;
  await writeFileAtomic(path, Buffer.from(String(route)));
  return route;
}
