import type { Hex } from 'viem';

import { SwarmlockError } from '../../engine/errors.ts';
import type { Call } from '../../sdk/call.ts';
import { challenge, release } from '../../sdk/claims.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { isRevert } from '../../sdk/errors.ts';
import { join } from '../../sdk/membership.ts';
import type { MemberSet } from '../../sdk/member-set.ts';
import { claimAggregate, commit, report, type Commitment } from '../../sdk/round.ts';
import { tick } from '../../sdk/run.ts';
import { claimShares } from '../../sdk/shares.ts';
import { approve, deposit, setNode } from '../../sdk/stake.ts';
import type { EnlistAction } from './enlist.ts';
import type { Log } from './log.ts';
import type { TickAction } from './progress.ts';
import type { Sender } from './sender.ts';

/** Actions that are transactions and nothing else. */
export type ChainAction =
  | TickAction
  | EnlistAction
  | { readonly type: 'claimShares'; readonly seat: number; readonly rounds: readonly number[] }
  | { readonly type: 'release'; readonly claimId: bigint }
  | { readonly type: 'challenge'; readonly claimId: bigint; readonly word: Hex }
  | { readonly type: 'report'; readonly round: number; readonly audited: MemberSet }
  | { readonly type: 'claim'; readonly round: number; readonly accepted: MemberSet; readonly nextRoot: Hex };

export type Office = {
  readonly sender: Sender;
  readonly deployment: Deployment;
  readonly runId: bigint;
  readonly log: Log;
};

/**
 * Refusals that say that the world has moved on since the facts were read: another was first, or a window has closed. They
 * are no errors; the next look at the chain shows what is left to do.
 */
const overtaken: Partial<Record<ChainAction['type'] | 'commit', readonly string[]>> = {
  join: ['AlreadyMember', 'PriceAboveMaximum', 'RunFull'],
  claimShares: ['NotClaimable'],
  release: ['AlreadyReleased', 'NotFinal'],
  challenge: ['AlreadyChallenged', 'WindowClosed', 'WordMismatch'],
  report: ['AlreadyReported', 'WrongRound', 'WrongStatus'],
  claim: ['AcceptedNotStanding', 'WrongRound', 'WrongStatus', 'TooManyAggregates'],
  commit: ['NothingAwaited', 'WrongRound', 'WrongStatus', 'WrongParent'],
};

/**
 * Sends what an action says and waits until it is on chain.
 * @returns whether it took effect; false when the world had moved on
 * @throws STAKE_LACKING (retryable) for `lackStake`, and what the sender throws
 */
export async function actOnChain(action: ChainAction, office: Office, signal: AbortSignal): Promise<boolean> {
  const { deployment, runId } = office;
  switch (action.type) {
    case 'tick':
      return send(office, 'tick', tick(deployment, runId), signal);
    case 'setNode':
      return send(office, 'setNode', setNode(deployment, office.sender.address), signal);
    case 'deposit':
      await send(office, 'deposit', approve(deployment, action.amount), signal);
      return send(office, 'deposit', deposit(deployment, action.amount), signal);
    case 'join':
      return send(office, 'join', join(deployment, runId, action.role, action.maxPrice), signal);
    case 'lackStake':
      throw lacking(action.needed, action.available);
    case 'claimShares':
      return send(office, 'claimShares', claimShares(deployment, runId, action.seat, action.rounds), signal);
    case 'release':
      return send(office, 'release', release(deployment, action.claimId), signal);
    case 'challenge':
      return send(office, 'challenge', challenge(deployment, action.claimId, action.word), signal);
    case 'report':
      return send(office, 'report', report(deployment, runId, action.round, action.audited), signal);
    case 'claim': {
      const { round, accepted, nextRoot } = action;
      return send(office, 'claim', claimAggregate(deployment, runId, round, accepted, nextRoot), signal);
    }
  }
}

/** Commits a miner's round. @returns false when it came too late: the round is forfeited. */
export async function commitWork(
  round: number,
  commitment: Commitment,
  office: Office,
  signal: AbortSignal,
): Promise<boolean> {
  return send(office, 'commit', commit(office.deployment, office.runId, round, commitment), signal);
}

async function send(
  { sender, log }: Office,
  type: keyof typeof overtaken,
  call: Call,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    await sender.send(call, signal);
    return true;
  } catch (error) {
    // Everyone may tick, and only one of those who do is first.
    if (type === 'tick' ? isRevert(error) : isRevert(error, ...(overtaken[type] ?? ['']))) {
      log.info({ call: call.name, err: error }, 'overtaken');
      return false;
    }
    throw error;
  }
}

function lacking(needed: bigint, available: bigint): SwarmlockError {
  return new SwarmlockError(`The owner has ${available} of the stake token, and ${needed} are needed`, {
    code: 'STAKE_LACKING',
    argument: 'stake',
    hint: 'Send stake tokens to the owner; the worker goes on by itself.',
    retryable: true,
  });
}
