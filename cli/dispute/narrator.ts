import { decodeFunctionData, isAddressEqual, parseEventLogs, type Address, type Hex } from 'viem';

import { gameAbi, stakeManagerAbi } from '../../sdk/abi/index.ts';
import { parseClaimId } from '../../sdk/claims.ts';
import type { Client } from '../../sdk/client.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { onChain } from '../../sdk/errors.ts';
import { readEvents, type RunEvent } from '../../sdk/events.ts';
import { decodedPosition, type Position, type Side } from '../../sdk/game.ts';
import { recompute } from './recompute.ts';
import { tellMove, type Finding } from './tell.ts';

/** One transaction of a game, in words. */
export type ToldMove = {
  readonly side: Side;
  readonly mover: Address;
  readonly move: string;
  readonly gas: number;
  readonly text: string;
  readonly transaction: Hex;
};

export type ToldEnd = {
  readonly claimVoided: boolean;
  /** The name of the rule. */
  readonly reason: string;
  /** Of the stake token: what the loser's bond gave to the winner, and what of it is gone. */
  readonly won: bigint;
  readonly burned: bigint;
};

/** A game from its announcement on, as far as it is told. */
export type ToldGame = {
  readonly id: bigint;
  readonly claimant: Address;
  readonly challenger: Address;
  readonly moves: ToldMove[];
  end: ToldEnd | undefined;
};

type GameEvent = Extract<RunEvent, { eventName: 'GameOpened' | 'Moved' | 'GameEnded' }>;

export type Narrator = {
  readonly games: readonly ToldGame[];
  /**
   * Takes an event of a game; gives the moves that it tells of, the announcement before an opening included. When the chain
   * does not answer, nothing has been taken, and the same event may be given again.
   */
  hear(event: RunEvent): Promise<{ readonly game: ToldGame; readonly moves: readonly ToldMove[] } | undefined>;
};

/** Tells games move by move, from what the chain says and what was sent to it. */
export function narrator(client: Client, deployment: Deployment): Narrator {
  const games: (ToldGame & { position: Position | undefined })[] = [];
  return {
    games,
    async hear(event) {
      if (!isOfGame(event)) return undefined;
      const { id, challenger } = event.args;
      if (event.eventName === 'GameOpened') {
        const { claimant } = event.args;
        const game = { id, challenger, claimant, moves: [], end: undefined, position: undefined };
        const announced = await announcementOf(client, deployment, event);
        // The opening itself is told with the position that it leads to.
        const moves = announced === undefined ? [] : await add(game, announced, undefined);
        games.push(game);
        return { game, moves };
      }
      const game = games.findLast((one) => one.id === id && isAddressEqual(one.challenger, challenger));
      if (game === undefined) return undefined;
      const end = event.eventName === 'GameEnded' ? await endOf(client, event) : undefined;
      const moves = await add(game, event.transactionHash, event);
      if (event.eventName === 'Moved') game.position = decodedPosition(event.args.position);
      game.end = end;
      return { game, moves };
    },
  };

  async function add(game: (typeof games)[number], transaction: Hex, event: GameEvent | undefined) {
    const told = await tell(client, deployment, game, game.position, transaction, event);
    game.moves.push(told);
    return [told];
  }
}

function isOfGame(event: RunEvent): event is GameEvent {
  return event.eventName === 'GameOpened' || event.eventName === 'Moved' || event.eventName === 'GameEnded';
}

/** The transaction in which a game that opens was announced: the challenger's latest. */
async function announcementOf(
  client: Client,
  { game }: Deployment,
  { blockNumber, args: { challenger } }: Extract<RunEvent, { eventName: 'GameOpened' }>,
): Promise<Hex | undefined> {
  const blocks = { fromBlock: blockNumber > 1_000n ? blockNumber - 1_000n : 0n, toBlock: blockNumber };
  const query = { address: game, abi: gameAbi, eventName: 'Announced', args: { challenger }, ...blocks } as const;
  const events = await onChain('reading announcements', client.getContractEvents(query));
  return events.at(-1)?.transactionHash;
}

async function tell(
  client: Client,
  deployment: Deployment,
  { claimant }: ToldGame,
  before: Position | undefined,
  transaction: Hex,
  event: GameEvent | undefined,
): Promise<ToldMove> {
  const [{ input, from }, { gasUsed }] = await onChain(
    'reading a move',
    Promise.all([client.getTransaction({ hash: transaction }), client.getTransactionReceipt({ hash: transaction })]),
  );
  const call = decodeFunctionData({ abi: gameAbi, data: input });
  const after = event?.eventName === 'Moved' ? decodedPosition(event.args.position) : undefined;
  const isElement =
    call.functionName === 'prove' && parseClaimId(call.args[0]).kind === 'work' && hasEvidence(call.args[6]);
  const found: Finding | undefined = isElement ? await recompute(client, deployment, call) : undefined;
  return {
    side: isAddressEqual(from, claimant) ? 'claimant' : 'challenger',
    mover: from,
    move: call.functionName,
    gas: Number(gasUsed),
    text: tellMove({ call, before, after, found }),
    transaction,
  };
}

function hasEvidence({ operands, tokens }: { operands: readonly unknown[]; tokens: { leaf: { data: Hex } } }): boolean {
  return operands.length > 0 || tokens.leaf.data !== '0x';
}

async function endOf(
  client: Client,
  { args, transactionHash: hash }: Extract<RunEvent, { eventName: 'GameEnded' }>,
): Promise<ToldEnd> {
  const { logs } = await onChain('reading a receipt', client.getTransactionReceipt({ hash }));
  const [slashed] = parseEventLogs({ abi: stakeManagerAbi, eventName: 'Slashed', logs });
  const { won = 0n, burned = 0n } = slashed?.args ?? {};
  const reason = Buffer.from(args.reason.slice(2), 'hex').toString('utf8').replaceAll('\0', '');
  return { claimVoided: args.claimVoided, reason, won, burned };
}

/** All games on claims of a run, from the chain's events. */
export async function readGames(client: Client, deployment: Deployment, runId: bigint): Promise<readonly ToldGame[]> {
  const teller = narrator(client, deployment);
  const toBlock = await onChain('reading the block number', client.getBlockNumber());
  for (const event of await readEvents(client, deployment, runId, { fromBlock: 0n, toBlock })) await teller.hear(event);
  return teller.games;
}
