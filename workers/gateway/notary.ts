import { setImmediate as turn } from 'node:timers/promises';
import { toHex } from 'viem';

import type { Hash } from '../../engine/commit/hash.ts';
import type { SamplingOptions } from '../../engine/decoding/request.ts';
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

type Place = Pick<Workplace<GatewayConfig>, 'config' | 'deployment' | 'clock' | 'signer'>;

/** The notary of a gateway that has made a pledge. */
export function createNotary(place: Place, pledge: bigint, { root, round }: WeightsOrigin): Notary {
  const { config, deployment, clock, signer } = place;
  const domain = { chainId: config.chainId, receipts: deployment.receipts };
  /** Signatures take milliseconds each; what the decoder and clients have sent meanwhile comes between two of them. */
  let free: Promise<unknown> = Promise.resolve();
  return {
    async sign({ prompt, tokens, sampling, session, drawn }) {
      const expiresAt = Math.floor((clock.now() + config.receiptMs) / 1_000);
      const answer = { prompt, tokens: toHex(Uint8Array.from(tokens)), ...sampling };
      const receipt = { pledge, session, drawn, round, root, ...answer, expiresAt };
      const signed = free.then(() => turn()).then(() => signReceipt(signer, domain, receipt));
      free = signed.catch(() => undefined);
      return receiptObject(await signed);
    },
  };
}
