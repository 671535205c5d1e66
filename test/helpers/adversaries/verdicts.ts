import { keccak256, parseEther, toHex, type Address } from 'viem';

import { treeLevels } from '../../../engine/commit/tree.ts';
import { partsOf, type Side } from '../../../sdk/game.ts';
import type { PlayedGame } from '../../../sdk/game-events.ts';
import { join } from '../../../sdk/membership.ts';
import { readRound } from '../../../sdk/round.ts';
import { readRun } from '../../../sdk/run.ts';
import { setNode } from '../../../sdk/stake.ts';
import {
  revealVerdict,
  sealTree,
  sealVerdicts,
  verdictIdOf,
  verdictWord,
  type Verdict,
} from '../../../sdk/verdicts.ts';
import { drawSeed, leavesRoot } from '../../../sdk/verdict-leaves.ts';
import type { Strategy } from '../../../workers/lib/game/decide.ts';
import { segmentSpan } from '../../../workers/lib/steps.ts';
import { claimRound, openDispute, type Claimed } from './claims.ts';
import { leavesDrawn, traceNodes } from './execution.ts';
import { knowledgeOf } from './knowledge.ts';
import { matchOf, playOut, scriptedPlayer, type Match } from './match.ts';
import { playRound, type MinerRound } from './round.ts';
import { RUN, tickAll, type World } from './world.ts';

/** The second round, with one honest claim that is drawn and two validators that may seal. */
export type Audit = {
  /** Members 2 and 3. */
  readonly honest: Address;
  readonly lazy: Address;
  /** What the miner computed, and whoever re-executes it. */
  readonly round: MinerRound;
  readonly work: Claimed;
  readonly segment: number;
  /** The drawn segment's last step. */
  readonly last: number;
};

/** Gives two accounts the seats of validators, and lets the first miner commit. */
export async function openAudit(world: World): Promise<Audit> {
  const { client, deployment, recipe, dataset, genesis: parent, miners, others } = world;
  const [honest, lazy] = others as [Address, Address];
  for (const validator of [honest, lazy]) {
    await world.send(validator, setNode(deployment, validator));
    await world.send(validator, join(deployment, RUN, 'validator', parseEther('5')));
  }
  await world.pass(1_000);
  await tickAll(world);
  const { seed } = await readRun(client, deployment, RUN);
  const round = playRound({ recipe, dataset, seed, parent, participant: miners[0] });
  const work = await claimRound(world, round, 2);
  await world.pass(1_000);
  await tickAll(world);
  const { segment } = (await readRound(client, deployment, RUN, 2)).duties[0]!;
  return { honest, lazy, round, work, segment, last: segmentSpan(recipe, segment).end - 1 };
}

/** What a validator would say that has seen the round go like this. */
export function verdictOf({ work, segment, last }: Audit, validator: Address, seen: MinerRound): Verdict {
  const trace = treeLevels(traceNodes(seen.steps[last]!)).at(-1)![0]!;
  const leaves = leavesRoot(leavesDrawn(seen.steps[last]!, drawSeed(validator, work.id)));
  return { validator, work: work.id, segment, before: seen.roots[last]!, trace, leaves };
}

/** The same round, as somebody sees it whose last step went otherwise. */
export function seeLastStep(
  { round, last }: Audit,
  change: (honest: MinerRound['steps'][number]) => MinerRound['steps'][number],
): MinerRound {
  return { ...round, steps: round.steps.with(last, change(round.steps[last]!)) };
}

export function saltOf(validator: Address): `0x${string}` {
  return keccak256(toHex(`salt of ${validator}`));
}

export async function sealBy({ send, deployment }: World, validator: Address, verdict: Verdict): Promise<void> {
  await send(validator, sealVerdicts(deployment, RUN, 2, sealTree([verdict], saltOf(validator)).root));
}

/** Reveals a verdict that was sealed alone. */
export async function revealBy(
  { send, deployment }: World,
  { work, round }: Audit,
  verdict: Verdict,
  index: number,
): Promise<Claimed> {
  const { validator } = verdict;
  await send(validator, revealVerdict(deployment, verdict, saltOf(validator), []));
  const id = verdictIdOf(work.id, index, 0);
  return { id, word: verdictWord(verdict), target: { kind: 'verdict', verdict, commitment: round.commitment } };
}

/**
 * A game on a revealed verdict: its validator as it says that it has seen the round, and its challenger.
 * @param rules where the sides do not play as honest ones would
 */
export async function seatAtVerdict(
  world: World,
  { last, segment }: Audit,
  claimed: Claimed,
  subject: 'before' | 'trace' | 'leaves',
  [claimant, claimantSees]: readonly [Address, MinerRound],
  [challenger, challengerSees]: readonly [Address, MinerRound],
  rules: { readonly [side in Side]?: Partial<Strategy[side]> } = {},
): Promise<Match> {
  const knows = knowledgeOf(challengerSees);
  const { first } = segmentSpan(world.recipe, segment);
  const ends = subject === 'before' ? partsOf(first, last).map(({ end }) => end) : [];
  const marks = ends.slice(0, -1).map((step) => knows.root(step));
  const name = await openDispute(world, challenger, knows, claimed, { subject, marks });
  const player = scriptedPlayer(claimant, knowledgeOf(claimantSees), rules);
  return matchOf(name, player, scriptedPlayer(challenger, knows, rules));
}

/** Plays a game on a revealed verdict to its end. */
export async function disputeVerdict(...of: Parameters<typeof seatAtVerdict>): Promise<PlayedGame> {
  return playOut(of[0], await seatAtVerdict(...of));
}
