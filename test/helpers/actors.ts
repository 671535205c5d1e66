import { keccak256, toHex, type Hex } from 'viem';

import type { Call } from '../../sdk/call.ts';
import { challenge, release } from '../../sdk/claims.ts';
import type { Client } from '../../sdk/client.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { isRevert } from '../../sdk/errors.ts';
import { readReports } from '../../sdk/events.ts';
import { join } from '../../sdk/membership.ts';
import { claimAggregate, commit, report, type Commitment } from '../../sdk/round.ts';
import { tick } from '../../sdk/run.ts';
import { claimShares } from '../../sdk/shares.ts';
import { approve, deposit, setNode } from '../../sdk/stake.ts';
import { decide as decideAggregator, type AggregatorAction, type Computed } from '../../workers/aggregator/decide.ts';
import { progressReader, readLineage, type ChainFacts } from '../../workers/lib/read-progress.ts';
import type { Sender } from '../../workers/lib/sender.ts';
import { decide as decideMiner, type MinerAction, type MinerFacts } from '../../workers/miner/decide.ts';
import { readEarlier } from '../../workers/miner/read-earlier.ts';
import { decide as decideValidator, type ValidatorAction, type Verdict } from '../../workers/validator/decide.ts';

/** A worker whose decisions and transactions are real, and whose engine is a hash of words. */
export type Actor = {
  /** Everything it has done, by type. */
  readonly done: string[];
  /** Reads, decides, acts, once. */
  pass(): Promise<void>;
};

export type Stage = { readonly client: Client; readonly deployment: Deployment; readonly runId: bigint };

const signal = new AbortController().signal;
const limits = { maxJoiningPrice: 10n ** 18n, reserve: 10n ** 18n };

/** The pretended root of anything. */
export function rootOfWords(...words: readonly unknown[]): Hex {
  return keccak256(toHex(words.map(String).join(' ')));
}

type Action = MinerAction | ValidatorAction | AggregatorAction;

function createActor<Known>(
  stage: Stage,
  sender: Sender,
  read: (chain: ChainFacts) => Promise<Known>,
  decide: (facts: Known) => readonly Action[],
  act: (action: Action, facts: Known) => Call | void,
): Actor {
  const { deployment, runId } = stage;
  const reader = progressReader({ ...stage, sender, owner: sender.address, tickAfter: 0 });
  const done: string[] = [];
  const callsOf = (action: Action, facts: Known): readonly (Call | void)[] => {
    switch (action.type) {
      case 'tick':
        return [tick(deployment, runId)];
      case 'setNode':
        return [setNode(deployment, sender.address)];
      case 'deposit':
        return [approve(deployment, action.amount), deposit(deployment, action.amount)];
      case 'join':
        return [join(deployment, runId, action.role, action.maxPrice)];
      case 'release':
        return [release(deployment, action.claimId)];
      case 'challenge':
        return [challenge(deployment, action.claimId, action.word)];
      case 'report':
        return [report(deployment, runId, action.round, action.audited)];
      case 'claimShares':
        return [claimShares(deployment, runId, action.seat, action.rounds)];
      case 'claim':
        return [claimAggregate(deployment, runId, action.round, action.accepted, action.nextRoot)];
      default:
        return [act(action, facts)];
    }
  };
  return {
    done,
    async pass() {
      const facts = await read(await reader.read(signal));
      for (const action of decide(facts)) {
        const calls = callsOf(action, facts);
        try {
          for (const call of calls) if (call !== undefined) await sender.send(call, signal);
          done.push(action.type);
        } catch (error) {
          if (action.type !== 'tick' || !isRevert(error)) throw error;
        }
      }
    },
  };
}

/** @param honest whether its payload and segments are what its words say */
export function minerActor(stage: Stage, sender: Sender, honest: boolean): Actor {
  const verified: Hex[] = [];
  const over = new Set<number>();
  let trained: MinerFacts['trained'];
  let published: MinerFacts['published'] & { round: number } = { round: 0, payload: false, segments: [] };
  const { client, deployment, runId } = stage;
  return createActor<MinerFacts>(
    stage,
    sender,
    async (chain) => {
      const { run, standing, at } = chain;
      if (published.round !== run.round) published = { round: run.round, payload: false, segments: [] };
      const { seat } = standing;
      const lineage = seat === undefined ? [] : await readLineage(client, deployment, chain, seat.number);
      const earlier = seat === undefined ? [] : await readEarlier(client, deployment, run, seat, over, at);
      return { ...chain, limits, verified, lineage, trained, published, earlier };
    },
    decideMiner,
    (action) => {
      if (action.type === 'verify') verified.push(action.root);
      if (action.type === 'train') trained = action;
      if (action.type === 'publishPayload') published = { ...published, payload: true };
      if (action.type === 'publishSegments') published = { ...published, segments: action.segments };
      if (action.type !== 'commit' || trained === undefined) return;
      return commit(deployment, runId, action.round, commitmentOf(trained.parent, action.round, honest));
    },
  );
}

function commitmentOf(parent: Hex, round: number, honest: boolean): Commitment {
  const segmentRoots = [0, 1, 2, 3].map((segment) => rootOfWords(honest, round, segment));
  return {
    parent,
    startRoot: rootOfWords('start', round),
    segmentRoots,
    payloadRoot: rootOfWords(round),
    payloadBytes: 4n,
  };
}

/** @param cheats indices of the members whose re-execution differs */
export function validatorActor(stage: Stage, sender: Sender, cheats: readonly number[]): Actor {
  const verified: Hex[] = [];
  const verdicts: Verdict[] = [];
  return createActor(
    stage,
    sender,
    async (chain) => ({ ...chain, limits, verified, verdicts, aggregateWord: undefined, patience: 10 }),
    decideValidator,
    (action) => {
      if (action.type === 'verify') verified.push(action.root);
      if (action.type === 'auditAggregate') verdicts.push({ claimId: action.claimId, outcome: 'match' });
      if (action.type !== 'audit') return;
      const { claimId, index } = action.duty;
      verdicts.push({ claimId, outcome: cheats.includes(index) ? 'differs' : 'match' });
    },
  );
}

export function aggregatorActor(stage: Stage, sender: Sender): Actor {
  const verified: Hex[] = [];
  const claimed: Hex[] = [];
  let computed: Computed | undefined;
  const { client, deployment, runId } = stage;
  return createActor(
    stage,
    sender,
    async (chain) => {
      const blocks = { fromBlock: 0n, toBlock: chain.at.blockNumber };
      const reports = await readReports(client, deployment, runId, chain.run.round, blocks);
      const audited = reports.map((one) => one.audited);
      return { ...chain, limits, verified, reports: audited, computed, claimed, releasable: [] };
    },
    decideAggregator,
    (action) => {
      if (action.type === 'verify') verified.push(action.root);
      if (action.type !== 'aggregate') return;
      const { round, candidates } = action;
      computed = { round, candidates, accepted: candidates, nextRoot: rootOfWords('state', round, candidates) };
    },
  );
}
