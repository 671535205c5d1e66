import { encodeFunctionData, erc20Abi, zeroAddress, type Address } from 'viem';

import { stakeManagerAbi } from './abi/index.ts';
import type { Call } from './call.ts';
import type { Client } from './client.ts';
import type { Deployment } from './deployment.ts';
import { onChain } from './errors.ts';
import type { At } from './run.ts';

/** What one owner has in the vault and beside it, in units of the stake token. */
export type Stake = {
  readonly owner: Address;
  /** The key that signs work for the owner; undefined when it has named none. */
  readonly node: Address | undefined;
  /** May be locked behind claims, unbonded, or burned as a joining price. */
  readonly free: bigint;
  readonly locked: bigint;
  readonly unbonding: bigint;
  /** In seconds, when all that unbonds may leave. */
  readonly withdrawableAt: number | undefined;
  /** Tokens that the owner holds outside the vault, and how many of them the vault may take. */
  readonly wallet: bigint;
  readonly allowance: bigint;
};

export async function readStake(
  client: Client,
  { stake, token }: Deployment,
  owner: Address,
  at: At = {},
): Promise<Stake> {
  const vault = { address: stake, abi: stakeManagerAbi, args: [owner], ...at } as const;
  const erc20 = { address: token, abi: erc20Abi, ...at } as const;
  const [account, node, wallet, allowance] = await Promise.all([
    onChain('StakeManager.accountOf', client.readContract({ ...vault, functionName: 'accountOf' })),
    onChain('StakeManager.nodeOf', client.readContract({ ...vault, functionName: 'nodeOf' })),
    onChain('ERC20.balanceOf', client.readContract({ ...erc20, functionName: 'balanceOf', args: [owner] })),
    onChain('ERC20.allowance', client.readContract({ ...erc20, functionName: 'allowance', args: [owner, stake] })),
  ]);
  const { withdrawableAt, ...amounts } = account;
  return {
    ...amounts,
    owner,
    node: node === zeroAddress ? undefined : node,
    withdrawableAt: withdrawableAt === 0 ? undefined : withdrawableAt,
    wallet,
    allowance,
  };
}

/** Names the key that signs work for the sender, instead of any earlier one. */
export function setNode({ stake }: Deployment, node: Address): Call {
  const data = encodeFunctionData({ abi: stakeManagerAbi, functionName: 'setNode', args: [node] });
  return { to: stake, data, name: 'StakeManager.setNode' };
}

/** Lets the vault take `amount` of the stake token from the sender. */
export function approve({ stake, token }: Deployment, amount: bigint): Call {
  const data = encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [stake, amount] });
  return { to: token, data, name: 'ERC20.approve' };
}

/** Moves approved tokens of the sender to its free stake. */
export function deposit({ stake }: Deployment, amount: bigint): Call {
  const data = encodeFunctionData({ abi: stakeManagerAbi, functionName: 'deposit', args: [amount] });
  return { to: stake, data, name: 'StakeManager.deposit' };
}

/** Takes free stake out of use; the delay starts again for everything that is unbonding. */
export function startUnbonding({ stake }: Deployment, amount: bigint): Call {
  const data = encodeFunctionData({ abi: stakeManagerAbi, functionName: 'startUnbonding', args: [amount] });
  return { to: stake, data, name: 'StakeManager.startUnbonding' };
}

/** Sends all that has unbonded to the sender. */
export function withdraw({ stake }: Deployment): Call {
  const data = encodeFunctionData({ abi: stakeManagerAbi, functionName: 'withdraw' });
  return { to: stake, data, name: 'StakeManager.withdraw' };
}
