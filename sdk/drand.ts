import type { Hex } from 'viem';
import { z } from 'zod';

import { SwarmlockError } from '../engine/errors.ts';

/** Public endpoints of drand's operators. */
export const DRAND_URLS: readonly string[] = ['https://api.drand.sh', 'https://api2.drand.sh', 'https://api3.drand.sh'];

const PATIENCE_MS = 5_000;

export type DrandRequest = {
  /** Endpoints, asked one after the other. */
  readonly urls: readonly string[];
  readonly chainHash: Hex;
  readonly round: bigint;
  /** Whether it is the round's signature: an endpoint is not believed. */
  isRight(signature: Hex): Promise<boolean>;
};

const answer = z.object({
  round: z.number(),
  signature: z.string().regex(/^[0-9a-f]{128}$/),
});

/**
 * The signature of a round, 64 bytes, of the first endpoint that has the right one; undefined while it is not published.
 * @throws DRAND_UNREACHABLE (retryable) when no endpoint has answered as it should
 */
export async function fetchSignature({ urls, chainHash, round, isRight }: DrandRequest): Promise<Hex | undefined> {
  let isUnpublished = false;
  let cause: unknown;
  for (const url of urls) {
    try {
      const response = await fetch(`${url.replace(/\/$/, '')}/${chainHash.slice(2)}/public/${round}`, {
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      if (response.status === 404 || response.status === 425) {
        isUnpublished = true;
        continue;
      }
      const given = answer.parse(await response.json());
      const signature: Hex = `0x${given.signature}`;
      if (BigInt(given.round) === round && (await isRight(signature))) return signature;
      cause = new Error(`${url} gave another signature than that of round ${round}`);
    } catch (error) {
      // The chain's own errors are not the endpoint's.
      if (error instanceof SwarmlockError) throw error;
      cause = error;
    }
  }
  if (isUnpublished) return undefined;
  throw new SwarmlockError(`No endpoint of drand has given round ${round}`, {
    code: 'DRAND_UNREACHABLE',
    argument: 'drandUrls',
    hint: 'Check drandUrls, and that they serve the network that the contract names by its chainHash.',
    retryable: true,
    cause,
  });
}
