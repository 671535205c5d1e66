import { join } from 'node:path';

import type { Dataset } from '../../../engine/data/dataset.ts';
import type { Hash } from '../../../engine/commit/hash.ts';
import { createTrainer, type Trainer } from '../../../engine/training.ts';
import { readRun } from '../../../sdk/run.ts';
import { segmentSpan } from '../steps.ts';
import type { Workshop, WorkshopConfig } from '../workshop.ts';
import type { Strategy } from './decide.ts';
import { readDisputed, readDisputedToken, type Disputed, type DisputedClaim } from './dispute.ts';
import { honestWitness, type WitnessMeans } from './honest-witness.ts';
import { openLibrary, type Library } from './library.ts';
import { createPlayer, type Player } from './player.ts';
import { createReplay } from './replay.ts';
import { createTracers } from './tracers.ts';
import type { Witness } from './witness.ts';
import { worksReader } from './work.ts';

/** How a player that is not honest differs from one that is; all of it by default not at all. */
export type PlayerParts = {
  readonly strategy?: Strategy;
  witness?(honest: Witness, disputed: Disputed): Witness;
};

/** What of a workshop a player uses. */
export type PlayerShop = Pick<
  Workshop<WorkshopConfig>,
  | 'client'
  | 'deployment'
  | 'clock'
  | 'log'
  | 'blobs'
  | 'sender'
  | 'parameters'
  | 'model'
  | 'book'
  | 'states'
  | 'hand'
  | 'owner'
> & { readonly config: Pick<WorkshopConfig, 'runId' | 'checkpoint'> };

export type PlayerNeeds = {
  /** Without it, only what is served can be disputed. */
  readonly dataset?: Dataset;
  /** States that the worker has anyway, as it stores them. */
  readonly stored?: (round: number, root: Hash) => Promise<Uint8Array | undefined>;
  readonly parts?: PlayerParts;
};

/** A player with its means, for what its worker does besides playing. */
export type OpenPlayer = {
  readonly player: Player;
  readonly library: Library;
  readonly witnessing: WitnessMeans;
  disputedOf(claimId: bigint): Promise<DisputedClaim | undefined>;
};

/** Opens the player of a worker: it plays the games on the worker's claims, and those that the worker opens. */
export function openPlayer(shop: PlayerShop, { dataset, stored, parts = {} }: PlayerNeeds): OpenPlayer {
  const { client, deployment, config, clock, log, blobs, sender, parameters, model, book, states, hand, owner } = shop;
  const { runId } = config;
  const folder = join(config.checkpoint, 'disputed');
  const library = openLibrary({ folder, model, shared: blobs, log, ...(stored && { stored }) });
  const reading = { client, deployment, runId, book, parameters };
  const works = worksReader(reading);
  const disputedOf = (claimId: bigint) => readDisputed(reading, works, claimId);
  let trainer: Promise<Trainer> | undefined;
  const sources = { model, dataset, states, library, works };
  const replay = createReplay({
    ...sources,
    log,
    owner,
    trainer: () => (trainer ??= createTrainer(model.recipe, model.executor)),
  });
  const means: WitnessMeans = { ...sources, replay, tracers: createTracers(model) };
  const { strategy, witness = (honest: Witness) => honest } = parts;
  const tidy = async (disputed: readonly number[]) => {
    const { round } = await readRun(client, deployment, runId);
    await library.sweep(Math.min(round - 2 * parameters.epochRounds, ...disputed));
  };
  const player = createPlayer({
    client,
    deployment,
    runId,
    parameters,
    sender,
    clock,
    log,
    owner,
    hand,
    programs: model.programs,
    aggregates: model.aggregates,
    disputedOf: (claimId, token) => (token === undefined ? disputedOf(claimId) : readDisputedToken(reading, token)),
    witnessOf: (disputed) => witness(honestWitness(means, disputed), disputed),
    tidy,
    spanOf: (segment) => segmentSpan(model.recipe, segment),
    ...(strategy && { strategy }),
  });
  return { player, library, witnessing: means, disputedOf };
}
