// A miner: trains the rounds of a run, commits to what it computed, serves what is drawn, and takes its pay.
import { join } from 'node:path';

import { createTrainer, type Trainer } from '../../engine/training.ts';
import { readRound } from '../../sdk/round.ts';
import { readRun } from '../../sdk/run.ts';
import { loop } from '../lib/loop.ts';
import { openDataset } from '../lib/model.ts';
import { runWorker } from '../lib/run-worker.ts';
import { openWorkshop, type Workshop } from '../lib/workshop.ts';
import { act } from './act.ts';
import { minerConfig, type MinerConfig } from './config.ts';
import { decide } from './decide.ts';
import { emptyMemory, minerReader } from './read.ts';
import { roundFiles } from './round-files.ts';
import type { TrainingOptions } from './training.ts';

export type MinerParts = { readonly createTrainer: typeof createTrainer };

/** Runs a miner as the whole of this process, configured by its environment; see workers/lib/config.ts. */
export async function runMiner(parts: MinerParts = { createTrainer }): Promise<never> {
  return runWorker('miner', minerConfig, async (place) => {
    const shop = await openWorkshop(place);
    const training = await openTraining(shop, parts);
    const memory = emptyMemory();
    const { read } = minerReader(shop, memory);
    const means = { shop, memory, files: training.files, training };
    await loop({ read, decide, act: (action, signal) => act(means, action, signal) }, shop.looping);
  });
}

async function openTraining(shop: Workshop<MinerConfig>, parts: MinerParts): Promise<TrainingOptions> {
  const { client, deployment, config, model, states, blobs, log, owner } = shop;
  const dataset = await openDataset(config.data, model.recipe);
  const trainer: Trainer = await parts.createTrainer(model.recipe, model.executor);
  const files = roundFiles(join(config.checkpoint, 'rounds'), log);
  const workOf: TrainingOptions['workOf'] = async (round, lineage) => {
    const { seed, parent } = await readRound(client, deployment, config.runId, round);
    return { round, seed, parent, lineage: [...lineage], owner };
  };
  const isCurrent = async (round: number) => (await readRun(client, deployment, config.runId)).round === round;
  return { model, dataset, trainer, states, files, blobs, log, workOf, isCurrent };
}

if (import.meta.main) await runMiner();
