import { encodeFunctionData, numberToHex, type Address } from 'viem';

import { SwarmlockError } from '../engine/errors.ts';
import { drandRandomnessAbi, headerRandomnessAbi, randomnessAbi, runsAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { DRAND_URLS, fetchSignature } from './drand.ts';
import { onChain } from './errors.ts';
import { encodeHeader } from './header.ts';

const sources = ['development', 'l1', 'drand'] as const;
export type Source = (typeof sources)[number];

/** Where the beacons of a deployment come from. */
export type Randomness = { readonly address: Address; readonly source: Source };

/** @throws RANDOMNESS_UNKNOWN when the deployment has a source that is not known here */
export async function readRandomness(client: Client, { runs }: Deployment): Promise<Randomness> {
  const address = await onChain(
    'Runs.randomness',
    client.readContract({ address: runs, abi: runsAbi, functionName: 'randomness' }),
  );
  const name = await onChain(
    'Randomness.source',
    client.readContract({ address, abi: randomnessAbi, functionName: 'source' }),
  );
  const source = sources.find((known) => known === name);
  if (source !== undefined) return { address, source };
  throw new SwarmlockError(`The randomness of this deployment is ${name}, which is not known here`, {
    code: 'RANDOMNESS_UNKNOWN',
    argument: 'deployment',
    hint: 'Use the version of this software that the deployment was made with.',
  });
}

/**
 * The call that proves the answer to a ticket, which anyone may send, once; undefined while the answer is not there, and
 * where none needs a proof.
 * @throws HEADER_UNKNOWN, DRAND_UNREACHABLE (retryable)
 */
export async function proofOf(
  client: Client,
  { address, source }: Randomness,
  ticket: bigint,
  drandUrls: readonly string[] = DRAND_URLS,
): Promise<Call | undefined> {
  if (source === 'l1') return proveHeader(client, address, ticket);
  if (source === 'drand') return proveRound(client, address, ticket, drandUrls);
  return undefined;
}

async function proveHeader(client: Client, to: Address, ticket: bigint): Promise<Call | undefined> {
  // The hash of a block is known from the next one on.
  if ((await onChain('reading the latest block', client.getBlockNumber())) <= ticket) return undefined;
  const block: unknown = await onChain(
    'reading a header',
    client.request({ method: 'eth_getBlockByNumber', params: [numberToHex(ticket), false] }),
  );
  const args = [ticket, encodeHeader(block)] as const;
  const data = encodeFunctionData({ abi: headerRandomnessAbi, functionName: 'prove', args });
  return { to, data, name: 'HeaderRandomness.prove' };
}

async function proveRound(
  client: Client,
  to: Address,
  round: bigint,
  urls: readonly string[],
): Promise<Call | undefined> {
  const contract = { address: to, abi: drandRandomnessAbi } as const;
  const [dueAt, chainHash, { timestamp }] = await Promise.all([
    onChain('DrandRandomness.dueAt', client.readContract({ ...contract, functionName: 'dueAt', args: [round] })),
    onChain('DrandRandomness.chainHash', client.readContract({ ...contract, functionName: 'chainHash' })),
    onChain('reading the latest block', client.getBlock()),
  ]);
  if (timestamp < dueAt) return undefined;
  const signature = await fetchSignature({
    urls,
    chainHash,
    round,
    isRight: (given) =>
      onChain(
        'DrandRandomness.isSignature',
        client.readContract({ ...contract, functionName: 'isSignature', args: [round, given] }),
      ),
  });
  if (signature === undefined) return undefined;
  const data = encodeFunctionData({ abi: drandRandomnessAbi, functionName: 'prove', args: [round, signature] });
  return { to, data, name: 'DrandRandomness.prove' };
}
