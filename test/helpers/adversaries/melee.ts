import type { Address } from 'viem';

import type { Call } from '../../../sdk/call.ts';
import { isRevert } from '../../../sdk/errors.ts';
import { moverIn, readGame, secretOf, type Side } from '../../../sdk/game.ts';
import { readOpenedGames } from '../../../sdk/game-events.ts';
import { abandon, announce, openGame, play, withdrawOwed } from '../../../sdk/game-moves.ts';
import { firstDemandOf } from '../../../workers/lib/game/demand.ts';
import { feeFor, openingOf, type Claimed } from './claims.ts';
import type { Knowledge } from './knowledge.ts';
import { look, matchOf, nextTurn, scriptedPlayer, type Match, type Player } from './match.ts';
import { mutantsOf } from './mutations.ts';
import { aimAt, silentFrom } from './shams.ts';
import type { World } from './world.ts';

/** Numbers in [0, n), the same ones for the same seed. */
export type Dice = (n: number) => number;

/** Mulberry32, by Tommy Ettinger. */
export function diceOf(seed: number): Dice {
  let state = seed >>> 0;
  return (n) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * n);
  };
}

/** A claim in a melee: who stands by it, and what an honest challenger of it knows. */
export type Prey = { readonly claim: Claimed; readonly claimant: Player; readonly truth: Knowledge };

/** Games that go on at one time, and how often something was tried and refused. */
export type Melee = {
  readonly world: World;
  readonly dice: Dice;
  readonly preys: readonly Prey[];
  readonly crowd: readonly Address[];
  readonly matches: Match[];
  readonly tries: { made: number; refused: number };
};

/** Something that anybody does now, legal or not. */
export async function doAnything(melee: Melee): Promise<void> {
  const { world, dice, crowd, matches } = melee;
  const by = crowd[dice(crowd.length)]!;
  const match = matches[dice(matches.length)];
  const what = dice(12);
  if (match === undefined || what < 2) return challenge(melee, by, preyAt(melee), wildRules(dice));
  if (what === 2) return world.pass(1 + dice(20));
  if (what === 3) return attempt(melee, by, withdrawOwed(world.deployment));
  if (what === 4) return attempt(melee, by, abandon(world.deployment, match.opened));
  const { end, turns } = await look(world, match);
  const { position } = turns.at(-1) ?? {};
  if (position === undefined || end !== undefined) return;
  if (what === 5) return attempt(melee, by, play(world.deployment, match.opened, position, { type: 'timeOut' }));
  const side = moverIn(position.stage)!;
  const turn = await nextTurn(world, match, side);
  if (turn === undefined) return;
  const { address } = match.sides[side];
  const { move, value } = turn;
  if (what < 9) return attempt(melee, address, play(world.deployment, match.opened, position, move, value));
  if (what === 9) return attempt(melee, by, play(world.deployment, match.opened, position, move, value));
  const mutants = mutantsOf(move);
  const mutant = mutants[dice(mutants.length)]?.move ?? move;
  const past = turns[dice(turns.length)]!.position;
  const at = what === 10 ? position : past;
  return attempt(melee, address, play(world.deployment, match.opened, at, mutant, value));
}

function preyAt({ dice, preys }: Melee): Prey {
  return preys[dice(preys.length)]!;
}

/** A challenger that goes anywhere, and may stop anywhere. */
function wildRules(dice: Dice): Parameters<typeof scriptedPlayer>[2] {
  const aim = { node: dice(1024), leaf: dice(3), element: dice(4) };
  const stages = ['chooseNodes', 'chooseChunks', 'prove'] as const;
  const at = dice(8);
  return { challenger: at < 3 ? silentFrom(stages[at]!, aim) : aimAt(aim) };
}

/** Opens a game, with true marks or others. */
export async function challenge(
  { world, dice, matches, tries }: Melee,
  by: Address,
  { claim, claimant, truth }: Prey,
  rules: Parameters<typeof scriptedPlayer>[2] = {},
): Promise<void> {
  const { client, deployment, programs } = world;
  const isHonest = Object.keys(rules ?? {}).length === 0;
  const own = openingOf(world, truth, claim, { subject: 'segment', segment: isHonest ? 0 : dice(2) });
  const marks = isHonest || dice(2) === 0 ? own.marks : own.marks.with(dice(own.marks.length), claim.word);
  const opening = { ...own, marks };
  try {
    await world.attempt(by, announce(deployment, secretOf(by, claim.word, opening)));
    await world.send(by, announce(deployment, secretOf(by, claim.word, opening)));
    const value = await feeFor(world, by, firstDemandOf(opening));
    const call = openGame(deployment, opening, claim.target, programs, value);
    await world.attempt(by, call);
    const { blockNumber } = await world.send(by, call);
    const blocks = { fromBlock: blockNumber, toBlock: blockNumber };
    const [opened] = await readOpenedGames(client, deployment, { challenger: by }, blocks);
    matches.push(matchOf(opened!, claimant, scriptedPlayer(by, truth, rules)));
    tries.made += 1;
  } catch (error) {
    if (!isRevert(error)) throw error;
    tries.refused += 1;
  }
}

async function attempt({ world, tries }: Melee, from: Address, call: Call): Promise<void> {
  try {
    await world.attempt(from, call);
    tries.made += 1;
  } catch (error) {
    if (!isRevert(error)) throw error;
    tries.refused += 1;
    return;
  }
  await world.send(from, call);
}

/** The honest make all moves that they have to make. */
export async function answer({ world, matches }: Melee, honest: readonly Address[]): Promise<void> {
  for (const match of matches) {
    for (const side of ['claimant', 'challenger'] as const) {
      if (honest.includes(match.sides[side].address)) await answerIn(world, match, side);
    }
  }
}

async function answerIn(world: World, match: Match, side: Side): Promise<void> {
  const { position } = await readGame(world.client, world.deployment, match.opened);
  if (position === undefined) return;
  const { turns } = await look(world, match);
  if (moverIn(turns.at(-1)!.position.stage) !== side) return;
  const turn = await nextTurn(world, match, side);
  if (turn === undefined) return;
  const { move, value } = turn;
  await world.send(
    match.sides[side].address,
    play(world.deployment, match.opened, turns.at(-1)!.position, move, value),
  );
}
