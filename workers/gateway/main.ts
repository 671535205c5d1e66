// A gateway: serves the model of a run to clients of the OpenAI API.
import { byteTokenizer } from '../../engine/data/tokenizer.ts';
import { readParameters, readRun } from '../../sdk/run.ts';
import { loop, patiently } from '../lib/loop.ts';
import { openModel } from '../lib/model.ts';
import { runWorker } from '../lib/run-worker.ts';
import { gatewayConfig } from './config.ts';
import { startDecoderThread } from './decoder-thread.ts';
import { createNotary } from './notary.ts';
import { openPayment } from './payment.ts';
import { openPledge } from './pledge.ts';
import { createRelay, type Weights } from './relay.ts';
import { renewalOf, type SettledState } from './renew.ts';
import { serve } from './serve.ts';
import { loadWeights } from './weights.ts';

/** Runs a gateway as the whole of this process, configured by its environment; see config.ts. */
export async function runGateway(): Promise<never> {
  return runWorker('gateway', gatewayConfig, async (place) => {
    const { config, client, deployment, blobs, looping, log } = place;
    const pledge = await patiently(() => openPledge(place), looping);
    const payment = config.free ? undefined : await patiently(() => openPayment(place), looping);
    const model = await openModel(
      config,
      await patiently(() => readParameters(client, deployment, config.runId), looping),
    );
    const { context } = model.recipe.model;
    const served = { modelName: config.modelName ?? model.recipe.name, context, tokenizer: byteTokenizer };
    // A step has no use for all cores.
    const execution = { ...model.executor, threads: config.threads === 0 ? 1 : config.threads, slots: config.slots };
    const load = async (state: SettledState): Promise<Weights> => {
      const { root } = state;
      const decoder = await startDecoderThread(model.recipe, await loadWeights(model, blobs, root), execution);
      log.info({ event: 'weights', root, model: served.modelName }, 'weights hash to the settled state');
      return { root, decoder, notary: pledge && createNotary(place, pledge.id, state) };
    };
    const read = () => readRun(client, deployment, config.runId);
    const relay = createRelay(await patiently(async () => load(await read()), looping), { ...config, context });
    const renewing = config.pinned ? undefined : loop(renewalOf({ relay, read, load }), looping);
    const serving = serve(place, { served, relay, cashier: payment?.cashier, pledge });
    await Promise.all([serving, payment?.settle(), renewing, pledge?.watch()]);
    await Promise.all([payment?.cashier.close(), model.close()]);
  });
}

if (import.meta.main) await runGateway();
