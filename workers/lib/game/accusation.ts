import type { ChallengeStatus, ClaimStatus } from '../../../sdk/claims.ts';
import type { Opening, Subject } from '../../../sdk/game.ts';
import type { NamedToken } from '../../../sdk/receipts.ts';

/** What this worker has found wrong, and has not opened a game on yet. */
export type Accusation = {
  readonly claimId: bigint;
  readonly subject: Subject;
  /** SEGMENT: which; else 0. */
  readonly segment: number;
  /** TOKEN: which. */
  readonly token?: NamedToken;
};

/** What the chain says of an accusation. */
export type SeenOnChain = {
  readonly claim: ClaimStatus;
  /** What became of this worker's own challenge of the claim. */
  readonly own: ChallengeStatus;
  /** From when the claim cannot be challenged any more; undefined while that is not known. */
  readonly finalAt: number | undefined;
  /** Of the latest block, in seconds. */
  readonly now: number;
  /** For how long before that a second game is worth its gas. */
  readonly urgency: number;
  /** Native coin, in wei: what the worker has, and what a whole game may take. */
  readonly funds: { readonly available: bigint; readonly needed: bigint };
  /** Of the owner, in units of the stake token. */
  readonly stake: { readonly free: bigint; readonly bond: bigint };
};

export type AccusationFacts = SeenOnChain & {
  readonly accusation: Accusation;
  /** The opening, once it is worked out, and whether it is announced. */
  readonly opening: Opening | undefined;
  readonly announced: boolean;
  /** The opening could not be worked out: it is too early to try again. */
  readonly stuck: boolean;
};

export type AccusationAction =
  | { readonly type: 'prepareOpening'; readonly accusation: Accusation }
  | { readonly type: 'announce'; readonly accusation: Accusation }
  | { readonly type: 'open'; readonly accusation: Accusation }
  /** There is nothing to win any more. */
  | { readonly type: 'drop'; readonly accusation: Accusation }
  | {
      readonly type: 'lackFunds';
      readonly accusation: Accusation;
      readonly needed: bigint;
      readonly available: bigint;
      readonly of: 'native coin' | 'stake';
    };

/** Decides on how to go on with one accusation. Pure. */
export function decideAccusation(facts: AccusationFacts): readonly AccusationAction[] {
  const { accusation, opening, announced, stuck } = facts;
  if (isOver(facts)) return [{ type: 'drop', accusation }];
  // Until that game is over: a re-org could take it back.
  if (facts.own === 'open' || isLeftToOthers(facts)) return [];
  const lack = lacking(facts);
  if (lack !== undefined) return [lack];
  if (opening === undefined) return stuck ? [] : [{ type: 'prepareOpening', accusation }];
  return [{ type: announced ? 'open' : 'announce', accusation }];
}

/** A claim is challenged once by each, and not after it is decided. */
function isOver({ claim, own }: AccusationFacts): boolean {
  return own === 'lost' || own === 'closed' || (claim !== 'standing' && claim !== 'frozen');
}

/**
 * One game is enough to convict, and each costs gas. But the game of another may be a sham that loses on purpose: before
 * the claim could become final behind it, an honest challenger has a game of its own.
 */
function isLeftToOthers({ claim, finalAt = Infinity, now, urgency }: AccusationFacts): boolean {
  return claim === 'frozen' && finalAt - now > urgency;
}

/** A game that cannot be paid to its end is lost with its bond: then it is better left to somebody else. */
function lacking({ accusation, funds, stake }: AccusationFacts): AccusationAction | undefined {
  const type = 'lackFunds';
  if (stake.free < stake.bond) {
    return { type, accusation, needed: stake.bond, available: stake.free, of: 'stake' };
  }
  if (funds.available >= funds.needed) return undefined;
  return { type, accusation, ...funds, of: 'native coin' };
}
