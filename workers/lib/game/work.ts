import type { Address } from 'viem';

import type { Hash } from '../../../engine/commit/hash.ts';
import { ownershipAbi } from '../../../sdk/abi/index.ts';
import { claimIdOf } from '../../../sdk/claims.ts';
import type { Client } from '../../../sdk/client.ts';
import type { Deployment } from '../../../sdk/deployment.ts';
import { onChain } from '../../../sdk/errors.ts';
import { readCommitments } from '../../../sdk/events.ts';
import { readRound, type Commitment } from '../../../sdk/round.ts';
import { roundOfEpoch, type RunParameters } from '../../../sdk/run.ts';
import type { CommitmentBook } from '../commitments.ts';

/** One miner's round, as it is claimed. */
export type Work = {
  readonly claimId: bigint;
  readonly round: number;
  readonly seat: number;
  readonly index: number;
  readonly owner: Address;
  /** The hash of everything claimed. */
  readonly word: Hash;
  readonly commitment: Commitment;
  /** Of the round's batches. */
  readonly seed: Hash;
};

/** The seat's round before, where it may or must go on from its local state. */
export type Before = {
  readonly work: Work;
  /** It is voided: the round may as well start from nothing, since the void may have come before its commit or after. */
  readonly voided: boolean;
};

/** Reads what miners have claimed, also in past rounds. */
export type Works = {
  /** A miner's round; undefined when it has not committed. */
  of(round: number, seat: number): Promise<Work | undefined>;
  /** All that was committed in a round so far, in ascending index. */
  in(round: number): Promise<readonly Work[]>;
  /** What a round goes on from; undefined when it starts from nothing. */
  before(work: Work): Promise<Before | undefined>;
};

export type WorksOptions = {
  readonly client: Client;
  readonly deployment: Deployment;
  readonly runId: bigint;
  readonly book: CommitmentBook;
  readonly parameters: Pick<RunParameters, 'epochRounds'>;
};

export function worksReader({ client, deployment, runId, book, parameters }: WorksOptions): Works {
  const works: Works = {
    async of(round, seat) {
      return (await works.in(round)).find((work) => work.seat === seat);
    },
    async in(round) {
      const committed = await readCommitments(client, deployment, runId, round, await book.blocksSince(round));
      const { seed } = await readRound(client, deployment, runId, round);
      return committed.map((one) => ({ ...one, round, seed })).toSorted((a, b) => a.index - b.index);
    },
    async before({ round, seat }) {
      if (roundOfEpoch(round, parameters) === 0) return undefined;
      const { isAccepted, isVoided } = await onChain(
        'Ownership.earningOf',
        client.readContract({
          address: deployment.ownership,
          abi: ownershipAbi,
          functionName: 'earningOf',
          args: [runId, round - 1, seat],
        }),
      );
      const work = isAccepted ? await works.of(round - 1, seat) : undefined;
      return work && { work, voided: isVoided };
    },
  };
  return works;
}

/** The id of the claim of a seat's round. */
export function workClaim(runId: bigint, round: number, seat: number): bigint {
  return claimIdOf({ kind: 'work', runId, round, number: seat });
}
