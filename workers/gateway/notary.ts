import { isAddressEqual, toHex } from 'viem';

import type { Hash } from '../../engine/commit/hash.ts';
import type { SamplingOptions } from '../../engine/decoding/request.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import { parseClaimId, readClaim } from '../../sdk/claims.ts';
import { readPledge, receiptObject, signReceipt } from '../../sdk/receipts.ts';
import type { Workplace } from '../lib/run-worker.ts';
import type { GatewayConfig } from './config.ts';
import type { PaidBy } from './till.ts';

/** What was answered, and to whom. */
export type Answered = PaidBy & {
  /** How many of the tokens were asked. */
  readonly prompt: number;
  readonly tokens: readonly number[];
  readonly sampling: SamplingOptions;
};

/** Signs for answers; what comes back is what clients get to see. */
export type Notary = { sign(answered: Answered): Promise<object> };

/** Where the weights come from: the state that a round starts from. */
export type WeightsOrigin = { readonly root: Hash; readonly round: number };

type Place = Pick<Workplace<GatewayConfig>, 'config' | 'client' | 'deployment' | 'clock' | 'signer'>;

/** The notary of a gateway that has made a pledge; undefined for one that has not. @throws PLEDGE_INVALID */
export async function openNotary(place: Place, { root, round }: WeightsOrigin): Promise<Notary | undefined> {
  const { config, deployment, clock, signer } = place;
  const { pledge, receiptMs } = config;
  if (pledge === undefined) return undefined;
  await requirePledge(place, pledge);
  const domain = { chainId: config.chainId, receipts: deployment.receipts };
  return {
    async sign({ prompt, tokens, sampling, session, drawn }) {
      const expiresAt = Math.floor((clock.now() + receiptMs) / 1_000);
      const answer = { prompt, tokens: toHex(Uint8Array.from(tokens)), ...sampling };
      return receiptObject(
        await signReceipt(signer, domain, { pledge, session, drawn, round, root, ...answer, expiresAt }),
      );
    },
  };
}

/** What nobody could challenge is not signed. */
async function requirePledge({ config, client, deployment, signer }: Place, id: bigint): Promise<void> {
  const { kind, runId } = parseClaimId(id);
  const pledge = await readPledge(client, deployment, id);
  const isOfRun = kind === 'pledge' && runId === config.runId;
  if (!isOfRun || pledge === undefined) throw invalid(`there is no pledge ${id} for run ${config.runId}`);
  if (!isAddressEqual(pledge.key, signer.address)) throw invalid(`its receipts are signed by ${pledge.key}`);
  const { status } = await readClaim(client, deployment, id);
  if (status !== 'standing' && status !== 'frozen') throw invalid(`it is ${status}`);
}

function invalid(why: string): SwarmlockError {
  return new SwarmlockError(`The pledge cannot be signed for: ${why}`, {
    code: 'PLEDGE_INVALID',
    argument: 'pledge',
    hint: 'Give the id of a pledge that names the key of this gateway, or none.',
  });
}
