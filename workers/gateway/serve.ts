import { setTimeout as pause } from 'node:timers/promises';

import type { Workplace } from '../lib/run-worker.ts';
import type { Cashier } from './cashier.ts';
import type { GatewayConfig } from './config.ts';
import { startHttp } from './http.ts';
import { createMetrics } from './metrics.ts';
import type { OwnPledge } from './pledge.ts';
import type { Relay } from './relay.ts';
import type { Served } from './request.ts';
import { routesOf } from './routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { freeTill } from './till.ts';

export type Service = {
  readonly served: Served;
  readonly relay: Relay;
  /** Undefined when requests are free. */
  readonly cashier: Cashier | undefined;
  /** Undefined when there are no receipts. */
  readonly pledge?: Pick<OwnPledge, 'flaw'> | undefined;
};

/** Answers requests until the signal aborts; then finishes those that it has taken, as far as there is time. */
export async function serve(
  { config, log, signal }: Pick<Workplace<GatewayConfig>, 'config' | 'log' | 'signal'>,
  { served, relay, cashier, pledge }: Service,
): Promise<void> {
  const metrics = createMetrics(served.modelName, relay.load);
  const counter = { ...config, served, relay, metrics, pledge, till: cashier ?? freeTill };
  const routes = [
    ...routesOf(counter, () => signal.aborted || pledge?.flaw !== undefined),
    ...(cashier === undefined ? [] : sessionRoutes(cashier, config)),
  ];
  const { server, url } = await startHttp({ ...config, log, routes });
  log.info({ event: 'listening', url }, 'listening');
  await Promise.race([relay.failed, aborted(signal)]);
  log.info({ event: 'draining', ...relay.load() }, 'finishing what was begun');
  await Promise.race([relay.drain(), relay.failed, pause(config.drainMs, undefined, { ref: false })]);
  server.close();
  server.closeIdleConnections();
  await relay.close();
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
