import { readFile } from 'node:fs/promises';
import { zeroAddress, type Address } from 'viem';
import { z } from 'zod';

import { SwarmlockError } from '../engine/errors.ts';
import type { Client } from './client.ts';
import { deploymentAt, type Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import type { Serving } from './serving.ts';

const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/) as unknown as z.ZodType<Address>;
const deployedAddresses = z.record(z.string(), address);

/**
 * The deployment that a file names: the `deployed_addresses.json` of Hardhat Ignition, or `{"protocol", "lens"}`. The
 * other addresses are asked of the protocol contract itself, so they cannot disagree.
 * @throws DEPLOYMENT_INVALID when the file or the chain does not have it
 */
export async function readDeployment(path: string, client: Client): Promise<Deployment> {
  const places = await readAddresses(path, { protocol: 'Protocol', lens: 'RunLens' });
  await requireCode(path, client, places.protocol);
  return deploymentAt(places, client);
}

/**
 * What inference is paid by, as a file names it: that of Hardhat Ignition, or `{"sessions", "market"}`.
 * @throws DEPLOYMENT_INVALID when the file or the chain does not have it
 */
export async function readServing(path: string, client: Client): Promise<Serving> {
  const serving = await readAddresses(path, { sessions: 'Sessions', market: 'Market' });
  await Promise.all(Object.values(serving).map((place) => requireCode(path, client, place)));
  return serving;
}

async function requireCode(path: string, client: Client, place: Address): Promise<void> {
  if ((await onChain('reading the deployment', client.getCode({ address: place }))) !== undefined) return;
  throw invalid(path, `no contract is at ${place} on chain ${client.chain.id}`);
}

/** @param contracts their names in the file, by ours */
async function readAddresses<Name extends string>(
  path: string,
  contracts: Readonly<Record<Name, string>>,
): Promise<Record<Name, Address>> {
  let found: Record<string, Address>;
  try {
    found = deployedAddresses.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (cause) {
    throw invalid(path, 'it is not a file of addresses', cause);
  }
  const places = Object.entries<string>(contracts).map(([name, contract]) => {
    const key = Object.keys(found).find((candidate) => candidate === name || candidate.endsWith(`#${contract}`));
    const value = key === undefined ? undefined : found[key];
    if (value === undefined || value === zeroAddress) throw invalid(path, `it has no address for ${name}`);
    return [name, value] as const;
  });
  return Object.fromEntries(places) as Record<Name, Address>;
}

function invalid(path: string, why: string, cause?: unknown): SwarmlockError {
  return new SwarmlockError(`${path} does not name a deployment: ${why}`, {
    code: 'DEPLOYMENT_INVALID',
    argument: 'deployment',
    hint: 'Give the deployed_addresses.json that the deployment to this chain has written.',
    cause,
  });
}
