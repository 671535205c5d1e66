import { setImmediate as turn } from 'node:timers/promises';
import { isAddressEqual, toHex } from 'viem';

import type { Hash } from '../../engine/commit/hash.ts';
import type { SamplingOptions } from '../../engine/decoding/request.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import { requirePledge } from '../../sdk/pledges.ts';
import { receiptObject, signReceipt } from '../../sdk/receipts.ts';
import type { Workplace } from '../lib/run-worker.ts';
import type { GatewayConfig } from './config.ts';
import type { PaidBy } from './till.ts';

/** What was answered, and to whom. */
export type Answered = PaidBy & {
  /** How many of the tokens were asked. */
  readonly prompt: number;
  /** Of the prompt, and of the answer as far as it has come. */
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
  await requireOwn(place, pledge);
  const domain = { chainId: config.chainId, receipts: deployment.receipts };
  /** Signatures take milliseconds each; what the decoder and clients have sent meanwhile comes between two of them. */
  let free: Promise<unknown> = Promise.resolve();
  return {
    async sign({ prompt, tokens, sampling, session, drawn }) {
      const expiresAt = Math.floor((clock.now() + receiptMs) / 1_000);
      const answer = { prompt, tokens: toHex(Uint8Array.from(tokens)), ...sampling };
      const receipt = { pledge, session, drawn, round, root, ...answer, expiresAt };
      const signed = free.then(() => turn()).then(() => signReceipt(signer, domain, receipt));
      free = signed.catch(() => undefined);
      return receiptObject(await signed);
    },
  };
}

/** What nobody could challenge is not signed. */
async function requireOwn({ config, client, deployment, signer }: Place, id: bigint): Promise<void> {
  const { key } = await requirePledge(client, deployment, config.runId, id);
  if (isAddressEqual(key, signer.address)) return;
  throw new SwarmlockError(`The receipts of the pledge ${id} are signed by ${key}`, {
    code: 'PLEDGE_INVALID',
    argument: 'pledge',
    hint: 'Give the id of a pledge that names the key of this gateway, or none.',
  });
}
