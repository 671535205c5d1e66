import { tokensPerRound, type Recipe } from '../../../engine/recipe.ts';
import type { Finding } from '../../../workers/validator/audit.ts';
import type { CheatKind } from '../churn/cheats.ts';
import type { Crowd, Member } from './crowd.ts';
import type { Work } from './work.ts';

/** Whether an audit has found what costs a member its bond. @param finding undefined when there was none */
export function isConviction(finding: Finding | undefined): boolean {
  return finding !== undefined && finding.outcome !== 'match';
}

/** A work, and what became of it. */
export type Entry = {
  readonly round: number;
  readonly member: Member;
  readonly work: Work;
  /** Whether the aggregate has it. */
  readonly stands: boolean;
  /** Of its audit, if it was drawn. */
  readonly finding: Finding | undefined;
};

/** What a cheat has done that was not right. */
export type Deeds = {
  readonly kind: CheatKind;
  readonly seat: number;
  /** Rounds in which it has committed to what is not right, or not served what it has committed to. */
  readonly rounds: number;
  /** Of these, the ones whose aggregate has its payload. */
  readonly accepted: number;
  readonly convictedIn: number | undefined;
  /** What an audit has found. */
  readonly why: string | undefined;
};

/** What happened in a run. */
export type Ledger = {
  readonly joined: number;
  readonly left: number;
  readonly dropped: number;
  /** Members that took part, by round. */
  readonly members: readonly number[];
  readonly audits: number;
  /** Convictions of those who did what the rules say. */
  readonly honestConvicted: number;
  readonly cheats: readonly Deeds[];
  /** Of all work that was accepted: as many as a chain counts. */
  readonly tokens: number;
  /** What an honest member publishes in a round, on average. */
  readonly bytes: number;
};

export type LedgerKeeper = {
  note(entry: Entry): void;
  sums(): Ledger;
};

export function createLedger(recipe: Recipe, crowd: Crowd): LedgerKeeper {
  const deeds = new Map<Member, Deeds>();
  const members: number[] = [];
  const sizes: number[] = [];
  let [audits, accepted, honestConvicted] = [0, 0, 0];
  return {
    note({ round, member, work, stands, finding }) {
      const { seat, cheats } = member;
      const convicted = isConviction(finding);
      members[round - 1] = (members[round - 1] ?? 0) + 1;
      accepted += Number(stands);
      audits += Number(finding !== undefined);
      if (cheats === undefined) sizes.push(Number(work.commitment.payloadBytes));
      if (cheats === undefined || round < cheats.first) {
        honestConvicted += Number(convicted);
        return;
      }
      const before = deeds.get(member);
      deeds.set(member, {
        kind: cheats.kind,
        seat,
        rounds: (before?.rounds ?? 0) + 1,
        accepted: (before?.accepted ?? 0) + Number(stands),
        convictedIn: convicted ? round : undefined,
        why: convicted ? (finding?.why ?? 'not served') : undefined,
      });
    },
    sums: () => ({
      joined: crowd.joined,
      left: crowd.left,
      dropped: crowd.dropped,
      members,
      audits,
      honestConvicted,
      cheats: [...deeds.values()],
      tokens: accepted * tokensPerRound(recipe),
      bytes: sizes.reduce((a, b) => a + b, 0) / sizes.length,
    }),
  };
}
