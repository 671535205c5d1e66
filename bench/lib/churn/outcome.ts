import { formatEther, isAddressEqual, type Address } from 'viem';

import { logOf } from '../../../cli/demo/actors.ts';
import { tailLog } from '../../../cli/demo/log-tail.ts';
import type { ToldGame } from '../../../cli/dispute/narrator.ts';
import { stakeManagerAbi } from '../../../sdk/abi/index.ts';
import { parseClaimId } from '../../../sdk/claims.ts';
import { onChain } from '../../../sdk/errors.ts';
import type { RunEvent } from '../../../sdk/events.ts';
import { hasMember, indicesOf } from '../../../sdk/member-set.ts';
import type { Played } from './play.ts';
import type { Miner, Stage } from './stage.ts';
import { nameOf } from './tell.ts';

export type CheatOutcome = {
  readonly kind: string;
  /** In which it has committed to what is not right, or has not served what it has committed to. */
  readonly rounds: readonly number[];
  readonly acceptedIn: readonly number[];
  /** The first round whose claim it has lost, or in which it has not served though it was drawn. */
  readonly convictedIn: number | undefined;
  /** Who took its bond. */
  readonly by: string | undefined;
  /** Bonds of the stake token that it has lost in games, and the deposit that it has lost for not serving. */
  readonly slashed: number;
  readonly forfeited: number;
  readonly movesOfGame: number | undefined;
  /** The rule by which it lost. */
  readonly reason: string;
};

type Named<Name extends RunEvent['eventName']> = Extract<RunEvent, { eventName: Name }>;

function named<Name extends RunEvent['eventName']>({ events }: Played, name: Name): Named<Name>[] {
  return events.filter((event): event is Named<Name> => event.eventName === name);
}

/** What became of every cheat. */
export async function cheatOutcomes(stage: Stage, played: Played): Promise<readonly CheatOutcome[]> {
  const slashes = await readSlashes(stage);
  return [...played.seats].flatMap(([seat, { life, owner }]) => {
    if (life.cheats === undefined) return [];
    const { kind, first, last } = life.cheats;
    const rounds = committedRounds(played, seat).filter((round) => round >= first && round <= last);
    return {
      kind,
      rounds,
      acceptedIn: rounds.filter((round) => isAccepted(played, round, seat)),
      ...convictionOf(stage, played, seat),
      slashed: sumOf(slashes, [owner]),
      forfeited: sumOf(forfeits(played), [owner]),
    };
  });
}

function convictionOf(stage: Stage, played: Played, seat: number) {
  // Of several games on a claim, the one whose player takes the bond; the others are abandoned.
  const lost = played.games.filter((game) => isOn(game, seat) && game.end?.claimVoided === true && game.end.won > 0n);
  const game = lost.toSorted((a, b) => parseClaimId(a.id).round - parseClaimId(b.id).round)[0];
  if (game !== undefined) {
    const by = nameOf(game.challenger, { ...stage, ...played });
    return { convictedIn: parseClaimId(game.id).round, by, movesOfGame: game.moves.length, reason: game.end!.reason };
  }
  const unserved = named(played, 'Unserved').find(({ args }) => args.seat === seat);
  const reason = unserved === undefined ? 'not found' : 'not served';
  return { convictedIn: unserved?.args.round, by: undefined, movesOfGame: undefined, reason };
}

/** What honest miners and the staff have lost in games, and what miners that crashed have lost for not serving. */
export async function honestLosses(stage: Stage, played: Played) {
  const honest = stage.miners.filter(({ life }) => life.cheats === undefined).map(({ owner }) => owner);
  const staff = stage.staff.map(({ address }) => address);
  return {
    honestSlashed: sumOf(await readSlashes(stage), [...honest, ...staff]),
    honestForfeited: sumOf(forfeits(played), [...honest, ...staff]),
  };
}

type Loss = { readonly owner: Address; readonly amount: bigint };

/** In whole tokens. */
function sumOf(losses: readonly Loss[], owners: readonly Address[]): number {
  const theirs = losses.filter(({ owner }) => owners.some((one) => isAddressEqual(one, owner)));
  return Number(formatEther(theirs.reduce((sum, { amount }) => sum + amount, 0n)));
}

function forfeits(played: Played): Loss[] {
  return named(played, 'Forfeited').map(({ args: { claimant, bond } }) => ({ owner: claimant, amount: bond }));
}

async function readSlashes({ chain }: Stage): Promise<readonly Loss[]> {
  const query = { address: chain.deployment.stake, abi: stakeManagerAbi, eventName: 'Slashed', strict: true } as const;
  const events = await onChain('reading slashes', chain.client.getContractEvents({ ...query, fromBlock: 0n }));
  return events.map(({ args: { owner, burned, won } }) => ({ owner, amount: burned + won }));
}

function isOn({ id }: ToldGame, seat: number): boolean {
  const { kind, number } = parseClaimId(id);
  return kind === 'work' && number === seat;
}

function committedRounds(played: Played, seat: number): number[] {
  const claims = named(played, 'Committed').map(({ args }) => parseClaimId(args.claimId));
  return claims.filter(({ number }) => number === seat).map(({ round }) => round);
}

function isAccepted(played: Played, round: number, seat: number): boolean {
  const committed = named(played, 'Committed').find(
    ({ args }) => args.round === round && parseClaimId(args.claimId).number === seat,
  );
  const settled = named(played, 'RoundSettled').find(({ args }) => args.round === round);
  return committed !== undefined && settled !== undefined && hasMember(settled.args.accepted, committed.args.index);
}

/** Who served, came and went in the rounds of the script. */
export function membersOf({ miners }: Stage, played: Played, rounds: number) {
  const opened = named(played, 'RoundOpened').filter(({ args }) => args.round > 0 && args.round <= rounds);
  const committed = opened.map(({ args: { round } }) => {
    return named(played, 'Committed').filter(({ args }) => args.round === round).length;
  });
  const ofMiners = (seat: number) => played.seats.has(seat);
  return {
    miners: Math.max(...committed),
    fewestMiners: Math.min(...committed),
    committed,
    members: opened.map(({ args }) => indicesOf(args.activeMiners).length),
    joined: named(played, 'Joined').filter(({ args }) => ofMiners(args.seat)).length,
    left: named(played, 'Left').filter(({ args }) => ofMiners(args.seat)).length,
    killed: miners.filter(({ life }) => life.killed !== undefined && life.killed <= rounds).length,
    returned: miners.filter(({ life }) => life.returns !== undefined && life.returns <= rounds).length,
  };
}

/** The root after the last round, the tokens that the chain has verified by then, and what honest miners send in a round. */
export function trainedBy(played: Played, rounds: number) {
  const settled = named(played, 'RoundSettled').find(({ args }) => args.round === rounds)!;
  const accrued = named(played, 'SharesAccrued').filter(({ args }) => args.round <= rounds);
  const sizes = named(played, 'Committed')
    .filter(({ args }) => played.seats.get(parseClaimId(args.claimId).number)?.life.cheats === undefined)
    .map(({ args }) => Number(args.commitment.payloadBytes));
  return {
    root: settled.args.root,
    tokens: Number(accrued.at(-1)?.args.verifiedTokens ?? 0n),
    bytesPerRound: Math.round(sizes.reduce((a, b) => a + b, 0) / sizes.length),
  };
}

/** Seconds of a round, and the part of it in which an honest miner trains. */
export async function timesOf({ folder, miners }: Stage, played: Played, rounds: number) {
  const opened = named(played, 'RoundOpened').filter(({ args }) => args.round > 0 && args.round <= rounds + 1);
  const seconds = (opened.at(-1)!.args.commitDeadline - opened[0]!.args.commitDeadline) / (opened.length - 1);
  const trained: number[] = [];
  for (const { life, actor } of miners as readonly Miner[]) {
    if (life.cheats !== undefined) continue;
    const lines = await tailLog(logOf(folder, actor))();
    trained.push(...lines.filter(({ event }) => event === 'trained').map(({ ms }) => Number(ms)));
  }
  const mean = trained.reduce((a, b) => a + b, 0) / trained.length;
  return { secondsPerRound: seconds, computeShare: mean / 1_000 / seconds };
}
