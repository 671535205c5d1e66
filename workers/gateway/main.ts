// A gateway: serves the model of a run to clients of the OpenAI API.
import { byteTokenizer } from '../../engine/data/tokenizer.ts';
import { readParameters, readRun } from '../../sdk/run.ts';
import { patiently } from '../lib/loop.ts';
import { openModel } from '../lib/model.ts';
import { runWorker } from '../lib/run-worker.ts';
import { gatewayConfig } from './config.ts';
import { startDecoderThread } from './decoder-thread.ts';
import { openNotary } from './notary.ts';
import { openPayment } from './payment.ts';
import { serve } from './serve.ts';
import { loadWeights } from './weights.ts';

/** Runs a gateway as the whole of this process, configured by its environment; see config.ts. */
export async function runGateway(): Promise<never> {
  return runWorker('gateway', gatewayConfig, async (place) => {
    const { config, client, deployment, blobs, looping, log } = place;
    const payment = config.free ? undefined : await patiently(() => openPayment(place), looping);
    const model = await openModel(
      config,
      await patiently(() => readParameters(client, deployment, config.runId), looping),
    );
    const { root, round, weights } = await patiently(async () => {
      const run = await readRun(client, deployment, config.runId);
      return { root: run.root, round: run.round, weights: await loadWeights(model, blobs, run.root) };
    }, looping);
    // A step has no use for all cores.
    const execution = { ...model.executor, threads: config.threads === 0 ? 1 : config.threads };
    const decoder = await startDecoderThread(model.recipe, weights, { ...execution, slots: config.slots });
    const served = {
      modelName: config.modelName ?? model.recipe.name,
      context: model.recipe.model.context,
      tokenizer: byteTokenizer,
    };
    log.info({ event: 'weights', root, model: served.modelName }, 'weights hash to the settled state');
    const notary = await patiently(() => openNotary(place, { root, round }), looping);
    await Promise.all([serve(place, { root, served, decoder, cashier: payment?.cashier, notary }), payment?.settle()]);
    await Promise.all([payment?.cashier.close(), decoder.close(), model.close()]);
  });
}

if (import.meta.main) await runGateway();
