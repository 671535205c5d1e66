import type { Address } from 'viem';

import { readParameters, readRun, type RunParameters } from '../../sdk/run.ts';
import { commitmentBook, type CommitmentBook } from './commitments.ts';
import type { ComputeConfig, WorkerConfig } from './config.ts';
import { globalStates, type GlobalStates } from './global-states.ts';
import { createHand, type Hand } from './hand.ts';
import { patiently } from './loop.ts';
import { openModel, type Model } from './model.ts';
import { progressReader, type ProgressReader } from './read-progress.ts';
import { createReception, type Reception } from './reception.ts';
import type { Workplace } from './run-worker.ts';

export type WorkshopConfig = WorkerConfig & ComputeConfig & { readonly tickAfter: number };

/** A workplace with the run that is worked on, and what it takes to compute it. */
export type Workshop<Config> = Workplace<Config> & {
  readonly parameters: RunParameters;
  readonly model: Model;
  readonly book: CommitmentBook;
  readonly states: GlobalStates;
  readonly hand: Hand;
  readonly progress: ProgressReader;
  readonly reception: Reception;
  /** Who the key works for. */
  readonly owner: Address;
};

/** Opens the run of the configuration. @throws as `openModel` */
export async function openWorkshop<Config extends WorkshopConfig>(place: Workplace<Config>): Promise<Workshop<Config>> {
  const { client, deployment, config, log, blobs, sender } = place;
  const { runId, tickAfter } = config;
  const parameters = await patiently(() => readParameters(client, deployment, runId), place.looping);
  const model = await openModel(config, parameters);
  const book = commitmentBook(client, deployment, runId);
  const isSettled = async (root: string) => (await readRun(client, deployment, runId)).root === root;
  const { genesisRoot } = parameters;
  const states = globalStates({ model, blobs, book, log, genesisRoot, isSettled });
  const hand = createHand({ client, deployment, runId, sender, log, drandUrls: config.drandUrls });
  const owner = (config.owner as Address | undefined) ?? sender.address;
  const progress = progressReader({ client, deployment, runId, sender, owner, tickAfter });
  const { kernel } = model.executor;
  log.info(
    { event: 'ready', address: sender.address, owner, runId: String(runId), kernel },
    'recipe and kernel checked',
  );
  return { ...place, parameters, model, book, states, hand, progress, reception: createReception(states), owner };
}
