import type { ClaimStatus } from '../../../sdk/claims.ts';
import type { Game, Opening, Side } from '../../../sdk/game.ts';
import type { OpenedGame, PlayedGame } from '../../../sdk/game-events.ts';
import type { Accusation, SeenOnChain } from './accusation.ts';
import type { Disputed } from './dispute.ts';
import type { Patience } from './patience.ts';
import type { Session } from './session.ts';

/** A game that this worker plays. */
export type Seated = {
  readonly opened: OpenedGame;
  readonly side: Side;
  readonly disputed: Disputed;
  readonly session: Session;
  readonly patience: Patience;
  played: PlayedGame;
  game: Game;
  claim: ClaimStatus;
};

/** An accusation on its way to a game. */
export type Pending = {
  readonly accusation: Accusation;
  readonly patience: Patience;
  opening: Opening | undefined;
  announced: boolean;
  /** What the chain says of it, in one block. */
  seen: { readonly block: bigint; readonly facts: SeenOnChain } | undefined;
};

/** What a player process knows besides what is on chain. All of it is found again after a crash. */
export type Table = {
  readonly games: Map<string, Seated>;
  readonly pending: Map<bigint, Pending>;
};

export function emptyTable(): Table {
  return { games: new Map(), pending: new Map() };
}

export function keyOf({ id, challenger }: { readonly id: bigint; readonly challenger: string }): string {
  return `${id} ${challenger.toLowerCase()}`;
}
