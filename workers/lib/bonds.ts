import { firstBlockAt } from '../../sdk/blocks.ts';
import { readClaim } from '../../sdk/claims.ts';
import type { Client } from '../../sdk/client.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import type { Blocks } from '../../sdk/events.ts';
import type { ChainFacts } from './read-progress.ts';

/** Claims of one owner, and which of them have bonds to take back. */
export type Bonds<Claimed> = {
  /** All whose bonds may still be locked. */
  readonly bonded: readonly Claimed[];
  /** Final, and their bonds still locked. */
  readonly releasable: readonly bigint[];
};

type Options<Claimed> = {
  readonly client: Client;
  readonly deployment: Deployment;
  /** Seconds: nothing was claimed before. */
  readonly since: number;
  /** What the owner has claimed in these blocks. */
  search(blocks: Blocks): Promise<readonly Claimed[]>;
};

/** An owner's own claims, from the events of the chain: a process that was killed finds them again. */
export function ownBonds<Claimed extends { readonly claimId: bigint; readonly round: number }>({
  client,
  deployment,
  since,
  search,
}: Options<Claimed>): { read(chain: Pick<ChainFacts, 'round' | 'at'>): Promise<Bonds<Claimed>> } {
  let bonded: readonly Claimed[] = [];
  let fromBlock: bigint | undefined;
  let last: { block: bigint; bonds: Bonds<Claimed> } | undefined;
  const readNew = async (toBlock: bigint): Promise<void> => {
    fromBlock ??= await firstBlockAt(client, since);
    if (fromBlock > toBlock) return;
    bonded = [...bonded, ...(await search({ fromBlock, toBlock }))];
    fromBlock = toBlock + 1n;
  };
  return {
    async read({ round, at }) {
      if (at.blockNumber === last?.block) return last.bonds;
      await readNew(at.blockNumber);
      const releasable: bigint[] = [];
      for (const claim of bonded.filter((candidate) => candidate.round < round.number)) {
        const { status, released } = await readClaim(client, deployment, claim.claimId, at);
        if (released || status === 'voided') bonded = bonded.filter((candidate) => candidate !== claim);
        else if (status === 'final') releasable.push(claim.claimId);
      }
      last = { block: at.blockNumber, bonds: { bonded, releasable } };
      return last.bonds;
    },
  };
}
