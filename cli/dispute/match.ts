import type { Address, Hex } from 'viem';

import { claimIdOf, readClaim } from '../../sdk/claims.ts';
import { moverIn, partsOf, readFee, readGame, secretOf, type Opening, type Side } from '../../sdk/game.ts';
import { readOpenedGames, readPlayedGame, type PlayedGame } from '../../sdk/game-events.ts';
import { announce, openGame, play } from '../../sdk/game-moves.ts';
import { commit, type Commitment } from '../../sdk/round.ts';
import { segmentSpan } from '../../workers/lib/steps.ts';
import { decideGame, type GameAction } from '../../workers/lib/game/decide.ts';
import { demandOf, firstDemandOf, type Demand } from '../../workers/lib/game/demand.ts';
import type { GameFacts } from '../../workers/lib/game/facts.ts';
import { openSession, type Session } from '../../workers/lib/game/session.ts';
import type { Witness } from '../../workers/lib/game/witness.ts';
import { RUN, type Arena } from './arena.ts';
import { GAS_PRICE } from './chain.ts';

/** A claim on chain. */
export type Claimed = { readonly id: bigint; readonly word: Hex; readonly commitment: Commitment };

/** One transaction of a game. */
export type Sent = { readonly side: Side; readonly move: string; readonly gas: number; readonly transaction: Hex };

export type Match = { readonly sent: readonly Sent[]; readonly played: PlayedGame };

/** What each side knows, or pretends to. */
export type Witnesses = { readonly [side in Side]: Witness };

const SALT: Hex = `0x${'5a'.repeat(32)}`;

/** Commits the miner's round. */
export async function claimRound({ chain, miner }: Arena, commitment: Commitment): Promise<Claimed> {
  const { client, deployment } = chain;
  await chain.send(miner, commit(deployment, RUN, 1, commitment));
  const id = claimIdOf({ kind: 'work', runId: RUN, round: 1, number: 1 });
  return { id, word: (await readClaim(client, deployment, id)).word, commitment };
}

/** Challenges the last segment of the claim and plays it to its end, both sides by the workers' own rules. */
export async function playMatch(arena: Arena, claimed: Claimed, witnesses: Witnesses): Promise<Match> {
  const { client, deployment } = arena.chain;
  const sent = await open(arena, claimed, witnesses.challenger);
  const sessions = { claimant: openSession(witnesses.claimant), challenger: openSession(witnesses.challenger) };
  const block = await client.getBlockNumber();
  const blocks = { fromBlock: block, toBlock: block };
  const [opened] = await readOpenedGames(client, deployment, { challenger: arena.challenger }, blocks);
  for (;;) {
    const played = await readPlayedGame(client, deployment, opened!, await client.getBlockNumber());
    if (played.end !== undefined) return { sent, played };
    sent.push(await move(arena, played, sessions));
  }
}

async function open(
  { chain, recipe, programs, challenger }: Arena,
  claimed: Claimed,
  witness: Witness,
): Promise<Sent[]> {
  const { deployment } = chain;
  const segment = recipe.round.segments - 1;
  const { first, end } = segmentSpan(recipe, segment);
  const steps = partsOf(first, end)
    .slice(0, -1)
    .map((part) => part.end);
  const roots = await witness.roots(steps, new AbortController().signal);
  const marks = steps.map((step) => roots.get(step)!);
  const opening: Opening = { id: claimed.id, subject: 'segment', segment, marks, salt: SALT };
  const target = { kind: 'work', commitment: claimed.commitment } as const;
  const value = await feeOf(chain, challenger, firstDemandOf(opening));
  const calls = [
    announce(deployment, secretOf(challenger, claimed.word, opening)),
    openGame(deployment, opening, target, programs, value),
  ];
  const sent: Sent[] = [];
  for (const call of calls) {
    const { gasUsed, transactionHash } = await chain.send(challenger, call);
    const name = call.name.replace('Game.', '');
    sent.push({ side: 'challenger', move: name, gas: Number(gasUsed), transaction: transactionHash });
  }
  return sent;
}

async function move(arena: Arena, played: PlayedGame, sessions: Readonly<Record<Side, Session>>): Promise<Sent> {
  const { chain, miner, challenger } = arena;
  const side = moverIn(played.turns.at(-1)!.position.stage)!;
  const { move: chosen, position, name } = await choose(arena, played, side, sessions[side]);
  const account = side === 'claimant' ? miner : challenger;
  const program = sessions[side].notes.trace?.program;
  const value = await feeOf(chain, account, demandOf(position, chosen, program));
  const { gasUsed, transactionHash } = await chain.send(account, play(chain.deployment, name, position, chosen, value));
  return { side, move: chosen.type, gas: Number(gasUsed), transaction: transactionHash };
}

type Play = Extract<GameAction, { type: 'play' }>;

/** What the rules of one side come to, once everything that they ask for is worked out. */
async function choose(arena: Arena, played: PlayedGame, side: Side, session: Session): Promise<Play> {
  const facts = await factsOf(arena, played, side);
  for (;;) {
    const [action] = decideGame({ ...facts, notes: session.notes });
    if (action?.type === 'play') return action;
    if (action?.type !== 'prepare') throw new RangeError(`${side} has nothing to say in ${facts.position.stage}`);
    await session.workOut(action.position, action.want, new AbortController().signal);
  }
}

async function factsOf({ chain, programs }: Arena, played: PlayedGame, side: Side): Promise<Omit<GameFacts, 'notes'>> {
  const { client, deployment } = chain;
  const { id, challenger } = played;
  const name = { id, challenger };
  const { status: claim } = await readClaim(client, deployment, id);
  const { timestamp } = await client.getBlock();
  const { position } = played.turns.at(-1)!;
  const game = await readGame(client, deployment, name);
  return { name, side, played, position, game, claim, now: Number(timestamp), programs };
}

async function feeOf({ client, deployment }: Arena['chain'], account: Address, demand?: Demand): Promise<bigint> {
  return demand === undefined ? 0n : readFee(client, deployment, demand, { account, gasPrice: GAS_PRICE });
}
