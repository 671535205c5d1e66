import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

import { SwarmlockError } from '../../engine/errors.ts';
import { isRevert } from '../../sdk/errors.ts';
import { readTokenClaim } from '../../sdk/receipts.ts';
import type { Player } from '../lib/game/player.ts';
import { globalState } from '../lib/game/settled.ts';
import type { Duty } from '../lib/loop.ts';
import { firstWrongToken, readReceipt } from '../lib/recompute-answer.ts';
import type { Workshop } from '../lib/workshop.ts';
import type { ChallengerConfig } from './config.ts';

type Check = { readonly type: 'check'; readonly file: string };
type Shop = Pick<Workshop<ChallengerConfig>, 'client' | 'deployment' | 'log' | 'model' | 'states' | 'config'>;

/** Recomputes the answers whose receipts lie in a folder, each once, and takes what is wrong to the game. */
export function receiptsDuty(shop: Shop, player: Pick<Player, 'accuse'>): Duty<readonly string[], Check> {
  const { receipts: folder } = shop.config;
  const checked = new Set<string>();
  return {
    read: async () => (folder === undefined ? [] : filesIn(folder)),
    decide: (files) => files.filter((file) => !checked.has(file)).map((file) => ({ type: 'check', file })),
    async act({ file }) {
      await check(shop, player, join(folder!, file)).catch((error: unknown) => refuse(shop, file, error));
      checked.add(file);
    },
  };
}

async function filesIn(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.json')).toSorted();
}

async function check(shop: Shop, player: Pick<Player, 'accuse'>, path: string): Promise<void> {
  const receipt = await readReceipt(path);
  const { client, deployment, log, model, states } = shop;
  // What no game would be about need not be recomputed.
  await readTokenClaim(client, deployment, { receipt, index: 0 }, model.recipe.model.context);
  const index = await firstWrongToken(model, await globalState(states, receipt.root), receipt);
  const fields = { event: 'receipt', file: path, claimId: String(receipt.pledge), token: index };
  if (index === undefined) return log.info({ ...fields, outcome: 'match' }, 'the answer is right');
  log.warn({ ...fields, outcome: 'differs' }, 'a receipt is wrong');
  player.accuse({ claimId: receipt.pledge, subject: 'token', segment: 0, token: { receipt, index } });
}

/** The next file may be better; what may still come is waited for. */
function refuse({ log }: Shop, file: string, error: unknown): void {
  if (!(error instanceof SwarmlockError) || error.retryable) throw error;
  const outcome = isRevert(error) ? error.rule : error.code;
  log.warn({ event: 'receipt', file, outcome, err: error }, 'a receipt with which nobody can be challenged');
}
