// A miner: trains the rounds of a run, commits to what it computed, serves what is drawn, answers who disputes it, and takes
// its pay.
import { join } from 'node:path';
import { isAddressEqual } from 'viem';

import type { Dataset } from '../../engine/data/dataset.ts';
import { createTrainer } from '../../engine/training.ts';
import { readRound } from '../../sdk/round.ts';
import { readRun } from '../../sdk/run.ts';
import type { BlobStore } from '../lib/blobs.ts';
import { openPlayer, type PlayerParts } from '../lib/game/open-player.ts';
import { loop } from '../lib/loop.ts';
import { openDataset } from '../lib/model.ts';
import { runWorker } from '../lib/run-worker.ts';
import { openWorkshop, type Workshop } from '../lib/workshop.ts';
import { act } from './act.ts';
import { minerConfig, type MinerConfig } from './config.ts';
import { decide } from './decide.ts';
import { createPace } from './pace.ts';
import { emptyMemory, minerReader, type MinerMemory } from './read.ts';
import { roundFiles } from './round-files.ts';
import { train, type Train, type TrainingOptions } from './training.ts';

/** What a miner that is not honest does otherwise. */
export type MinerParts = PlayerParts & {
  /** Instead of training a round as the rules say. */
  train?(shop: Workshop<MinerConfig>): Train;
  /** What it serves, and what it takes from others. */
  blobs?(honest: BlobStore): BlobStore;
};

/** Runs a miner as the whole of this process, configured by its environment; see workers/lib/config.ts. */
export async function runMiner(parts: MinerParts = {}): Promise<never> {
  return runWorker('miner', minerConfig, async (place) => {
    const blobs = parts.blobs?.(place.blobs) ?? place.blobs;
    const shop = await openWorkshop({ ...place, blobs });
    const memory = emptyMemory();
    const dataset = await openDataset(shop.config.data, shop.model.recipe);
    const training = await openTraining(shop, memory, dataset);
    const { files } = training;
    const { read } = minerReader(shop, memory);
    const means = { shop, memory, files, training, train: parts.train?.(shop) ?? train };
    const { player } = openPlayer(shop, { dataset, stored: (round, root) => files.find(round, root), parts });
    // A clock runs while a claim is disputed, and a round takes long: neither waits for the other.
    await Promise.all([
      loop({ read, decide, act: (action, signal) => act(means, action, signal) }, shop.looping),
      loop(player.duty, shop.looping),
    ]);
  });
}

async function openTraining(
  shop: Workshop<MinerConfig>,
  memory: MinerMemory,
  dataset: Dataset,
): Promise<TrainingOptions> {
  const { client, deployment, config, model, states, blobs, log, owner } = shop;
  const trainer = await createTrainer(model.recipe, model.executor);
  const files = roundFiles(join(config.checkpoint, 'rounds'), log);
  const workOf: TrainingOptions['workOf'] = async (round, lineage) => {
    const { seed, parent } = await readRound(client, deployment, config.runId, round);
    return { round, seed, parent, lineage: [...lineage], owner };
  };
  const segmentsOf: TrainingOptions['segmentsOf'] = async (round) => {
    const { duties } = await readRound(client, deployment, config.runId, round);
    return duties.find((duty) => isAddressEqual(duty.owner, owner))!.segments;
  };
  const look: TrainingOptions['look'] = async (round) => {
    const { round: current, status, time } = await readRun(client, deployment, config.runId);
    return current === round ? { time, isOpen: status === 'open' } : undefined;
  };
  const oldestOpen = () => memory.oldestOpen;
  const pace = createPace();
  return { model, dataset, trainer, states, files, blobs, log, workOf, segmentsOf, pace, look, oldestOpen };
}

if (import.meta.main) await runMiner();
