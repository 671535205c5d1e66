import { moverIn, secondsLeft, type GameName, type Position } from '../../../sdk/game.ts';
import type { Move } from '../../../sdk/game-moves.ts';
import { honestChallenger, type ChallengerRules } from './challenger.ts';
import { honestClaimant, type ClaimantRules } from './claimant.ts';
import type { GameFacts, Rule, Wanted } from './facts.ts';

/** The rules of a player, for whichever side it is on. A player that is not honest replaces some of them. */
export type Strategy = { readonly claimant: ClaimantRules; readonly challenger: ChallengerRules };

export const honestStrategy: Strategy = { claimant: honestClaimant, challenger: honestChallenger };

export type GameAction =
  | { readonly type: 'play'; readonly name: GameName; readonly position: Position; readonly move: Move }
  | { readonly type: 'prepare'; readonly name: GameName; readonly position: Position; readonly want: Wanted }
  | { readonly type: 'abandon'; readonly name: GameName }
  /** Nothing that this worker could say would win: the game ends by the clock. */
  | { readonly type: 'concede'; readonly name: GameName; readonly position: Position };

/** Decides on one game. Pure. */
export function decideGame(facts: GameFacts, strategy: Strategy = honestStrategy): readonly GameAction[] {
  const { name, position, side, claim } = facts;
  if (claim === 'voided') return abandonWhatIsWon(facts);
  if (moverIn(position.stage) !== side) return timeOutWhenTheClockRanOut(facts);
  // From then on every move is refused.
  if (secondsLeft(facts.game, facts.now) === 0) return [];
  const ruling = ruleFor(facts, strategy)?.(facts);
  if (ruling === undefined) return [{ type: 'concede', name, position }];
  if (ruling.type !== 'prepare') return [{ type: 'play', name, position, move: ruling }];
  if (facts.stuck) return [];
  const { type, ...want } = ruling;
  return [{ type, name, position, want }];
}

/** Another game has voided the claim: the challenger takes back its bond, and the escrow that waits for an answer. */
function abandonWhatIsWon({ side, name }: GameFacts): readonly GameAction[] {
  return side === 'challenger' ? [{ type: 'abandon', name }] : [];
}

/** Who keeps silent loses, but somebody has to say so. */
function timeOutWhenTheClockRanOut({ game, now, name, position }: GameFacts): readonly GameAction[] {
  if (secondsLeft(game, now) > 0) return [];
  return [{ type: 'play', name, position, move: { type: 'timeOut' } }];
}

function ruleFor({ position: { stage }, side }: GameFacts, strategy: Strategy): Rule | undefined {
  const rules: Readonly<Partial<Record<string, Rule>>> = strategy[side];
  return rules[stage];
}
