import type { TransactionReceipt } from 'viem';

import { attest } from '../../sdk/availability.ts';
import type { Call } from '../../sdk/call.ts';
import { release } from '../../sdk/claims.ts';
import type { Client } from '../../sdk/client.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { isRevert, type ContractRevert } from '../../sdk/errors.ts';
import { indicesOf } from '../../sdk/member-set.ts';
import { join } from '../../sdk/membership.ts';
import { readRun, tick } from '../../sdk/run.ts';
import { approve, deposit, setNode } from '../../sdk/stake.ts';
import type { EnlistAction } from './enlist.ts';
import type { Log } from './log.ts';
import type { TickAction } from './progress.ts';
import { createProver } from './prover.ts';
import type { ReceptionAction } from './reception.ts';
import type { Sender } from './sender.ts';

export type ReleaseAction = { readonly type: 'release'; readonly claimId: bigint };

/** What all workers may do on chain. */
export type CommonAction =
  TickAction | EnlistAction | ReleaseAction | Extract<ReceptionAction, { readonly type: 'attest' }>;

/** The hand with the pen: signs calls for a worker, and takes a refusal as news. */
export type Hand = {
  /**
   * The receipt, or undefined when a contract refused: another was faster, or a window has closed. The world is read
   * again before anything else is decided on it.
   */
  send(call: Call, signal: AbortSignal): Promise<TransactionReceipt | undefined>;
  act(action: CommonAction, signal: AbortSignal): Promise<void>;
};

export type HandOptions = {
  readonly client: Client;
  readonly deployment: Deployment;
  readonly runId: bigint;
  readonly sender: Sender;
  readonly log: Log;
  /** Where rounds of drand are asked for; the public ones by default. */
  readonly drandUrls?: readonly string[];
};

/** Refusals that only mean that another worker was faster. */
const races = [
  'NothingDue',
  'AlreadyReleased',
  'NotStanding',
  'AlreadyProved',
  'AlreadyChallenged',
  'WrongStatus',
  'WrongRound',
  'NotSealing',
  'NotRevealing',
  'NoAudit',
  'WrongMembers',
  'PositionMismatch',
];

/** What keeps a worker from enlisting until its owner or operator does something; told once as long as it stays the same. */
type Hindrance = Extract<EnlistAction, { type: keyof typeof hindrances }>;
const hindrances = {
  lackStake: 'the owner has to bring some of the stake token',
  stayOut:
    'the seat ends: its owner left, or lost its deposit; after that this worker stays out until the owner joins again',
  tooDear: 'a seat costs more than allowed: waiting for a lower price, or for another limit (maxJoiningPrice)',
} as const;

function isHindrance(action: CommonAction): action is Hindrance {
  return action.type in hindrances;
}

export function createHand(options: HandOptions): Hand {
  const { sender, log } = options;
  const prover = createProver(options);
  let lastRefusal = '';
  let lastHindrance = '';
  const refused = (call: Call, error: ContractRevert): undefined => {
    const { rule, args } = error;
    // What does not change is told once. A commit that comes too late is not a race: the round is forfeited.
    const isRace = races.includes(rule) && call.name !== 'Runs.commit';
    const isOld = isRace || lastRefusal === error.message;
    lastRefusal = error.message;
    log[isOld ? 'debug' : 'warn']({ event: 'refused', call: call.name, rule, args: args.map(String) }, error.message);
  };
  const hand: Hand = {
    async send(call, signal) {
      try {
        return await sender.send(call, signal);
      } catch (error) {
        if (isRevert(error)) return refused(call, error);
        throw error;
      }
    },
    async act(action, signal) {
      if (action.type === 'prove') {
        const proof = await prover.proofOf(action.ticket);
        if (proof === undefined || (await hand.send(proof, signal)) === undefined) return;
        log.info({ event: 'prove', ticket: String(action.ticket) });
        return;
      }
      if (!isHindrance(action)) return act(options, hand, action, signal);
      const { type: event, ...figures } = action;
      const fields = Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, String(value)]));
      const told = JSON.stringify([event, fields]);
      log[told === lastHindrance ? 'debug' : 'warn']({ event, ...fields }, hindrances[event]);
      lastHindrance = told;
    },
  };
  return hand;
}

async function act(
  options: HandOptions,
  hand: Hand,
  action: Exclude<CommonAction, Hindrance | { type: 'prove' }>,
  signal: AbortSignal,
): Promise<void> {
  const { client, deployment, runId, sender, log } = options;
  switch (action.type) {
    case 'tick': {
      const { round, due: step } = await readRun(client, deployment, runId);
      if ((await hand.send(tick(deployment, runId), signal)) !== undefined) log.info({ event: 'tick', round, step });
      return;
    }
    case 'setNode':
      await hand.send(setNode(deployment, sender.address), signal);
      return;
    case 'deposit':
      await hand.send(approve(deployment, action.amount), signal);
      await hand.send(deposit(deployment, action.amount), signal);
      return;
    case 'join': {
      const { role, maxPrice } = action;
      const joined = await hand.send(join(deployment, runId, role, maxPrice), signal);
      if (joined !== undefined) log.info({ event: 'joined', role });
      return;
    }
    case 'attest': {
      const { round, received } = action;
      if ((await hand.send(attest(deployment, runId, round, received), signal)) === undefined) return;
      log.info({ event: 'attest', round, received: indicesOf(received) }, 'said whose payloads were received');
      return;
    }
    case 'release': {
      const { claimId } = action;
      if ((await hand.send(release(deployment, claimId), signal)) !== undefined) {
        log.info({ event: 'release', claimId: String(claimId) });
      }
      return;
    }
  }
}
