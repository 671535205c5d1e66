import { encodeFunctionData, numberToHex, parseEther, type Address, type Hex, type TransactionReceipt } from 'viem';

import { ownershipAbi, shareTokenAbi } from '../../sdk/abi/index.ts';
import type { Call } from '../../sdk/call.ts';
import type { Client } from '../../sdk/client.ts';
import { approve, claim, readCreation, readCreditsOf } from '../../sdk/credits.ts';
import type { Deployment } from '../../sdk/deployment.ts';

type Request = { Method: string; Parameters: readonly unknown[]; ReturnType: unknown };

/** Sends in anybody's name on a development chain; the account gets the ether for it. */
export async function sendAs(
  client: Client,
  from: Address,
  { to, data }: Pick<Call, 'to' | 'data'>,
): Promise<TransactionReceipt> {
  const ask = (method: string, params: readonly unknown[]) => client.request<Request>({ method, params });
  await ask('hardhat_impersonateAccount', [from]);
  await ask('hardhat_setBalance', [from, numberToHex(parseEther('10'))]);
  const hash = (await ask('eth_sendTransaction', [{ from, to, data }])) as Hex;
  return client.waitForTransactionReceipt({ hash, pollingInterval: 20 });
}

/** Gives an account one `part`-th of a run's shares, as if it had been paid them: in the name of the contract that pays for rounds. */
export async function mintShares(
  client: Client,
  { ownership }: Deployment,
  { runId, owner, part }: { readonly runId: bigint; readonly owner: Address; readonly part: bigint },
): Promise<void> {
  const about = { address: ownership, abi: ownershipAbi } as const;
  const shares = await client.readContract({ ...about, functionName: 'shareTokenOf', args: [runId] });
  const cap = await client.readContract({ address: shares, abi: shareTokenAbi, functionName: 'cap' });
  const data = encodeFunctionData({ abi: shareTokenAbi, functionName: 'mint', args: [owner, cap / part] });
  await sendAs(client, ownership, { to: shares, data });
}

/**
 * Gives an account a thousandth of a run's shares, as if it had trained for them, and the credits that they bring; the
 * sessions may take those.
 */
export async function endow(
  client: Client,
  deployment: Deployment,
  { runId, sessions, owner }: { readonly runId: bigint; readonly sessions: Address; readonly owner: Address },
): Promise<Address> {
  await sendAs(client, owner, await readCreation(client, deployment, runId));
  await mintShares(client, deployment, { runId, owner, part: 1_000n });
  const credits = await readCreditsOf(client, deployment, runId);
  await sendAs(client, owner, claim(credits, owner));
  await sendAs(client, owner, approve(credits, sessions, 2n ** 64n));
  return credits;
}
