import type { Address, Hex } from 'viem';

import { SwarmlockError } from '../engine/errors.ts';
import { parseClaimId, readClaim } from './claims.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { isRevert } from './errors.ts';
import { readPledge, type Pledge } from './receipts.ts';
import { readRound } from './round.ts';

/** What the chain says of a run's receipts. */
export type Pledges = {
  /** The contract for which they are signed. */
  readonly receipts: Address;
  /** The key that signs under a pledge. @throws PLEDGE_INVALID when that answers for nothing */
  keyOf(pledge: bigint): Promise<Address>;
  /** The state that a round starts from; undefined when there is no such round yet. */
  rootOf(round: number): Promise<Hex | undefined>;
};

export function runPledges(client: Client, deployment: Deployment, runId: bigint): Pledges {
  return {
    receipts: deployment.receipts,
    keyOf: async (pledge) => (await requirePledge(client, deployment, runId, pledge)).key,
    async rootOf(round) {
      try {
        return (await readRound(client, deployment, runId, round)).parent;
      } catch (error) {
        if (isRevert(error, 'UnknownRound')) return undefined;
        throw error;
      }
    },
  };
}

/** When a pledge is over that has not been ended (contracts/types/Time.sol). */
const NEVER = 2 ** 48 - 1;

/** A pledge that answers for what its key signs for a run from now on. @throws PLEDGE_INVALID */
export async function requirePledge(
  client: Client,
  deployment: Deployment,
  runId: bigint,
  id: bigint,
): Promise<Pledge> {
  const { kind, runId: named } = parseClaimId(id);
  const isOfRun = kind === 'pledge' && named === runId;
  const pledge = isOfRun ? await readPledge(client, deployment, id) : undefined;
  if (pledge === undefined) throw invalid(id, `it is none for run ${runId}`);
  const { status } = await readClaim(client, deployment, id);
  if (status !== 'standing' && status !== 'frozen') throw invalid(id, `it is ${status}`);
  if (pledge.finalAt !== NEVER) throw invalid(id, `it was ended, and cannot be challenged from ${pledge.finalAt}`);
  return pledge;
}

function invalid(id: bigint, why: string): SwarmlockError {
  return new SwarmlockError(`The pledge ${id} does not answer for receipts: ${why}`, {
    code: 'PLEDGE_INVALID',
    argument: 'pledge',
    hint: 'A gateway needs a pledge that stands, or none. A client uses another gateway.',
  });
}
