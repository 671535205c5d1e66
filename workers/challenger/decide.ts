import type { ClaimKind } from '../../sdk/claims.ts';
import { enlist, type EnlistAction, type StakeLimits, type Standing } from '../lib/enlist.ts';
import type { Accusation } from '../lib/game/accusation.ts';
import { tickWhenDue, verifyState, type Progress, type TickAction, type VerifyAction } from '../lib/progress.ts';

/** A claim that can still be challenged, and is not this worker's own. */
export type Watched = {
  readonly claimId: bigint;
  readonly kind: Exclude<ClaimKind, 'seat'>;
  readonly round: number;
  /** Seconds until it is final, as far as that is known. */
  readonly left: number;
};

/** What came out when a claim was recomputed. */
export type Judgement = {
  readonly claimId: bigint;
  /** What has to be challenged: the claim, or one that it builds on. Undefined when it is right. */
  readonly wrong: Accusation | undefined;
  /** What it takes is not there yet. */
  readonly missing: boolean;
};

export type ChallengerFacts = Progress & {
  readonly standing: Standing;
  readonly limits: StakeLimits;
  readonly watched: readonly Watched[];
  readonly judgements: readonly Judgement[];
  /** Claims that were brought to the game. */
  readonly accused: readonly bigint[];
};

export type ChallengerAction =
  | TickAction
  | VerifyAction
  | EnlistAction
  | { readonly type: 'judge'; readonly claimId: bigint }
  | { readonly type: 'accuse'; readonly accusation: Accusation };

/** Pure. What is short comes first; a claim is recomputed at the end of a pass, one at a time, and then all is read again. */
export function decide(facts: ChallengerFacts): readonly ChallengerAction[] {
  return [
    ...tickWhenDue(facts),
    ...enlistChallenger(facts),
    ...accuseWhatIsWrong(facts),
    ...verifyState(facts),
    ...judgeTheMostUrgent(facts),
  ];
}

/** A challenger needs no seat, only a bond. */
function enlistChallenger({ standing, parameters, limits }: ChallengerFacts): readonly EnlistAction[] {
  const workingBond = parameters.challengeBond;
  return enlist(standing, { role: undefined, joiningPrice: 0n, joiningBond: 0n, workingBond }, limits);
}

/** Once: the player sees to it from then on. */
function accuseWhatIsWrong({ judgements, accused }: ChallengerFacts): readonly ChallengerAction[] {
  const wrong = judgements.flatMap(({ wrong: accusation }) => (accusation === undefined ? [] : [accusation]));
  return wrong
    .filter(({ claimId }) => !accused.includes(claimId))
    .map((accusation) => ({ type: 'accuse', accusation }));
}

const order: readonly Watched['kind'][] = ['aggregate', 'verdict', 'work'];

/**
 * What becomes final first is recomputed first; of several, what everyone builds on. What was missing is looked for again
 * when nothing else is left: whoever withholds may give in, or be convicted for an earlier round.
 */
function judgeTheMostUrgent({ watched, judgements }: ChallengerFacts): readonly ChallengerAction[] {
  const judged = new Map(judgements.map((judgement) => [judgement.claimId, judgement]));
  const open = watched
    .filter(({ claimId }) => judged.get(claimId)?.missing ?? true)
    .map((claim) => ({ ...claim, again: judged.has(claim.claimId) }))
    .toSorted(
      (a, b) =>
        Number(a.again) - Number(b.again) ||
        a.left - b.left ||
        order.indexOf(a.kind) - order.indexOf(b.kind) ||
        a.round - b.round,
    );
  const [next] = open;
  return next === undefined ? [] : [{ type: 'judge', claimId: next.claimId }];
}
