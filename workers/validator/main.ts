// A validator: re-executes what the beacon draws, and challenges what comes out differently.
import { join } from 'node:path';

import { trainingProgram } from '../../engine/programs.ts';
import { createTracer } from '../../engine/trace.ts';
import { createTrainer } from '../../engine/training.ts';
import { openPlayer, type PlayerParts } from '../lib/game/open-player.ts';
import { loop } from '../lib/loop.ts';
import { openDataset } from '../lib/model.ts';
import { runWorker } from '../lib/run-worker.ts';
import { openWorkshop } from '../lib/workshop.ts';
import { act } from './act.ts';
import { validatorConfig } from './config.ts';
import { decide } from './decide.ts';
import { emptyMemory, validatorReader } from './read.ts';
import { sealFile } from './seal-file.ts';

/** How a validator that is not honest differs from one that is. */
export type ValidatorParts = PlayerParts & { readonly createTracer?: typeof createTracer };

/** Runs a validator as the whole of this process, configured by its environment; see workers/lib/config.ts. */
export async function runValidator({
  createTracer: open = createTracer,
  ...parts
}: ValidatorParts = {}): Promise<never> {
  return runWorker('validator', validatorConfig, async (place) => {
    const shop = await openWorkshop(place);
    const { model, states, blobs, config } = shop;
    const dataset = await openDataset(config.data, model.recipe);
    const trainer = await createTrainer(model.recipe, model.executor);
    const tracer = await open(trainingProgram(model.recipe), model.executor);
    const memory = emptyMemory();
    const fileOf = (name: string) => sealFile(join(config.checkpoint, name), shop.log);
    const seals = { duty: fileOf('seal.json'), standIn: fileOf('stand-in.json') };
    const { player } = openPlayer(shop, { dataset, parts });
    const auditing = { model, dataset, trainer, tracer, states, blobs };
    const means = { shop, memory, seals, auditing, court: player };
    const { read } = validatorReader(shop, memory, seals);
    await Promise.all([
      loop({ read, decide, act: (action, signal) => act(means, action, signal) }, shop.looping),
      loop(player.duty, shop.looping),
    ]);
  });
}

if (import.meta.main) await runValidator();
