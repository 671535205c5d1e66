import { reportUnserved } from '../../sdk/availability.ts';
import { parseClaimId } from '../../sdk/claims.ts';
import type { Client } from '../../sdk/client.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { hasMember, indicesOf } from '../../sdk/member-set.ts';
import { readRound, type Round } from '../../sdk/round.ts';
import { reportAbsent, type RevealedVerdict } from '../../sdk/verdicts.ts';
import type { Hand } from './hand.ts';
import type { Log } from './log.ts';
import type { ChainFacts } from './read-progress.ts';

/** A validator that has given no verdict on a claim for which it was on duty. */
export type Absence = { readonly claimId: bigint; readonly validator: number };

export type DenounceAction =
  /** Show the chain that a drawn miner has not served. */
  | { readonly type: 'reportUnserved'; readonly claimId: bigint }
  /** Show the chain that a validator was absent. */
  | ({ readonly type: 'reportAbsent' } & Absence);

/** Claims of drawn miners that were not available when the round's audit closed, and whose deposits still stand. */
export function unservedIn({ status, availability, duties }: Round): readonly bigint[] {
  if (status === 'open' || status === 'sealed') return [];
  return duties
    .filter(({ drawn, deposit, index }) => drawn && deposit === 'standing' && !hasMember(availability.available, index))
    .map(({ claimId }) => claimId);
}

/** One of its absences for each validator, once the audit is closed: claims that were available and stand unchallenged. */
export function absentIn(
  { status, availability, duties }: Round,
  revealed: readonly Pick<RevealedVerdict, 'claimId'>[],
): readonly Absence[] {
  if (status !== 'audited' && status !== 'aggregated') return [];
  const given = new Set(revealed.map(({ claimId }) => parseClaimId(claimId).number));
  const absences = new Map<number, Absence>();
  for (const duty of duties) {
    if (!duty.drawn || duty.status !== 'standing' || !hasMember(availability.available, duty.index)) continue;
    for (const validator of indicesOf(duty.validators)) {
      if (!given.has((validator << 8) | duty.index)) absences.set(validator, { claimId: duty.claimId, validator });
    }
  }
  return [...absences.values()];
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
  action: DenounceAction,
  signal: AbortSignal,
): Promise<void> {
  const { claimId } = action;
  if (action.type === 'reportUnserved') {
    if ((await hand.send(reportUnserved(deployment, claimId), signal)) === undefined) return;
    log.warn({ event: 'unserved', claimId: String(claimId) }, 'a drawn miner has not served, and lost its deposit');
    return;
  }
  const { validator } = action;
  if ((await hand.send(reportAbsent(deployment, claimId, validator), signal)) === undefined) return;
  log.warn({ event: 'absent', claimId: String(claimId), validator }, 'a validator was absent, and lost its deposit');
}
