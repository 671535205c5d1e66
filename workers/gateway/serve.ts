import { setTimeout as pause } from 'node:timers/promises';

import type { Workplace } from '../lib/run-worker.ts';
import type { Cashier } from './cashier.ts';
import type { GatewayConfig } from './config.ts';
import { startHttp } from './http.ts';
import { createMetrics } from './metrics.ts';
import type { Notary } from './notary.ts';
import type { Served } from './request.ts';
import { routesOf } from './routes.ts';
import { sessionRoutes } from './session-routes.ts';
import { createScheduler, type TokenSource } from './scheduler.ts';
import { freeTill } from './till.ts';

export type Service = {
  /** The root of the decoder's weights. */
  readonly root: string;
  readonly served: Served;
  readonly decoder: TokenSource;
  /** Undefined when requests are free. */
  readonly cashier: Cashier | undefined;
  /** Undefined when nobody answers for what is served. */
  readonly notary?: Notary | undefined;
};

/** Answers requests until the signal aborts; then finishes those that it has taken, as far as there is time. */
export async function serve(
  { config, log, signal }: Pick<Workplace<GatewayConfig>, 'config' | 'log' | 'signal'>,
  { root, served, decoder, cashier, notary }: Service,
): Promise<void> {
  const scheduler = createScheduler({ ...config, decoder, context: served.context });
  const metrics = createMetrics(served.modelName, scheduler.load);
  const stopped = new AbortController();
  const counter = { ...config, served, root, scheduler, metrics, till: cashier ?? freeTill, notary };
  const routes = [
    ...routesOf(counter, () => signal.aborted),
    ...(cashier === undefined ? [] : sessionRoutes(cashier, config)),
  ];
  const { server, url } = await startHttp({ ...config, log, routes });
  log.info({ event: 'listening', url }, 'listening');
  const decoding = scheduler.run(stopped.signal);
  await Promise.race([decoding, aborted(signal)]);
  log.info({ event: 'draining', ...scheduler.load() }, 'finishing what was begun');
  await Promise.race([scheduler.drain(), pause(config.drainMs, undefined, { ref: false })]);
  stopped.abort();
  server.close();
  server.closeIdleConnections();
  await decoding;
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
