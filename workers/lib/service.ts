import { reportUnserved } from '../../sdk/availability.ts';
import type { Client } from '../../sdk/client.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { hasMember } from '../../sdk/member-set.ts';
import { readRound, type Round } from '../../sdk/round.ts';
import type { Hand } from './hand.ts';
import type { Log } from './log.ts';
import type { ChainFacts } from './read-progress.ts';

/** Show the chain that a drawn miner has not served. */
export type UnservedAction = { readonly type: 'reportUnserved'; readonly claimId: bigint };

/** Claims of drawn miners that were not available when the round's audit closed, and whose deposits still stand. */
export function unservedIn({ status, availability, duties }: Round): readonly bigint[] {
  if (status === 'open' || status === 'sealed') return [];
  return duties
    .filter(({ drawn, deposit, index }) => drawn && deposit === 'standing' && !hasMember(availability.available, index))
    .map(({ claimId }) => claimId);
}

type Options = { readonly client: Client; readonly deployment: Deployment; readonly runId: bigint };

/** Looks at the current round, and at the one before it: a round in which nobody served may be over at once. */
export function unservedReader({ client, deployment, runId }: Options): {
  read(chain: Pick<ChainFacts, 'run' | 'round' | 'at'>): Promise<readonly bigint[]>;
} {
  let before: { readonly round: number; readonly unserved: readonly bigint[] } = { round: 0, unserved: [] };
  return {
    async read({ run, round, at }) {
      const number = run.round - 1;
      if (number > 0 && (number !== before.round || before.unserved.length > 0)) {
        before = { round: number, unserved: unservedIn(await readRound(client, deployment, runId, number, at)) };
      }
      return [...before.unserved, ...unservedIn(round)];
    },
  };
}

export async function denounce(
  { deployment, hand, log }: { readonly deployment: Deployment; readonly hand: Hand; readonly log: Log },
  { claimId }: UnservedAction,
  signal: AbortSignal,
): Promise<void> {
  if ((await hand.send(reportUnserved(deployment, claimId), signal)) === undefined) return;
  log.warn({ event: 'unserved', claimId: String(claimId) }, 'a drawn miner has not served, and lost its deposit');
}
