import { merkleProof } from '../../../engine/commit/tree.ts';
import type { Hash } from '../../../engine/commit/hash.ts';
import { onChain } from '../../../sdk/errors.ts';
import { readFee, secretOf } from '../../../sdk/game.ts';
import { abandon, announce, openGame, play, withdrawOwed, type Move, type Target } from '../../../sdk/game-moves.ts';
import { indicesOf } from '../../../sdk/member-set.ts';
import type { Hand } from '../hand.ts';
import type { Accusation } from './accusation.ts';
import { demandOf, firstDemandOf, type Demand } from './demand.ts';
import type { Disputed } from './dispute.ts';
import { openingOf, type OpeningOptions } from './opening.ts';
import type { PlayerAction } from './player.ts';
import type { PlayerReaderOptions } from './read.ts';
import { keyOf, type Pending, type Table } from './table.ts';

export type ActorOptions = Pick<
  PlayerReaderOptions,
  'client' | 'deployment' | 'sender' | 'log' | 'owner' | 'programs' | 'disputedOf' | 'witnessOf'
> & {
  readonly hand: Hand;
  /** Program roots of the outer step: leaf R is that over R members. */
  readonly aggregates: readonly Hash[];
  spanOf: OpeningOptions['spanOf'];
};

/** Does what was decided on games: the only part of a player that signs. */
export function actor(options: ActorOptions, table: Table) {
  const told = new Set<string>();
  return async (action: PlayerAction, signal: AbortSignal): Promise<void> => {
    switch (action.type) {
      case 'prepare':
        return prepare(options, table, action, signal);
      case 'play':
        return makeMove(options, table, action, signal);
      case 'abandon':
        await options.hand.send(abandon(options.deployment, action.name), signal);
        return;
      case 'withdraw':
        await options.hand.send(withdrawOwed(options.deployment), signal);
        return;
      case 'concede':
        return tellOnce(told, `concede ${keyOf(action.name)} ${action.position.stage}`, () => {
          const fields = { event: 'concede', claimId: String(action.name.id), stage: action.position.stage };
          options.log.warn(fields, 'nothing to say that would win');
        });
      default:
        return accuse(options, table, told, action, signal);
    }
  };
}

async function prepare(
  { log }: ActorOptions,
  table: Table,
  { name, position, want }: Extract<PlayerAction, { type: 'prepare' }>,
  signal: AbortSignal,
): Promise<void> {
  const started = performance.now();
  const seated = table.games.get(keyOf(name));
  await seated?.patience.attempt(() => seated.session.workOut(position, want, signal));
  const ms = Math.round(performance.now() - started);
  log.debug({ event: 'prepared', claimId: String(name.id), what: want.what, ms }, 'worked out');
}

async function makeMove(
  options: ActorOptions,
  table: Table,
  { name, position, move }: Extract<PlayerAction, { type: 'play' }>,
  signal: AbortSignal,
): Promise<void> {
  const { deployment, hand, log } = options;
  const program = table.games.get(keyOf(name))?.session.notes.trace?.program;
  const value = await feeOf(options, demandOf(position, move, program));
  const receipt = await hand.send(play(deployment, name, position, move, value), signal);
  if (receipt === undefined) return;
  const { gasUsed } = receipt;
  const fields = { claimId: String(name.id), stage: position.stage, gasUsed: String(gasUsed), fee: String(value) };
  log.info({ event: 'move', move: move.type, ...fields, ...told(move) }, `game: ${move.type}`);
}

/** What an operator wants to see of a move. */
function told(move: Move): object {
  switch (move.type) {
    case 'answerMarks':
      return { part: move.part };
    case 'pick':
    case 'pickNode':
      return { child: move.child };
    case 'prove':
      return { element: move.element };
    default:
      return {};
  }
}

type AccusationAction = Extract<PlayerAction, { accusation: Accusation }>;

async function accuse(
  options: ActorOptions,
  table: Table,
  said: Set<string>,
  action: AccusationAction,
  signal: AbortSignal,
): Promise<void> {
  const { accusation } = action;
  const claimId = String(accusation.claimId);
  const pending = table.pending.get(accusation.claimId)!;
  switch (action.type) {
    case 'prepareOpening':
      return pending.patience.attempt(() => prepareOpening(options, table, pending, signal));
    case 'announce':
      return announceChallenge(options, pending, signal);
    case 'open':
      return open(options, pending, signal);
    case 'drop':
      table.pending.delete(accusation.claimId);
      return;
    case 'lackFunds': {
      const { needed, available, of } = action;
      const fields = { event: 'lackFunds', claimId, of, needed: String(needed), available: String(available) };
      return tellOnce(said, `lack ${claimId} ${of}`, () => {
        options.log.warn(fields, `a claim is wrong, but there is not enough ${of} to challenge it`);
      });
    }
  }
}

/** What is right after all when it is looked at again, with fresh eyes, is not challenged: a slip costs a bond. */
async function prepareOpening(
  options: ActorOptions,
  table: Table,
  pending: Pending,
  signal: AbortSignal,
): Promise<void> {
  const { accusation } = pending;
  const { claimId, subject, segment } = accusation;
  pending.opening = await openingOf(options, accusation, await required(options.disputedOf, accusation), signal);
  if (pending.opening !== undefined) return;
  table.pending.delete(claimId);
  const fields = { event: 'withdrawn', claimId: String(claimId), subject, segment };
  options.log.warn(fields, 'an accusation that a second look has not confirmed');
}

async function announceChallenge(
  { deployment, hand, owner, disputedOf }: ActorOptions,
  pending: Pending,
  signal: AbortSignal,
): Promise<void> {
  const { word } = await required(disputedOf, pending.accusation);
  const secret = secretOf(owner, word, pending.opening!);
  pending.announced = (await hand.send(announce(deployment, secret), signal)) !== undefined;
}

async function open(options: ActorOptions, pending: Pending, signal: AbortSignal): Promise<void> {
  const { deployment, hand, log, programs } = options;
  const { accusation } = pending;
  const disputed = await required(options.disputedOf, accusation);
  const opening = pending.opening!;
  const value = await feeOf(options, firstDemandOf(opening));
  const call = openGame(deployment, opening, targetOf(options, disputed), programs, value);
  const receipt = await hand.send(call, signal);
  // Refused or not, the next attempt would be another one: with another salt.
  pending.opening = undefined;
  pending.announced = false;
  if (receipt === undefined) return;
  const { subject, segment, claimId } = accusation;
  const { kind, round } = disputed;
  const of = kind === 'work' ? { seat: disputed.work.seat } : {};
  log.warn({ event: 'challenge', round, claimId: String(claimId), kind, ...of, subject, segment }, 'claim challenged');
}

function targetOf({ aggregates }: ActorOptions, disputed: Disputed): Target {
  switch (disputed.kind) {
    case 'work':
      return { kind: 'work', commitment: disputed.work.commitment };
    case 'verdict':
      return { kind: 'verdict', verdict: disputed.verdict, commitment: disputed.work.commitment };
    case 'token':
      return { kind: 'token', receipt: disputed.receipt, index: disputed.index };
    case 'aggregate': {
      const { claim } = disputed;
      const members = indicesOf(claim.accepted).length;
      return { kind: 'aggregate', claim, program: aggregates[members]!, proof: merkleProof(aggregates, members) };
    }
  }
}

/** What a demand must bring if its transaction pays the most that the sender would offer for gas now. */
async function feeOf({ client, deployment, sender }: ActorOptions, demand: Demand | undefined): Promise<bigint> {
  if (demand === undefined) return 0n;
  const { maxFeePerGas: gasPrice } = await onChain('asking for the price of gas', client.estimateFeesPerGas());
  return readFee(client, deployment, demand, { account: sender.address, gasPrice });
}

async function required(disputedOf: ActorOptions['disputedOf'], { claimId, token }: Accusation): Promise<Disputed> {
  const disputed = await disputedOf(claimId, token);
  if (disputed !== undefined) return disputed;
  throw new TypeError(`there is no claim ${claimId}`);
}

function tellOnce(said: Set<string>, what: string, tell: () => void): void {
  if (said.has(what)) return;
  said.add(what);
  tell();
}
