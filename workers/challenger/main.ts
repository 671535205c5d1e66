// A challenger: recomputes what others claim, and takes what is wrong to the game. It needs no seat, only a bond.
import { openPlayer, type PlayerParts } from '../lib/game/open-player.ts';
import { loop } from '../lib/loop.ts';
import { openDataset } from '../lib/model.ts';
import { runWorker } from '../lib/run-worker.ts';
import { openWorkshop } from '../lib/workshop.ts';
import { act } from './act.ts';
import { challengerConfig } from './config.ts';
import { decide } from './decide.ts';
import { receiptsDuty } from './receipts.ts';
import { challengerReader, emptyMemory } from './read.ts';

/** Runs a challenger as the whole of this process, configured by its environment; see workers/lib/config.ts. */
export async function runChallenger(parts: PlayerParts = {}): Promise<never> {
  return runWorker('challenger', challengerConfig, async (place) => {
    const shop = await openWorkshop(place);
    const dataset = await openDataset(shop.config.data, shop.model.recipe);
    const memory = emptyMemory();
    const { read } = challengerReader(shop, memory);
    const { player, witnessing, disputedOf } = openPlayer(shop, { dataset, parts });
    const means = { shop, memory, player, witnessing, disputedOf };
    // Games go on while a claim is recomputed.
    await Promise.all([
      loop({ read, decide, act: (action, signal) => act(means, action, signal) }, shop.looping),
      loop(player.duty, shop.looping),
      loop(receiptsDuty(shop, player), shop.looping),
    ]);
  });
}

if (import.meta.main) await runChallenger();
