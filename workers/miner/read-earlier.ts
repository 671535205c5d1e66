import { claimIdOf, readClaim } from '../../sdk/claims.ts';
import type { Client } from '../../sdk/client.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import type { Seat } from '../../sdk/membership.ts';
import type { At, Run } from '../../sdk/run.ts';
import { readPay, type PayStatus } from '../../sdk/shares.ts';
import type { EarlierWork } from './decide.ts';

const over: readonly PayStatus[] = ['unearned', 'paid', 'forfeited'];

/**
 * A seat's rounds before the current one that still have something to collect. `done` remembers, from one call to the
 * next, the rounds that will never have.
 */
export async function readEarlier(
  client: Client,
  deployment: Deployment,
  run: Run,
  seat: Seat,
  done: Set<number>,
  at: At,
): Promise<readonly EarlierWork[]> {
  const earlier: EarlierWork[] = [];
  for (let round = seat.since; round < run.round; round += 1) {
    if (done.has(round)) continue;
    const claimId = claimIdOf({ kind: 'work', runId: run.id, round, number: seat.number });
    const [claim, pay] = await Promise.all([
      readClaim(client, deployment, claimId, at),
      readPay(client, deployment, run.id, round, seat.number, at),
    ]);
    const isOver = claim.status === 'none' || claim.status === 'voided' || claim.released;
    if (isOver && over.includes(pay.status)) done.add(round);
    else earlier.push({ round, claimId, pay: pay.status, claim: claim.status, released: claim.released });
  }
  return earlier;
}
