import type { Address } from 'viem';

import type { Call } from '../../../sdk/call.ts';
import { readClaim } from '../../../sdk/claims.ts';
import { isRevert } from '../../../sdk/errors.ts';
import { moverIn, readGame, type Position, type Side, type Stage } from '../../../sdk/game.ts';
import { readPlayedGame, type OpenedGame, type PlayedGame } from '../../../sdk/game-events.ts';
import { abandon, play, type Move } from '../../../sdk/game-moves.ts';
import { decideGame, honestStrategy, type GameAction, type Strategy } from '../../../workers/lib/game/decide.ts';
import { demandOf } from '../../../workers/lib/game/demand.ts';
import type { GameFacts, Notes } from '../../../workers/lib/game/facts.ts';
import { feeFor } from './claims.ts';
import { workOut, type Knowledge } from './knowledge.ts';
import type { World } from './world.ts';

/** One side: what it knows and how it plays. */
export type Player = { readonly address: Address; readonly knowledge: Knowledge; readonly strategy: Strategy };

export function honestPlayer(address: Address, knowledge: Knowledge): Player {
  return { address, knowledge, strategy: honestStrategy };
}

/** Whose rules are the honest ones but for some. */
export function scriptedPlayer(
  address: Address,
  knowledge: Knowledge,
  { claimant = {}, challenger = {} }: { [side in Side]?: Partial<Strategy[side]> } = {},
): Player {
  const strategy = {
    claimant: { ...honestStrategy.claimant, ...claimant },
    challenger: { ...honestStrategy.challenger, ...challenger },
  };
  return { address, knowledge, strategy };
}

/** A game on the board: who plays, and what each has worked out so far. */
export type Match = {
  readonly opened: OpenedGame;
  readonly sides: { readonly [side in Side]: Player };
  readonly notes: { [side in Side]: Notes };
  /** Rules for which the contract has refused a move. Who has no better one keeps silent. */
  readonly refusals: string[];
};

export function matchOf(opened: OpenedGame, claimant: Player, challenger: Player): Match {
  const nothing = { roots: new Map() };
  return { opened, sides: { claimant, challenger }, notes: { claimant: nothing, challenger: nothing }, refusals: [] };
}

/** Where a match stands. */
export async function look({ client, deployment }: World, { opened }: Match): Promise<PlayedGame> {
  return readPlayedGame(client, deployment, opened, await client.getBlockNumber());
}

/** What one side sees. */
export async function factsFor(world: World, match: Match, side: Side): Promise<GameFacts> {
  const { client, deployment, programs } = world;
  const { id, challenger } = match.opened;
  const name = { id, challenger };
  const played = await look(world, match);
  const { status } = await readClaim(client, deployment, id);
  const { timestamp } = await client.getBlock();
  return {
    ...{ name, side, played, programs, claim: status },
    position: played.turns.at(-1)!.position,
    game: await readGame(client, deployment, name),
    now: Number(timestamp),
    notes: match.notes[side],
  };
}

/** What one side would do now, after it has worked out what that takes. */
export async function choose(world: World, match: Match, side: Side): Promise<GameAction | undefined> {
  const player = match.sides[side];
  const facts = await factsFor(world, match, side);
  for (;;) {
    const [action] = decideGame({ ...facts, notes: match.notes[side] }, player.strategy);
    if (action?.type !== 'prepare') return action;
    match.notes[side] = await workOut(player.knowledge, match.notes[side], action.position, action.want);
  }
}

/** One move of whose turn it is. False when that side keeps silent, or the game is over. */
export async function move(world: World, match: Match): Promise<boolean> {
  const { end, turns } = await look(world, match);
  if (end !== undefined) return false;
  const side = moverIn(turns.at(-1)!.position.stage)!;
  return act(world, match, side);
}

/** A move, the position that it answers, and what it must bring. */
export type NextTurn = { readonly position: Position; readonly move: Move; readonly value: bigint };

/** What one side would play now; undefined when it would not play. */
export async function nextTurn(world: World, match: Match, side: Side): Promise<NextTurn | undefined> {
  const action = await choose(world, match, side);
  if (action?.type !== 'play') return undefined;
  const { position, move: chosen } = action;
  const { program } = match.notes[side].trace ?? {};
  const value = await feeFor(world, match.sides[side].address, demandOf(position, chosen, program));
  return { position, move: chosen, value };
}

/** The transaction of what one side would do now; undefined when it would do nothing. */
export async function nextCall(world: World, match: Match, side: Side): Promise<Call | undefined> {
  const { deployment, client } = world;
  const { status } = await readClaim(client, deployment, match.opened.id);
  if (status === 'voided') return side === 'challenger' ? abandon(deployment, match.opened) : undefined;
  const turn = await nextTurn(world, match, side);
  return turn && play(deployment, match.opened, turn.position, turn.move, turn.value);
}

async function act(world: World, match: Match, side: Side): Promise<boolean> {
  const { address } = match.sides[side];
  const call = await nextCall(world, match, side);
  if (call === undefined) return false;
  try {
    await world.attempt(address, call);
  } catch (error) {
    if (!isRevert(error)) throw error;
    match.refusals.push(error.rule);
    return false;
  }
  await world.send(address, call);
  return true;
}

/** Plays until a stage is reached, and says whose turn it is then. */
export async function playTo(world: World, match: Match, stage: Stage): Promise<Side> {
  for (;;) {
    const { turns } = await look(world, match);
    const at = turns.at(-1)!.position.stage;
    if (at === stage) return moverIn(stage)!;
    if (!(await move(world, match))) throw new RangeError(`the game ends at ${at}`);
  }
}

/** Plays on until the game is over: where a side keeps silent, the other one ends it when the clock has run out. */
export async function playOut(world: World, match: Match): Promise<PlayedGame> {
  while (await move(world, match));
  const { end, turns } = await look(world, match);
  if (end === undefined) {
    const silent = moverIn(turns.at(-1)!.position.stage)!;
    await runOut(world, match, silent === 'claimant' ? 'challenger' : 'claimant');
  }
  return look(world, match);
}

/** Lets the clock of the side to move run out, and `by` say so. */
export async function runOut(world: World, match: Match, by: Side): Promise<void> {
  const { claimantLeft, challengerLeft, mover } = await readGame(world.client, world.deployment, match.opened);
  await world.pass(mover === 'claimant' ? claimantLeft : challengerLeft);
  await act(world, match, by);
}
