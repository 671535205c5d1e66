import { readFile } from 'node:fs/promises';
import { zeroAddress, type Address } from 'viem';
import { z } from 'zod';

import { SwarmlockError } from '../engine/errors.ts';
import { protocolAbi, stakeManagerAbi } from './abi/index.ts';
import type { Client } from './client.ts';
import { onChain } from './errors.ts';

/** Where the contracts of one deployment are. */
export type Deployment = {
  readonly protocol: Address;
  readonly lens: Address;
  readonly stake: Address;
  readonly claims: Address;
  readonly runs: Address;
  readonly ownership: Address;
  readonly availability: Address;
  readonly game: Address;
  readonly verdicts: Address;
  /** The ERC-20 that is staked. */
  readonly token: Address;
};

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/) as unknown as z.ZodType<Address>;
const deployedAddresses = z.record(z.string(), address);

/**
 * The deployment that a file names: the `deployed_addresses.json` of Hardhat Ignition, or `{"protocol", "lens"}`. The
 * other addresses are asked of the protocol contract itself, so they cannot disagree.
 * @throws DEPLOYMENT_INVALID when the file or the chain does not have it
 */
export async function readDeployment(path: string, client: Client): Promise<Deployment> {
  const places = await readAddresses(path);
  if ((await onChain('reading the deployment', client.getCode({ address: places.protocol }))) === undefined) {
    throw invalid(path, `no contract is at ${places.protocol} on chain ${client.chain.id}`);
  }
  return deploymentAt(places, client);
}

/** What the protocol contract names. */
type Part = 'stake' | 'claims' | 'runs' | 'ownership' | 'availability' | 'game' | 'verdicts';

/** The deployment of a protocol contract and its lens. */
export async function deploymentAt(
  { protocol, lens }: Pick<Deployment, 'protocol' | 'lens'>,
  client: Client,
): Promise<Deployment> {
  const ask = (functionName: Part): Promise<Address> =>
    onChain(`Protocol.${functionName}`, client.readContract({ address: protocol, abi: protocolAbi, functionName }));
  const [stake, claims, runs, ownership, availability, game, verdicts] = await Promise.all([
    ask('stake'),
    ask('claims'),
    ask('runs'),
    ask('ownership'),
    ask('availability'),
    ask('game'),
    ask('verdicts'),
  ]);
  const token = await onChain(
    'StakeManager.token',
    client.readContract({ address: stake, abi: stakeManagerAbi, functionName: 'token' }),
  );
  return { protocol, lens, stake, claims, runs, ownership, availability, game, verdicts, token };
}

async function readAddresses(path: string): Promise<{ protocol: Address; lens: Address }> {
  let found: Record<string, Address>;
  try {
    found = deployedAddresses.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw invalid(path, 'it is not a file of addresses', cause);
  }
  const find = (name: string, contract: string): Address => {
    const key = Object.keys(found).find((candidate) => candidate === name || candidate.endsWith(`#${contract}`));
    const value = key === undefined ? undefined : found[key];
    if (value === undefined || value === zeroAddress) throw invalid(path, `it has no address for ${name}`);
    return value;
  };
  return { protocol: find('protocol', 'Protocol'), lens: find('lens', 'RunLens') };
}

function invalid(path: string, why: string, cause?: unknown): SwarmlockError {
  return new SwarmlockError(`${path} does not name a deployment: ${why}`, {
    code: 'DEPLOYMENT_INVALID',
    argument: 'deployment',
    hint: 'Give the deployed_addresses.json that the deployment to this chain has written.',
    cause,
  });
}
