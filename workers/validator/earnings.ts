import { parseClaimId } from '../../sdk/claims.ts';
import { readVerdictPay, type PayStatus } from '../../sdk/shares.ts';
import { readVerdicts } from '../../sdk/verdicts.ts';
import { ownBonds } from '../lib/bonds.ts';
import type { ChainFacts } from '../lib/read-progress.ts';
import type { Workshop } from '../lib/workshop.ts';
import type { ValidatorConfig } from './config.ts';

/** What a validator's own verdicts have for it to collect. */
export type Collectable = {
  /** Final, and their bonds still locked. */
  readonly releasable: readonly bigint[];
  /** Their pay may be claimed. */
  readonly claimable: readonly bigint[];
};

const over: readonly PayStatus[] = ['unearned', 'paid', 'forfeitable', 'forfeited'];

/** A validator's verdicts in all of its rounds, from the events of the chain: a process that was killed finds them again. */
export function verdictEarnings({ client, deployment, config, parameters, owner }: Workshop<ValidatorConfig>): {
  read(chain: Pick<ChainFacts, 'round' | 'at'>): Promise<Collectable>;
} {
  const unpaid = new Set<bigint>();
  const bonds = ownBonds({
    client,
    deployment,
    since: parameters.opensAt,
    search: async (blocks) => {
      const found = await readVerdicts(client, deployment, { runId: config.runId, validator: owner }, blocks);
      for (const { claimId } of found) unpaid.add(claimId);
      return found.map(({ claimId }) => ({ claimId, round: parseClaimId(claimId).round }));
    },
  });
  let last: { block: bigint; collectable: Collectable } | undefined;
  return {
    async read({ round, at }) {
      if (at.blockNumber === last?.block) return last.collectable;
      const { releasable } = await bonds.read({ round, at });
      const claimable: bigint[] = [];
      for (const claimId of unpaid) {
        if (parseClaimId(claimId).round >= round.number) continue;
        const { status } = await readVerdictPay(client, deployment, claimId, at);
        if (over.includes(status)) unpaid.delete(claimId);
        if (status === 'claimable') claimable.push(claimId);
      }
      last = { block: at.blockNumber, collectable: { releasable, claimable } };
      return last.collectable;
    },
  };
}
