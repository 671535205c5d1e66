import { expect } from 'chai';
import type { Address } from 'viem';

import { readClaim } from '../../../sdk/claims.ts';
import { readRun } from '../../../sdk/run.ts';
import type { PlayedGame } from '../../../sdk/game-events.ts';
import type { RecipeInput } from '../../../engine/recipe.ts';
import type { Strategy } from '../../../workers/lib/game/decide.ts';
import { claimRound, openDispute, type Claimed, type Dispute } from './claims.ts';
import { knowledgeOf, type Knowledge } from './knowledge.ts';
import { gasSince, openBooks, record, type Purse } from './ledger.ts';
import { matchOf, playOut, scriptedPlayer, type Match } from './match.ts';
import { playRound, type MinerRound } from './round.ts';
import { BOND, CHALLENGE_BOND, createWorld, RUN, SMALL, type World } from './world.ts';

const worlds = new Map<Partial<RecipeInput>, Promise<World>>();

/** A world for the tests of the enclosing `describe`; what a test does to it is undone. */
export function worldForTests(fields: Partial<RecipeInput> = SMALL): () => World {
  let world: World;
  let snapshot: unknown;
  before(async function () {
    this.timeout(120_000);
    if (!worlds.has(fields)) worlds.set(fields, createWorld(fields));
    world = await worlds.get(fields)!;
  });
  beforeEach(async () => {
    snapshot = await world.request('evm_snapshot');
  });
  afterEach(async () => {
    await world.request('evm_revert', [snapshot]);
    world.spent.length = 0;
  });
  return () => world;
}

const rounds = new WeakMap<World, Map<number, MinerRound>>();

/** What the miner in a seat has to compute in the first round. */
export async function honestRound(world: World, seat: 1 | 2 = 1): Promise<MinerRound> {
  const known = rounds.get(world) ?? new Map<number, MinerRound>();
  rounds.set(world, known);
  const { recipe, dataset, genesis: parent, miners } = world;
  if (!known.has(seat)) {
    const { seed } = await readRun(world.client, world.deployment, RUN);
    known.set(seat, playRound({ recipe, dataset, seed, parent, participant: miners[seat - 1]! }));
  }
  return known.get(seat)!;
}

/** Whose claim it is, and what it knows about it. */
export type Claimant = { readonly participant: Address; readonly knowledge: Knowledge };

/** Who plays a claim, against whom, and how far from honestly. */
export type Casting<Claimed = MinerRound> = {
  /** What the table calls it; none for a game that is not of its own interest. */
  readonly scenario?: string;
  readonly claimed: Claimed;
  /** By default what follows from what is claimed. */
  readonly claimantKnows?: Knowledge;
  readonly challengerKnows: Knowledge;
  readonly claimant?: Partial<Strategy['claimant']>;
  readonly challenger?: Partial<Strategy['challenger']>;
  readonly dispute: Dispute;
};

export type Result = {
  readonly played: PlayedGame;
  readonly claimant: Purse;
  readonly challenger: Purse;
  readonly status: string;
  /** Rules for which moves were refused. */
  readonly refusals: readonly string[];
};

export type Seating = Casting<MinerRound | Claimant> & { readonly claim: Claimed; readonly by: Address };

/** Commits a round, opens a game on it, and plays that to its end. */
export async function stageDispute(world: World, casting: Casting): Promise<Result> {
  const claim = await claimRound(world, casting.claimed);
  return playDispute(world, { ...casting, claim, by: world.others[0]! });
}

/** Opens a game on a claim, with its two players. */
export async function seat(world: World, { claim, by, claimed, dispute, ...casting }: Seating): Promise<Match> {
  const known = 'knowledge' in claimed ? claimed.knowledge : knowledgeOf(claimed);
  const { claimantKnows = known, challengerKnows, claimant = {}, challenger = {} } = casting;
  const opened = await openDispute(world, by, challengerKnows, claim, dispute);
  return matchOf(
    opened,
    scriptedPlayer(claimed.participant, claimantKnows, { claimant }),
    scriptedPlayer(by, challengerKnows, { challenger }),
  );
}

/** Plays a game on a claim to its end. */
export async function playDispute(world: World, seating: Seating): Promise<Result> {
  const { by, claimed } = seating;
  const close = await openBooks(world, { claimant: claimed.participant, challenger: by });
  const from = world.spent.length;
  const match = await seat(world, seating);
  const played = await playOut(world, match);
  const result = await conclude(world, seating.scenario, played, { ...(await close()), gas: gasSince(world, from) });
  return { ...result, refusals: match.refusals };
}

/** Books a game that is over. */
export async function conclude(
  world: World,
  scenario: string | undefined,
  played: PlayedGame,
  { claimant, challenger, gas }: { readonly claimant: Purse; readonly challenger: Purse; readonly gas: bigint },
): Promise<Result> {
  const { claimVoided, reason } = played.end ?? expect.fail('the game is not over');
  const { status } = await readClaim(world.client, world.deployment, played.id);
  const moves = (played.turns.at(-1)?.moves ?? 1) + 1;
  const winner = claimVoided ? 'challenger' : 'claimant';
  if (scenario !== undefined) record({ scenario, winner, reason, moves, gas, claimant, challenger });
  return { played, claimant, challenger, status, refusals: [] };
}

/**
 * The claim has lost: its bond is gone, half of it to the challenger, for whom that is more than what the game has cost
 * (the stake token is wrapped native coin here).
 */
export function expectConviction({ played, claimant, challenger, status }: Result, reason: string): void {
  expect(played.end).to.deep.equal({ claimVoided: true, reason });
  expect(status).to.equal('voided');
  expect(claimant.stake).to.equal(-BOND);
  expect(challenger.stake).to.equal(BOND / 2n);
  expect(challenger.stake + challenger.native > 0n, 'the prize outweighs the cost').to.equal(true);
  expectInTime(played);
}

/** The challenge has lost: half of its bond is the claimant's, whom its answers have cost nothing. */
export function expectUpheld({ played, claimant, challenger, status }: Result, reason: string): void {
  expect(played.end).to.deep.equal({ claimVoided: false, reason });
  expect(status).to.equal('standing');
  expect(claimant.stake).to.equal(CHALLENGE_BOND / 2n);
  expect(challenger.stake).to.equal(-CHALLENGE_BOND);
  expect(claimant.native >= 0n, `answers cost ${-claimant.native} wei more than they bring`).to.equal(true);
  expectInTime(played);
}

/** Moves that a game of a model of up to 10^9 parameters may take. */
export const MOST_MOVES = 15;

function expectInTime({ turns }: PlayedGame): void {
  expect(turns.at(-1)?.moves ?? 1).to.be.lessThan(MOST_MOVES);
}
