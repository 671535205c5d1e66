import type { Address } from 'viem';

import type { Hash } from '../../../engine/commit/hash.ts';
import { parseClaimId, readClaim } from '../../../sdk/claims.ts';
import { readAggregateClaims } from '../../../sdk/events.ts';
import type { AggregateClaim } from '../../../sdk/game-moves.ts';
import { hasMember } from '../../../sdk/member-set.ts';
import { readPledge, type NamedToken } from '../../../sdk/receipts.ts';
import { readVerdicts, type Verdict } from '../../../sdk/verdicts.ts';
import type { Work, Works, WorksOptions } from './work.ts';

type Common = {
  readonly claimId: bigint;
  readonly round: number;
  readonly claimant: Address;
  /** The hash of everything claimed. */
  readonly word: Hash;
};

/** A token that a receipt says was answered; the pledge's claim. */
export type DisputedToken = Common & { readonly kind: 'token' } & NamedToken;

/** What is disputed, with all that is claimed. */
export type Disputed = DisputedClaim | DisputedToken;

/** A claim that can be disputed, with all that it says. */
export type DisputedClaim =
  | (Common & { readonly kind: 'work'; readonly work: Work })
  | (Common & {
      readonly kind: 'aggregate';
      readonly claim: AggregateClaim;
      /** Of the accepted members, in ascending index: their payloads, in the order of the program's inputs. */
      readonly members: readonly Work[];
    })
  | (Common & { readonly kind: 'verdict'; readonly verdict: Verdict; readonly work: Work });

/** Reads a claim from the events that made it; undefined when nobody has made it. */
export async function readDisputed(
  { client, deployment, runId, book }: WorksOptions,
  works: Works,
  claimId: bigint,
): Promise<DisputedClaim | undefined> {
  const { kind, round, number } = parseClaimId(claimId);
  switch (kind) {
    case 'work': {
      const work = await works.of(round, number);
      return work && { kind, claimId, round, claimant: work.owner, word: work.word, work };
    }
    case 'aggregate': {
      const claims = await readAggregateClaims(client, deployment, runId, { round }, await book.blocksSince(round));
      const claim = claims.find((one) => one.claimId === claimId);
      if (claim === undefined) return undefined;
      const { claimant, word, accepted } = claim;
      const members = (await works.in(round)).filter(({ index }) => hasMember(accepted, index));
      return { kind, claimId, round, claimant, word, claim, members };
    }
    case 'verdict': {
      const revealed = await readVerdicts(client, deployment, { runId, round }, await book.blocksSince(round));
      const found = revealed.find((one) => one.claimId === claimId);
      const work = found && (await works.of(round, parseClaimId(found.verdict.work).number));
      if (found === undefined || work === undefined) return undefined;
      const { word, verdict } = found;
      return { kind, claimId, round, claimant: verdict.validator, word, verdict, work };
    }
    case 'seat':
    case 'pledge':
      return undefined;
  }
}

/** What a receipt claims of one token; undefined when nobody has pledged for it. */
export async function readDisputedToken(
  { client, deployment }: Pick<WorksOptions, 'client' | 'deployment'>,
  named: NamedToken,
): Promise<DisputedToken | undefined> {
  const { pledge: claimId, round } = named.receipt;
  const pledge = await readPledge(client, deployment, claimId);
  if (pledge === undefined) return undefined;
  const { word } = await readClaim(client, deployment, claimId);
  return { kind: 'token', claimId, round, claimant: pledge.gateway, word, ...named };
}
