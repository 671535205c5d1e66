import type { Address } from 'viem';

import { readClaim } from '../../sdk/claims.ts';
import type { Client } from '../../sdk/client.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { onChain } from '../../sdk/errors.ts';
import { depositIdOf, readSeatOf } from '../../sdk/membership.ts';
import { readRound, type Round } from '../../sdk/round.ts';
import { readParameters, readRun, roundOfEpoch, type At, type Run, type RunParameters } from '../../sdk/run.ts';
import { readStake } from '../../sdk/stake.ts';
import type { Standing } from './enlist.ts';
import { chainsOn, type Progress } from './progress.ts';
import type { Sender } from './sender.ts';

export type ReaderOptions = {
  readonly client: Client;
  readonly deployment: Deployment;
  readonly runId: bigint;
  readonly sender: Sender;
  /** Who the sender's key works for. */
  readonly owner: Address;
  readonly tickAfter: number;
};

/** The part of a worker's facts that the chain has, all of one block. */
export type ChainFacts = Omit<Progress, 'verified'> & { readonly standing: Standing; readonly at: Required<At> };

export type ProgressReader = { read(signal: AbortSignal): Promise<ChainFacts> };

/**
 * Reads what every worker looks at, after all that its key has sent is decided. While there is no new block, the same
 * object is returned again.
 */
export function progressReader(options: ReaderOptions): ProgressReader {
  const { client, deployment, runId, sender, tickAfter } = options;
  let parameters: RunParameters | undefined;
  let moved: Round | undefined;
  let due: { step: string; since: number } = { step: '', since: 0 };
  let last: ChainFacts | undefined;
  return {
    async read(signal) {
      await sender.settle(signal);
      parameters ??= await readParameters(client, deployment, runId);
      const at = { blockNumber: await onChain('reading the latest block', client.getBlockNumber()) };
      if (at.blockNumber === last?.at.blockNumber) return last;
      const run = await readRun(client, deployment, runId, at);
      const [round, standing] = await Promise.all([
        readRound(client, deployment, runId, run.round, at),
        readStanding(options, at),
      ]);
      moved = await lastMoved(client, deployment, run, moved, at);
      const step = `${run.round} ${run.due} ${round.ticket}`;
      if (step !== due.step) due = { step, since: run.time };
      last = { run, round, moved, parameters, standing, at, dueFor: run.time - due.since, tickAfter };
      return last;
    },
  };
}

async function readStanding({ client, deployment, runId, sender, owner }: ReaderOptions, at: At): Promise<Standing> {
  const [stake, seat] = await Promise.all([
    readStake(client, deployment, owner, at),
    readSeatOf(client, deployment, runId, owner, at),
  ]);
  const ended =
    seat?.until === undefined ? undefined : await readClaim(client, deployment, depositIdOf(runId, seat), at);
  const deposit = ended?.status === 'final' && !ended.released ? ended.id : undefined;
  return { key: sender.address, stake, seat, deposit };
}

/** Walks back from the current round, to `known` at most, to the last one that settled on an aggregate. */
async function lastMoved(
  client: Client,
  deployment: Deployment,
  run: Run,
  known: Round | undefined,
  at: At,
): Promise<Round | undefined> {
  for (let number = run.round - 1; number > (known?.number ?? 0); number -= 1) {
    const round = await readRound(client, deployment, run.id, number, at);
    if (round.aggregate !== undefined) return round;
  }
  return known;
}

/** Rounds of the epoch, ascending, on whose local state a seat's work in the current round builds. */
export async function readLineage(
  client: Client,
  deployment: Deployment,
  facts: Pick<ChainFacts, 'run' | 'parameters' | 'at'>,
  seat: number,
): Promise<readonly number[]> {
  const { run, parameters, at } = facts;
  const lineage: number[] = [];
  for (let number = run.round - 1; number > 0 && roundOfEpoch(number + 1, parameters) > 0; number -= 1) {
    const before = await readRound(client, deployment, run.id, number, at);
    if (!chainsOn(before, seat, parameters)) break;
    lineage.unshift(number);
  }
  return lineage;
}
