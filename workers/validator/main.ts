// A validator: re-executes what the beacon draws, and challenges what comes out differently.
import { createTrainer } from '../../engine/training.ts';
import { loop } from '../lib/loop.ts';
import { openDataset } from '../lib/model.ts';
import { runWorker } from '../lib/run-worker.ts';
import { openWorkshop } from '../lib/workshop.ts';
import { act } from './act.ts';
import { validatorConfig } from './config.ts';
import { decide } from './decide.ts';
import { emptyMemory, validatorReader } from './read.ts';

/** Runs a validator as the whole of this process, configured by its environment; see workers/lib/config.ts. */
export async function runValidator(): Promise<never> {
  return runWorker('validator', validatorConfig, async (place) => {
    const shop = await openWorkshop(place);
    const { model, states, blobs, config } = shop;
    const dataset = await openDataset(config.data, model.recipe);
    const trainer = await createTrainer(model.recipe, model.executor);
    const memory = emptyMemory();
    const means = { shop, memory, auditing: { model, dataset, trainer, states, blobs } };
    const { read } = validatorReader(shop, memory);
    await loop({ read, decide, act: (action, signal) => act(means, action, signal) }, shop.looping);
  });
}

if (import.meta.main) await runValidator();
