import { byteTokenizer } from '../../engine/data/tokenizer.ts';
import { createDecoder, type Decoder } from '../../engine/decoding/decoder.ts';
import type { Cashier } from '../../workers/gateway/cashier.ts';
import { gatewayConfig, type GatewayConfig } from '../../workers/gateway/config.ts';
import type { Notary } from '../../workers/gateway/notary.ts';
import { createRelay, type Relay } from '../../workers/gateway/relay.ts';
import { serve } from '../../workers/gateway/serve.ts';
import { recordingLog } from './logs.ts';
import type { TinyModel } from './tiny-model.ts';
import { until } from './worker-processes.ts';

/** A gateway inside this process. */
export type LocalGateway = {
  readonly url: string;
  readonly relay: Relay;
  /** As on a SIGTERM; resolves when it has ended. */
  stop(): Promise<void>;
};

/** Settings without which a worker does not start. */
export const needed = {
  rpcUrl: 'http://127.0.0.1:1',
  chainId: 1,
  deployment: 'none',
  runId: 1n,
  blobs: 'none',
  checkpoint: 'none',
  recipe: 'none',
};

export type LocalOptions = {
  readonly settings?: Partial<GatewayConfig>;
  /** Without one, requests are free. */
  readonly cashier?: Cashier;
  /** Signs for answers. */
  readonly notary?: Notary;
  /** Stands between the scheduler and the decoder. */
  wrap?(decoder: Decoder): Decoder;
};

/** Starts a gateway on a free port that serves the initial weights of a tiny model. */
export async function startLocalGateway(
  { model, genesis }: TinyModel,
  { settings = {}, cashier, notary, wrap = (decoder) => decoder }: LocalOptions = {},
): Promise<LocalGateway> {
  const config = { ...gatewayConfig.parse({ ...needed, port: 0, slots: 4 }), ...settings };
  const decoder = await createDecoder(model.recipe, genesis.state, { ...model.executor, slots: config.slots });
  const { log, lines } = recordingLog();
  const stop = new AbortController();
  const { context } = model.recipe.model;
  const served = { modelName: 'tiny', context, tokenizer: byteTokenizer };
  const relay = createRelay({ root: genesis.root, decoder: wrap(decoder), notary }, { ...config, context });
  const place = { config, log, signal: stop.signal };
  const ended = serve(place, { served, relay, cashier });
  const url = await until('the address', () => lines.find(({ event }) => event === 'listening')?.['url'] as string);
  return {
    url,
    relay,
    async stop() {
      stop.abort();
      await ended;
    },
  };
}
