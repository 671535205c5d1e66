import { isAddressEqual, type Hex } from 'viem';

import { sealTree, type RevealedVerdict, type Sealing, type Verdict } from '../../sdk/verdicts.ts';
import type { Accusation } from '../lib/game/accusation.ts';
import type { Found, ValidatorAction, ValidatorFacts } from './decide.ts';

/** What this validator has decided to seal in a round; it is on disk before it is on chain. */
export type Seal = { readonly salt: Hex; readonly verdicts: readonly Verdict[] };

export type VerdictFacts = {
  readonly sealing: Sealing;
  /** Kept for this round, whether it is on chain or not. */
  readonly seal: Seal | undefined;
  /** All that were revealed in this round. */
  readonly revealed: readonly RevealedVerdict[];
};

export type VerdictAction =
  /** Think of a salt, and keep it with the verdicts. */
  | { readonly type: 'prepareSeal'; readonly round: number; readonly verdicts: readonly Verdict[] }
  | { readonly type: 'seal'; readonly round: number; readonly root: Hex }
  | {
      readonly type: 'reveal';
      readonly round: number;
      readonly verdict: Verdict;
      readonly salt: Hex;
      readonly proof: readonly Hex[];
    };

type Ready = Pick<ValidatorFacts, 'round' | 'standing' | 'judgements'> & VerdictFacts;

/** What there is to seal: a verdict on each claim that was found right. */
function verdictsOf({ standing, judgements }: Ready): readonly Verdict[] {
  return judgements.flatMap(({ claimId: work, outcome, found }) =>
    outcome === 'match' && found !== undefined ? [{ validator: standing.stake.owner, work, ...found }] : [],
  );
}

/** Once, with all verdicts; what was kept before a restart is sealed as it is. @param judged all that is drawn is judged */
export function sealWhenJudged(facts: Ready, judged: boolean): readonly ValidatorAction[] {
  const { round, sealing, seal } = facts;
  if (sealing.phase !== 'sealing' || sealing.root !== undefined) return [];
  if (seal !== undefined) {
    return [{ type: 'seal', round: round.number, root: sealTree(seal.verdicts, seal.salt).root }];
  }
  const verdicts = verdictsOf(facts);
  return judged && verdicts.length > 0 ? [{ type: 'prepareSeal', round: round.number, verdicts }] : [];
}

/** What is sealed and not revealed yet, as far as there is stake for the bonds. */
export function reveal(facts: Ready, bond: bigint): readonly Extract<VerdictAction, { type: 'reveal' }>[] {
  const { round, standing, sealing, seal } = facts;
  if (sealing.phase !== 'revealing' || seal === undefined) return [];
  const { root, proofs } = sealTree(seal.verdicts, seal.salt);
  if (sealing.root !== root) return [];
  const hidden = seal.verdicts.flatMap((verdict, index) =>
    isRevealed(facts, verdict) ? [] : [{ verdict, salt: seal.salt, proof: proofs[index]! }],
  );
  const affordable = Number(standing.stake.free / bond);
  return hidden.slice(0, affordable).map((one) => ({ type: 'reveal', round: round.number, ...one }));
}

/** A report counts as having no more to seal: it waits until all is sealed, and revealed. */
export function isReadyToReport(facts: Ready, bond: bigint): boolean {
  const { sealing, seal } = facts;
  if (sealing.phase === 'revealing') return reveal(facts, bond).length === 0;
  return sealing.root === undefined && seal === undefined && verdictsOf(facts).length === 0;
}

/** Verdicts of others that are not what was computed here. */
export function accuseValidators(facts: Ready): readonly Accusation[] {
  return facts.revealed.flatMap(({ claimId, verdict }) => {
    const subject = differenceOf(facts, verdict);
    return subject === undefined ? [] : [{ claimId, subject, segment: 0 }];
  });
}

/** Where a verdict of somebody else first differs from what was computed here; undefined where it does not. */
function differenceOf(facts: Ready, verdict: Verdict): 'before' | 'trace' | undefined {
  const own = foundOf(facts, verdict.work);
  const isOwn = isAddressEqual(verdict.validator, facts.standing.stake.owner);
  if (isOwn || own === undefined || own.segment !== verdict.segment) return undefined;
  if (own.before !== verdict.before) return 'before';
  return own.trace === verdict.trace ? undefined : 'trace';
}

function foundOf({ judgements, seal }: Ready, work: bigint): Found | undefined {
  const judged = judgements.find(({ claimId }) => claimId === work)?.found;
  return judged ?? seal?.verdicts.find((verdict) => verdict.work === work);
}

/** Of this round, revealed. */
export function ownVerdicts({ revealed, standing }: Pick<Ready, 'revealed' | 'standing'>): readonly RevealedVerdict[] {
  return revealed.filter(({ verdict }) => isAddressEqual(verdict.validator, standing.stake.owner));
}

function isRevealed(facts: Ready, { work }: Verdict): boolean {
  return ownVerdicts(facts).some(({ verdict }) => verdict.work === work);
}
