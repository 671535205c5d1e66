import { join } from 'node:path';
import type { Address } from 'viem';

import { mintShares } from '../../bench/lib/credits.ts';
import type { Call } from '../../sdk/call.ts';
import { claim, readCreation, readCreditsOf } from '../../sdk/credits.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import { createRun, type RunParameters } from '../../sdk/run.ts';
import type { Serving } from '../../sdk/serving.ts';
import { deployProtocol, deployServing, senderOf } from './deployment.ts';
import type { TestNode } from './node.ts';
import { parameters } from './runs.ts';

export type CreditedRun = {
  readonly deployment: Deployment & Serving;
  readonly runId: bigint;
  readonly credits: Address;
};

/** In basis points. */
const ROYALTY = 1_000;

/**
 * A run of which `owner` has a tenth of all shares, as if it had been paid them, and has claimed the credits that they bring.
 * It asks a tenth of its children.
 */
export async function createCreditedRun(
  node: TestNode,
  folder: string,
  owner: Address,
  changes: Partial<RunParameters> = {},
): Promise<CreditedRun> {
  const path = join(folder, 'ignition');
  const deployment = { ...(await deployProtocol(node, path)), ...(await deployServing(node, path)) };
  const { client } = node;
  const sender = senderOf(node, await node.fundedAccount());
  const send = (call: Call) => sender.send(call, new AbortController().signal);
  const runId = 1n;
  const opensAt = Number((await client.getBlock()).timestamp) + 100;
  const about: RunParameters = { ...parameters, opensAt, royalty: ROYALTY, ...changes };
  await send(createRun(deployment, about, { name: 'Tiny', symbol: 'TINY', uri: '' }));
  await send(await readCreation(client, deployment, runId));
  await mintShares(client, deployment, { runId, owner, part: 10n });
  const credits = await readCreditsOf(client, deployment, runId);
  await send(claim(credits, owner));
  return { deployment, runId, credits };
}
