import { isAddressEqual, type Address } from 'viem';

import { firstBlockAt } from '../../../sdk/blocks.ts';
import { parseClaimId, readChallenge, readClaim, readTerms } from '../../../sdk/claims.ts';
import type { Client } from '../../../sdk/client.ts';
import type { Deployment } from '../../../sdk/deployment.ts';
import { onChain } from '../../../sdk/errors.ts';
import { positionHash, readFee, readGame, readOwed, type RunPrograms } from '../../../sdk/game.ts';
import { readNamedToken, readOpenedGames, readPlayedGame, type OpenedGame } from '../../../sdk/game-events.ts';
import type { NamedToken } from '../../../sdk/receipts.ts';
import type { RunParameters } from '../../../sdk/run.ts';
import { readStake } from '../../../sdk/stake.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../log.ts';
import type { Sender } from '../sender.ts';
import type { AccusationFacts, SeenOnChain } from './accusation.ts';
import type { Disputed } from './dispute.ts';
import type { GameFacts } from './facts.ts';
import { createPatience } from './patience.ts';
import { openSession } from './session.ts';
import { keyOf, type Pending, type Seated, type Table } from './table.ts';
import type { Witness } from './witness.ts';

export type PlayerReaderOptions = {
  readonly client: Client;
  readonly deployment: Deployment;
  readonly runId: bigint;
  readonly parameters: RunParameters;
  readonly sender: Sender;
  readonly clock: Pick<Clock, 'now'>;
  readonly log: Log;
  /** Who the sender's key works for. */
  readonly owner: Address;
  readonly programs: RunPrograms;
  /** @param token of a pledge: which is disputed */
  disputedOf(claimId: bigint, token?: NamedToken): Promise<Disputed | undefined>;
  witnessOf(disputed: Disputed): Witness;
  /** Makes room, now and then: of what is not in dispute, only what can still come to it is kept. */
  tidy(disputedRounds: readonly number[]): Promise<void>;
};

export type PlayerFacts = {
  readonly games: readonly GameFacts[];
  readonly accusations: readonly AccusationFacts[];
  /** Native coin that the game owes to the worker's key, in wei. */
  readonly owed: bigint;
};

type Block = { readonly number: bigint; readonly timestamp: bigint };

/** Blocks that are searched again, in case that a re-org has changed them. */
export const OVERLAP = 32n;

/** Blocks. */
const TIDY_EVERY = 100n;

/** Reads the games that a worker plays on either side, and how its accusations stand. */
export function playerReader(options: PlayerReaderOptions, table: Table) {
  const { client, deployment, sender, programs } = options;
  let from: bigint | undefined;
  let last: Block | undefined;
  let owed = 0n;
  let tidied = 0n;
  return {
    async read(signal: AbortSignal): Promise<PlayerFacts> {
      await sender.settle(signal);
      const block = await onChain('reading the latest block', client.getBlock());
      if (block.number !== last?.number) {
        from ??= await firstBlockAt(client, options.parameters.opensAt);
        if (from <= block.number) await seat(options, table, { fromBlock: from, toBlock: block.number });
        if (block.number > OVERLAP) from = from > block.number - OVERLAP ? from : block.number - OVERLAP;
        for (const [key, game] of table.games) await follow(options, table, key, game, block);
        owed = await readOwed(client, deployment, sender.address, { blockNumber: block.number });
        if (last === undefined || block.number - tidied > TIDY_EVERY) {
          await options.tidy(roundsIn(table));
          tidied = block.number;
        }
        last = block;
      }
      const now = Number(last.timestamp);
      const accusations: AccusationFacts[] = [];
      for (const pending of table.pending.values()) {
        accusations.push(await readAccusation(options, table, pending, last));
      }
      const known = [...table.games.values()].filter(isWhole);
      return { games: known.map((game) => factsOf(game, now, programs)), accusations, owed };
    },
  };
}

function roundsIn({ games, pending }: Table): readonly number[] {
  const ids = [...[...games.values()].map(({ opened }) => opened.id), ...pending.keys()];
  return ids.map((id) => parseClaimId(id).round);
}

/** Takes a seat at games that were opened by this worker's owner, or on its claims. */
async function seat(
  options: PlayerReaderOptions,
  table: Table,
  blocks: { readonly fromBlock: bigint; readonly toBlock: bigint },
): Promise<void> {
  const { client, deployment, runId, owner } = options;
  const [asChallenger, asClaimant] = await Promise.all([
    readOpenedGames(client, deployment, { challenger: owner }, blocks),
    readOpenedGames(client, deployment, { claimant: owner }, blocks),
  ]);
  for (const opened of [...asChallenger, ...asClaimant]) {
    const key = keyOf(opened);
    if (parseClaimId(opened.id).runId !== runId || table.games.has(key)) continue;
    const seated = await sitDown(options, opened, blocks.toBlock);
    if (seated !== undefined) table.games.set(key, seated);
  }
}

async function sitDown(
  { client, deployment, clock, log, owner, disputedOf, witnessOf }: PlayerReaderOptions,
  opened: OpenedGame,
  blockNumber: bigint,
): Promise<Seated | undefined> {
  const game = await readGame(client, deployment, opened, { blockNumber });
  const isOnToken = opened.opening.subject === 'token';
  const token = isOnToken ? await readNamedToken(client, deployment, opened) : undefined;
  const disputed = game.position && (await disputedOf(opened.id, token));
  if (game.position === undefined || disputed === undefined) return undefined;
  const side = isAddressEqual(opened.challenger, owner) ? 'challenger' : 'claimant';
  const played = await readPlayedGame(client, deployment, opened, blockNumber);
  const { status: claim } = await readClaim(client, deployment, opened.id, { blockNumber });
  const { subject, segment } = opened.opening;
  const { kind, round } = disputed;
  log.info({ event: 'game', claimId: String(opened.id), kind, round, subject, segment, side }, 'a game is on');
  const session = openSession(witnessOf(disputed));
  return { opened, side, disputed, session, patience: createPatience(clock, log), played, game, claim };
}

/** Looks where a game stands now; once it is over, tells how it ended and leaves. */
async function follow(
  { client, deployment, log }: PlayerReaderOptions,
  table: Table,
  key: string,
  seated: Seated,
  { number: blockNumber }: Block,
): Promise<void> {
  const { opened, side } = seated;
  const game = await readGame(client, deployment, opened, { blockNumber });
  if (game.position !== seated.game.position || !isWhole(seated)) {
    seated.played = await readPlayedGame(client, deployment, opened, blockNumber);
  }
  seated.game = game;
  seated.claim = (await readClaim(client, deployment, opened.id, { blockNumber })).status;
  if (game.position !== undefined) return;
  table.games.delete(key);
  const { end, turns } = seated.played;
  const won = end?.claimVoided === (side === 'challenger');
  // The move that ends a game leaves no position.
  const moves = (turns.at(-1)?.moves ?? 0) + 1;
  const fields = { claimId: String(opened.id), side, won, reason: end?.reason, moves };
  log[won ? 'info' : 'warn']({ event: 'gameEnded', ...fields }, won ? 'game won' : 'game over');
}

/** Whether the moves that were read lead to where the game stands: nodes can lag behind, and re-orgs come in between. */
function isWhole({ played, game }: Seated): boolean {
  const last = played.turns.at(-1);
  return last !== undefined && positionHash(last.position) === game.position;
}

function factsOf(seated: Seated, now: number, programs: RunPrograms): GameFacts {
  const { opened, side, played, game, claim, session, patience } = seated;
  const { id, challenger } = opened;
  const { position } = played.turns.at(-1)!;
  const known = { notes: session.notes, stuck: patience.isWaiting() };
  return { name: { id, challenger }, side, played, position, game, claim, now, programs, ...known };
}

async function readAccusation(
  options: PlayerReaderOptions,
  table: Table,
  pending: Pending,
  block: Block,
): Promise<AccusationFacts> {
  const { accusation, opening, announced, patience } = pending;
  if (pending.seen?.block !== block.number) {
    pending.seen = { block: block.number, facts: await seenOnChain(options, table, accusation.claimId, block) };
  }
  return { ...pending.seen.facts, accusation, opening, announced, stuck: patience.isWaiting() };
}

async function seenOnChain(
  { client, deployment, owner, parameters, sender }: PlayerReaderOptions,
  { games }: Table,
  claimId: bigint,
  { number: blockNumber, timestamp }: Block,
): Promise<SeenOnChain> {
  const at = { blockNumber };
  const [{ status: claim }, own, terms, stake, available, cost] = await Promise.all([
    readClaim(client, deployment, claimId, at),
    readChallenge(client, deployment, claimId, owner, at),
    readTerms(client, deployment, claimId, at),
    readStake(client, deployment, owner, at),
    onChain('reading the balance', client.getBalance({ address: sender.address })),
    costOfGame(client, deployment, sender.address),
  ]);
  // What the games may still take that are on already is spoken for.
  const challenging = [...games.values()].filter(({ side }) => side === 'challenger').length;
  return {
    claim,
    own,
    finalAt: terms.finalAt,
    now: Number(timestamp),
    urgency: parameters.challengeWindow,
    funds: { available, needed: cost * BigInt(challenging + 1) },
    stake: { free: stake.free, bond: terms.challengeBond },
  };
}

/** Demands of a challenger in the longest game, and the gas of its own moves. */
const DEMANDS = 8n;
const GAS = 3_000_000n;

/** Native coin that a challenger may need for a whole game at today's prices, in wei. */
async function costOfGame(client: Client, deployment: Deployment, account: Address): Promise<bigint> {
  const { maxFeePerGas: gasPrice } = await onChain('asking for the price of gas', client.estimateFeesPerGas());
  const stages = [
    { stage: 'marks', height: 0 },
    { stage: 'nodes', height: 7 },
    { stage: 'leaf', height: 0 },
  ] as const;
  const fees = await Promise.all(stages.map((stage) => readFee(client, deployment, stage, { account, gasPrice })));
  const dearest = fees.reduce((most, fee) => (fee > most ? fee : most));
  return DEMANDS * dearest + GAS * gasPrice;
}
