import { formatLog, hexToString, numberToHex, pad, parseEventLogs, type Address, type Hex } from 'viem';

import { gameAbi } from './abi/index.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import { inSpans, type Blocks } from './events.ts';
import { decodedReceipt, type NamedToken } from './receipts.ts';
import { decodedOpening, decodedPosition, type GameName, type Opening, type Position } from './game.ts';

/** A game that was opened. */
export type OpenedGame = GameName & {
  readonly claimant: Address;
  readonly opening: Opening;
  readonly block: bigint;
};

/** One move: who made it, what it brought for the other side to see, and where the game stands after it. */
export type Turn = {
  readonly moves: number;
  readonly mover: Address;
  readonly position: Position;
  readonly marks: readonly Hex[] | undefined;
  readonly children: readonly Hex[] | undefined;
  readonly leaf: Hex | undefined;
  readonly block: bigint;
  readonly transaction: Hex;
};

/** How a game ended, and why: the name of the rule. */
export type GameEnd = { readonly claimVoided: boolean; readonly reason: string };

/** A game from its opening on, as events tell it. */
export type PlayedGame = OpenedGame & { readonly turns: readonly Turn[]; readonly end: GameEnd | undefined };

/** Games that were opened in these blocks, oldest first: of one challenger, or on claims of one claimant. */
export async function readOpenedGames(
  client: Client,
  { game }: Deployment,
  of: { readonly challenger: Address } | { readonly claimant: Address },
  blocks: Blocks,
): Promise<readonly OpenedGame[]> {
  const query = { address: game, abi: gameAbi, eventName: 'GameOpened', args: of, strict: true } as const;
  const events = await inSpans(blocks, (span) =>
    onChain('reading games', client.getContractEvents({ ...query, ...span })),
  );
  return events.map(({ args: { id, challenger, claimant, opening }, blockNumber }) => {
    return { id, challenger, claimant, opening: decodedOpening(opening), block: blockNumber };
  });
}

/** Which token a game on a pledge is about; undefined when the node does not know that game. */
export async function readNamedToken(
  client: Client,
  { game }: Deployment,
  { id, challenger, block }: OpenedGame,
): Promise<NamedToken | undefined> {
  const span = { fromBlock: block, toBlock: block };
  const query = {
    address: game,
    abi: gameAbi,
    eventName: 'TokenNamed',
    args: { id, challenger },
    strict: true,
  } as const;
  const [event] = await onChain('reading a game', client.getContractEvents({ ...query, ...span }));
  if (event === undefined) return undefined;
  const { receipt, tokens, index } = event.args;
  return { receipt: decodedReceipt(receipt, tokens), index: Number(index) };
}

/** The whole course of one game so far. */
export async function readPlayedGame(
  client: Client,
  { game }: Deployment,
  opened: OpenedGame,
  toBlock: bigint,
): Promise<PlayedGame> {
  const { id, challenger } = opened;
  // The node picks this game's events: with many games on, all events would be too many to look through for each.
  const filter = { address: game, topics: [null, numberToHex(id, { size: 32 }), pad(challenger, { size: 32 })] };
  const logs = await inSpans({ fromBlock: opened.block, toBlock }, (span) => {
    const blocks = { fromBlock: numberToHex(span.fromBlock), toBlock: numberToHex(span.toBlock) };
    const params = [{ ...filter, ...blocks }] as const;
    return onChain('reading a game', client.request({ method: 'eth_getLogs', params: [...params] }));
  });
  const events = parseEventLogs({ abi: gameAbi, logs: logs.map((log) => formatLog(log)) });
  const turns: Turn[] = [];
  let end: GameEnd | undefined;
  let brought: Pick<Turn, 'marks' | 'children' | 'leaf'> = nothing;
  for (const { eventName, args, blockNumber, transactionHash } of events) {
    if (eventName === 'Marked') brought = { ...brought, marks: args.marks };
    if (eventName === 'Split') brought = { ...brought, children: args.children };
    if (eventName === 'LeafOpened') brought = { ...brought, leaf: args.data };
    if (eventName === 'GameEnded') end = { claimVoided: args.claimVoided, reason: textOf(args.reason) };
    if (eventName !== 'Moved') continue;
    const { moves, mover, position } = args;
    const at = { block: blockNumber, transaction: transactionHash };
    turns.push({ moves, mover, position: decodedPosition(position), ...brought, ...at });
    brought = nothing;
  }
  return { ...opened, turns, end };
}

const nothing = { marks: undefined, children: undefined, leaf: undefined } as const;

function textOf(reason: Hex): string {
  return hexToString(reason, { size: 32 });
}
