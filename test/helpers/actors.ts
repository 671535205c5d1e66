import { keccak256, toHex, zeroHash, type Hex } from 'viem';

import { attest } from '../../sdk/availability.ts';
import type { Call } from '../../sdk/call.ts';
import { claimIdOf, parseClaimId, readClaim, release } from '../../sdk/claims.ts';
import type { Client } from '../../sdk/client.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { isRevert } from '../../sdk/errors.ts';
import { readCommitments } from '../../sdk/events.ts';
import { partsOf, readFee, secretOf, type Opening, type RunPrograms } from '../../sdk/game.ts';
import { announce, openGame, type Target } from '../../sdk/game-moves.ts';
import { join } from '../../sdk/membership.ts';
import { claimAggregate, commit, report, type Commitment } from '../../sdk/round.ts';
import { tick } from '../../sdk/run.ts';
import { claimShares } from '../../sdk/shares.ts';
import { approve, deposit, setNode } from '../../sdk/stake.ts';
import { readSealing, readVerdicts, revealVerdict, sealVerdicts, type VerdictPart } from '../../sdk/verdicts.ts';
import { decide as decideAggregator, type AggregatorAction, type Computed } from '../../workers/aggregator/decide.ts';
import type { Accusation } from '../../workers/lib/game/accusation.ts';
import { progressReader, readLineage, type ChainFacts } from '../../workers/lib/read-progress.ts';
import type { Received, ReceptionAction } from '../../workers/lib/reception.ts';
import { absentIn, unservedIn } from '../../workers/lib/service.ts';
import type { Sender } from '../../workers/lib/sender.ts';
import { decide as decideMiner, type MinerAction, type MinerFacts, type Trained } from '../../workers/miner/decide.ts';
import { readEarlier } from '../../workers/miner/read-earlier.ts';
import { decide as decideValidator, type Judgement, type ValidatorAction } from '../../workers/validator/decide.ts';
import type { Seal } from '../../workers/validator/verdicts.ts';

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

/** Every payload is served at once. */
function receivedBy({ round, wanted }: Extract<ReceptionAction, { type: 'receive' }>): Received {
  return { round, members: wanted, looked: wanted };
}

type Action = MinerAction | ValidatorAction | AggregatorAction;

function createActor<Known>(
  stage: Stage,
  sender: Sender,
  read: (chain: ChainFacts) => Promise<Known>,
  decide: (facts: Known) => readonly Action[],
  act: (action: Action, facts: Known) => Call | void | Promise<readonly Call[]>,
): Actor {
  const { deployment, runId } = stage;
  const reader = progressReader({ ...stage, sender, owner: sender.address, tickAfter: 0 });
  const done: string[] = [];
  const callsOf = async (action: Action, facts: Known): Promise<readonly (Call | void)[]> => {
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
      case 'seal':
        return [sealVerdicts(deployment, runId, action.round, action.root)];
      case 'reveal':
        return [revealVerdict(deployment, action.verdict, action.salt, action.proof)];
      case 'report':
        return [report(deployment, runId, action.round, action.audited)];
      case 'attest':
        return [attest(deployment, runId, action.round, action.received)];
      case 'claimShares':
        return [claimShares(deployment, runId, action.seat, action.rounds)];
      case 'claim':
        return [claimAggregate(deployment, runId, action.round, action.accepted, action.nextRoot)];
      default: {
        const acted = await act(action, facts);
        return acted === undefined || 'to' in acted ? [acted] : acted;
      }
    }
  };
  return {
    done,
    async pass() {
      const facts = await read(await reader.read(signal));
      for (const action of decide(facts)) {
        const calls = await callsOf(action, facts);
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

/**
 * @param honest whether its payload and segments are what its words say
 * @param segments that it does in a round
 */
export function minerActor(stage: Stage, sender: Sender, honest: boolean, segments = 4): Actor {
  const verified: Hex[] = [];
  const over = new Set<number>();
  let received: Received = { round: 0, members: 0n, looked: 0n };
  let trained: Trained | undefined;
  let ghost: number | undefined;
  let published: MinerFacts['published'] & { round: number } = {
    round: 0,
    payload: false,
    onChain: false,
    segments: [],
  };
  const { client, deployment, runId } = stage;
  return createActor<MinerFacts>(
    stage,
    sender,
    async (chain) => {
      const { run, standing, at } = chain;
      if (published.round !== run.round) published = { round: run.round, payload: false, onChain: false, segments: [] };
      const { seat } = standing;
      const lineage = seat === undefined ? [] : await readLineage(client, deployment, chain, seat.number);
      const earlier = seat === undefined ? [] : await readEarlier(client, deployment, run, seat, over, at);
      const known = { trained, trainingShare: 1, ghost, published, earlier, received, patience: 10 };
      return { ...chain, limits, verified, lineage, ...known };
    },
    decideMiner,
    (action) => {
      if (action.type === 'receive') received = receivedBy(action);
      if (action.type === 'verify') verified.push(action.root);
      if (action.type === 'train') trained = { ...action, segments };
      if (action.type === 'playGhost') ghost = action.round;
      if (action.type === 'publishPayload') published = { ...published, payload: true };
      if (action.type === 'publishSegments') published = { ...published, segments: action.segments };
      if (action.type !== 'commit' || trained === undefined) return;
      return commit(deployment, runId, action.round, commitmentOf(trained, honest));
    },
  );
}

function commitmentOf({ parent, round, segments }: Trained, honest: boolean): Commitment {
  const segmentRoots = Array.from({ length: segments }, (_, segment) => rootOfWords(honest, round, segment));
  return {
    parent,
    startRoot: rootOfWords('start', round),
    segmentRoots,
    payloadRoot: rootOfWords(round),
    payloadBytes: 4n,
  };
}

/** What the run computes, as far as a game that is opened and not played has to know. */
export const pretendedPrograms: RunPrograms = {
  training: rootOfWords('training'),
  payload: rootOfWords('payload program'),
  aggregates: rootOfWords('aggregates'),
  zeroFirst: rootOfWords('zero', 0),
  zeroRest: rootOfWords('zero', 1),
  zeroPayload: zeroHash,
  segmentSteps: 2,
  payloadBytes: 4n,
  dataset: rootOfWords('dataset'),
  continuation: zeroHash,
  context: 1,
};

export type ValidatorScript = {
  /** Indices of the members whose re-execution differs. */
  readonly cheats: readonly number[];
  /** What it takes for the trace of a miner's last step. */
  readonly trace?: (index: number) => Hex;
};

/** @param script what its engine is pretended to find */
export function validatorActor(stage: Stage, sender: Sender, { cheats, trace }: ValidatorScript): Actor {
  const verified: Hex[] = [];
  const judgements: Judgement[] = [];
  const accused: bigint[] = [];
  let received: Received = { round: 0, members: 0n, looked: 0n };
  const seals = new Map<string, Seal>();
  const { client, deployment, runId } = stage;
  const traceOf = trace ?? ((index) => rootOfWords('trace', index));
  return createActor(
    stage,
    sender,
    async (chain) => {
      const { round, at } = chain;
      const blocks = { fromBlock: 0n, toBlock: at.blockNumber };
      const sealing = await readSealing(client, deployment, runId, round.number, sender.address, at);
      const revealed = await readVerdicts(client, deployment, { runId, round: round.number }, blocks);
      const sealOf = (part: VerdictPart) => seals.get(`${round.number} ${part}`);
      const current = judgements.filter(({ claimId }) => parseClaimId(claimId).round === round.number);
      const known = { limits, verified, judgements: current, accused, sealing, revealed };
      const kept = { seals: { duty: sealOf('duty'), standIn: sealOf('standIn') } };
      const failures = { unserved: unservedIn(round), absent: absentIn(round, revealed) };
      return { ...chain, ...known, ...kept, ...failures, releasable: [], claimable: [], received, patience: 10 };
    },
    decideValidator,
    (action) => {
      if (action.type === 'receive') received = receivedBy(action);
      if (action.type === 'verify') verified.push(action.root);
      if (action.type === 'auditAggregate') judgements.push({ claimId: action.claimId, outcome: 'match' });
      if (action.type === 'prepareSeal') {
        seals.set(`${action.round} ${action.part}`, {
          salt: rootOfWords('salt', sender.address),
          verdicts: action.verdicts,
        });
      }
      if (action.type === 'audit') {
        const { claimId, index, segment } = action.duty;
        const leaves = new Map([[sender.address, rootOfWords('leaves', index)]]);
        const found = { segment, before: rootOfWords('before', index), trace: traceOf(index), leaves };
        const wrong = { subject: 'segment', segment } as const;
        judgements.push(
          cheats.includes(index) ? { claimId, outcome: 'differs', wrong } : { claimId, outcome: 'match', found },
        );
      }
      if (action.type !== 'accuse') return;
      accused.push(action.accusation.claimId);
      return challengeOf(stage, sender, action.accusation);
    },
  );
}

/** Announces a game and opens it, with states of its own that nobody asks about. */
async function challengeOf(
  { client, deployment, runId }: Stage,
  sender: Sender,
  { claimId: id, subject, segment }: Accusation,
): Promise<readonly Call[]> {
  const { kind, round, number } = parseClaimId(id);
  const blocks = { fromBlock: 0n, toBlock: await client.getBlockNumber() };
  const marks = partsOf(0, 2)
    .slice(1)
    .map(() => rootOfWords('mark'));
  const opening: Opening = { id, subject, segment, marks: subject === 'segment' ? marks : [], salt: rootOfWords('s') };
  const revealed = await readVerdicts(client, deployment, { runId, round }, blocks);
  const verdict = revealed.find(({ claimId }) => claimId === id)?.verdict;
  const workId = verdict?.work ?? claimIdOf({ kind: 'work', runId, round, number });
  const committed = await readCommitments(client, deployment, runId, round, blocks);
  const { commitment } = committed.find(({ claimId }) => claimId === workId)!;
  const target: Target = kind === 'verdict' ? { kind, verdict: verdict!, commitment } : { kind: 'work', commitment };
  const { word } = await readClaim(client, deployment, id);
  const { maxFeePerGas: gasPrice } = await client.estimateFeesPerGas();
  const stage = subject === 'trace' ? 'invoke' : 'marks';
  const fee = await readFee(client, deployment, { stage, height: 0 }, { account: sender.address, gasPrice });
  return [
    announce(deployment, secretOf(sender.address, word, opening)),
    openGame(deployment, opening, target, pretendedPrograms, 2n * fee),
  ];
}

/** @param word what it makes of a round; each word another state */
export function aggregatorActor(stage: Stage, sender: Sender, word = 'state'): Actor {
  const verified: Hex[] = [];
  const claimed: Hex[] = [];
  let computed: readonly Computed[] = [];
  return createActor(
    stage,
    sender,
    async (chain) => ({ ...chain, limits, verified, computed, claimed, releasable: [] }),
    decideAggregator,
    (action) => {
      if (action.type === 'verify') verified.push(action.root);
      if (action.type !== 'aggregate') return;
      const { round, candidates } = action;
      computed = [...computed, { round, candidates, nextRoot: rootOfWords(word, round, candidates) }];
    },
  );
}
