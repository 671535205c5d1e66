import { isAddressEqual, type Address } from 'viem';

import type { Hash } from '../../../engine/commit/hash.ts';
import { claimIdOf, readClaim } from '../../../sdk/claims.ts';
import { partsOf, readFee, secretOf, type Opening, type Subject } from '../../../sdk/game.ts';
import { readOpenedGames, type OpenedGame } from '../../../sdk/game-events.ts';
import { announce, openGame, type Target } from '../../../sdk/game-moves.ts';
import { commit } from '../../../sdk/round.ts';
import { firstDemandOf, type Demand } from '../../../workers/lib/game/demand.ts';
import type { Knowledge } from './knowledge.ts';
import type { MinerRound } from './round.ts';
import { GAS_PRICE } from './chain.ts';
import { RUN, type World } from './world.ts';

/** A claim on chain, with what it is the hash of. */
export type Claimed = { readonly id: bigint; readonly word: Hash; readonly target: Target };

/** What is said to be wrong with a claim. */
export type Dispute = { readonly subject: Subject; readonly segment?: number; readonly marks?: readonly Hash[] };

/** Commits a miner's round. */
export async function claimRound(world: World, round: MinerRound, number = 1): Promise<Claimed> {
  const seat = world.miners.findIndex((miner) => isAddressEqual(miner, round.participant)) + 1;
  await world.send(round.participant, commit(world.deployment, RUN, number, round.commitment));
  const id = claimIdOf({ kind: 'work', runId: RUN, round: number, number: seat });
  return { id, word: await wordOf(world, id), target: { kind: 'work', commitment: round.commitment } };
}

export async function wordOf({ client, deployment }: World, id: bigint): Promise<Hash> {
  return (await readClaim(client, deployment, id)).word;
}

/** How a challenger opens: with its own states inside a segment. */
export function openingOf({ recipe }: World, knowledge: Knowledge, { id }: Claimed, dispute: Dispute): Opening {
  const { subject, segment = 0 } = dispute;
  const salt: Hash = `0x${'5a'.repeat(32)}`;
  if (subject !== 'segment') return { id, subject, segment, marks: dispute.marks ?? [], salt };
  const length = recipe.round.steps / recipe.round.segments;
  const parts = partsOf(segment * length, (segment + 1) * length);
  const marks = dispute.marks ?? parts.slice(0, -1).map(({ end }) => knowledge.root(end));
  return { id, subject, segment, marks, salt };
}

/** Announces a challenge and opens it. */
export async function openDispute(
  world: World,
  by: Address,
  knowledge: Knowledge,
  claimed: Claimed,
  dispute: Dispute,
): Promise<OpenedGame> {
  const { client, deployment } = world;
  const opening = openingOf(world, knowledge, claimed, dispute);
  await world.send(by, announce(deployment, secretOf(by, claimed.word, opening)));
  const value = await feeFor(world, by, firstDemandOf(opening));
  const { blockNumber } = await world.send(by, openGame(deployment, opening, claimed.target, world.programs, value));
  const blocks = { fromBlock: blockNumber, toBlock: blockNumber };
  const [opened] = await readOpenedGames(client, deployment, { challenger: by }, blocks);
  return opened!;
}

/** What a demand must bring. */
export async function feeFor({ client, deployment }: World, account: Address, demand?: Demand): Promise<bigint> {
  return demand === undefined ? 0n : readFee(client, deployment, demand, { account, gasPrice: GAS_PRICE });
}
