import { isAddressEqual, type Address, type Hex } from 'viem';

import { hasMember } from '../../sdk/member-set.ts';
import type { Duty } from '../../sdk/round.ts';
import {
  sealTree,
  verdictParts,
  type RevealedVerdict,
  type Sealing,
  type Verdict,
  type VerdictPart,
} from '../../sdk/verdicts.ts';
import type { Accusation } from '../lib/game/accusation.ts';
import type { Found, ValidatorAction, ValidatorFacts } from './decide.ts';

/** What this validator has decided to seal in a round; it is on disk before it is on chain. */
export type Seal = { readonly salt: Hex; readonly verdicts: readonly Verdict[] };

export type Seals = { readonly [Part in VerdictPart]?: Seal | undefined };

export type VerdictFacts = {
  readonly sealing: Sealing;
  /** Kept for this round, whether they are on chain or not. */
  readonly seals: Seals;
  /** All that were revealed in this round. */
  readonly revealed: readonly RevealedVerdict[];
};

export type VerdictAction =
  /** Think of a salt, and keep it with the verdicts. */
  | {
      readonly type: 'prepareSeal';
      readonly round: number;
      readonly part: VerdictPart;
      readonly verdicts: readonly Verdict[];
    }
  | { readonly type: 'seal'; readonly round: number; readonly root: Hex }
  | {
      readonly type: 'reveal';
      readonly round: number;
      readonly verdict: Verdict;
      readonly salt: Hex;
      readonly proof: readonly Hex[];
    };

type Ready = Pick<ValidatorFacts, 'round' | 'standing' | 'judgements'> & VerdictFacts;

/** Drawn claims on which this validator gives a verdict; who stands in is known when sealing is over. */
export function dutiesFor({ round, standing: { seat }, sealing }: Ready, part: VerdictPart): readonly Duty[] {
  if (seat === undefined || (part === 'standIn' && sealing.phase === 'sealing')) return [];
  return round.duties.filter(({ drawn, validators, standIns }) => {
    return drawn && hasMember(part === 'duty' ? validators : standIns, seat.index);
  });
}

/** What there is to seal: a verdict on each claim that was found right. */
function verdictsOf(facts: Ready, part: VerdictPart): readonly Verdict[] {
  const claims = dutiesFor(facts, part).map(({ claimId }) => claimId);
  const validator = facts.standing.stake.owner;
  return facts.judgements.flatMap(({ claimId: work, outcome, found }) => {
    if (outcome !== 'match' || found === undefined || !claims.includes(work)) return [];
    return [{ validator, work, ...found, leaves: leavesBy(found, validator)! }];
  });
}

/** Once, with all verdicts; what was kept before a restart is sealed as it is. @param judged all that is awaited is judged */
export function sealWhenJudged(facts: Ready, judged: boolean): readonly ValidatorAction[] {
  const { round, sealing, seals } = facts;
  if (sealing.phase !== 'sealing' && sealing.phase !== 'standingIn') return [];
  const part = sealing.phase === 'sealing' ? 'duty' : 'standIn';
  if (sealing.roots[part] !== undefined) return [];
  const seal = seals[part];
  if (seal !== undefined) {
    return [{ type: 'seal', round: round.number, root: sealTree(seal.verdicts, seal.salt).root }];
  }
  const verdicts = verdictsOf(facts, part);
  return judged && verdicts.length > 0 ? [{ type: 'prepareSeal', round: round.number, part, verdicts }] : [];
}

/** What is sealed and not revealed yet, as far as there is stake for the bonds. */
export function reveal(facts: Ready, bond: bigint): readonly Extract<VerdictAction, { type: 'reveal' }>[] {
  const { round, standing, sealing } = facts;
  if (sealing.phase !== 'revealing') return [];
  const hidden = verdictParts.flatMap((part) => hiddenOf(facts, part));
  const affordable = Number(standing.stake.free / bond);
  return hidden.slice(0, affordable).map((one) => ({ type: 'reveal', round: round.number, ...one }));
}

function hiddenOf(
  facts: Ready,
  part: VerdictPart,
): readonly { readonly verdict: Verdict; readonly salt: Hex; readonly proof: readonly Hex[] }[] {
  const seal = facts.seals[part];
  if (seal === undefined) return [];
  const { root, proofs } = sealTree(seal.verdicts, seal.salt);
  if (facts.sealing.roots[part] !== root) return [];
  return seal.verdicts.flatMap((verdict, index) =>
    isRevealed(facts, verdict) ? [] : [{ verdict, salt: seal.salt, proof: proofs[index]! }],
  );
}

/** A report counts as having no more to seal: it waits until all is sealed, and revealed. */
export function isReadyToReport(facts: Ready, bond: bigint): boolean {
  const { sealing, seals } = facts;
  if (sealing.phase === 'revealing') return reveal(facts, bond).length === 0;
  if (sealing.phase === 'standingIn' || sealing.roots.duty !== undefined) return false;
  return seals.duty === undefined && verdictsOf(facts, 'duty').length === 0;
}

/** Verdicts of others that are not what was computed here. */
export function accuseValidators(facts: Ready): readonly Accusation[] {
  return facts.revealed.flatMap(({ claimId, verdict }) => {
    const subject = differenceOf(facts, verdict);
    return subject === undefined ? [] : [{ claimId, subject, segment: 0 }];
  });
}

/** Where a verdict of somebody else first differs from what was computed here; undefined where it does not. */
function differenceOf(facts: Ready, verdict: Verdict): 'before' | 'trace' | 'leaves' | undefined {
  const own = foundOf(facts, verdict.work);
  const isOwn = isAddressEqual(verdict.validator, facts.standing.stake.owner);
  if (isOwn || own === undefined || own.segment !== verdict.segment) return undefined;
  if (own.before !== verdict.before) return 'before';
  if (own.trace !== verdict.trace) return 'trace';
  // Of a validator that was not known when the trace was taken, the leaves are for challengers to judge.
  return (leavesBy(own, verdict.validator) ?? verdict.leaves) === verdict.leaves ? undefined : 'leaves';
}

function leavesBy({ leaves }: Found, validator: Address): Hex | undefined {
  return [...leaves].find(([address]) => isAddressEqual(address, validator))?.[1];
}

function foundOf({ judgements, seals }: Ready, work: bigint): Found | undefined {
  const judged = judgements.find(({ claimId }) => claimId === work)?.found;
  const sealed = verdictParts.flatMap((part) => seals[part]?.verdicts ?? []);
  const kept = sealed.find((verdict) => verdict.work === work);
  return judged ?? (kept && { ...kept, leaves: new Map([[kept.validator, kept.leaves]]) });
}

/** Of this round, revealed. */
export function ownVerdicts({ revealed, standing }: Pick<Ready, 'revealed' | 'standing'>): readonly RevealedVerdict[] {
  return revealed.filter(({ verdict }) => isAddressEqual(verdict.validator, standing.stake.owner));
}

function isRevealed(facts: Ready, { work }: Verdict): boolean {
  return ownVerdicts(facts).some(({ verdict }) => verdict.work === work);
}
