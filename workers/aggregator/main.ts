// An aggregator: applies the outer step of each round, claims the next global state, answers who disputes it, and keeps the
// run moving.
import { openPlayer, type PlayerParts } from '../lib/game/open-player.ts';
import { loop } from '../lib/loop.ts';
import { runWorker } from '../lib/run-worker.ts';
import { openWorkshop } from '../lib/workshop.ts';
import { act } from './act.ts';
import { aggregatorConfig } from './config.ts';
import { decide } from './decide.ts';
import { aggregatorReader, emptyMemory } from './read.ts';

/** Runs an aggregator as the whole of this process, configured by its environment; see workers/lib/config.ts. */
export async function runAggregator(parts: PlayerParts = {}): Promise<never> {
  return runWorker('aggregator', aggregatorConfig, async (place) => {
    const shop = await openWorkshop(place);
    const memory = emptyMemory();
    const { read } = aggregatorReader(shop, memory);
    const { player, library } = openPlayer(shop, { parts });
    const means = { shop, memory, library };
    await Promise.all([
      loop({ read, decide, act: (action, signal) => act(means, action, signal) }, shop.looping),
      loop(player.duty, shop.looping),
    ]);
  });
}

if (import.meta.main) await runAggregator();
