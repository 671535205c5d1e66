import type { Account, Chain, Transport, WalletClient } from 'viem';
import { isRevert, swarmlockActions, type Deployment, type Serving } from 'swarmlock';

/** Stakes so much of the account's tokens, or all when there are fewer, and says what it has staked then. */
export async function stakeTokens(
  wallet: WalletClient<Transport, Chain, Account>,
  deployment: Deployment & Serving,
  amount: bigint,
): Promise<bigint> {
  const client = wallet.extend(swarmlockActions(deployment));
  await client.stake.approve(amount);
  try {
    await client.stake.deposit(amount);
  } catch (error) {
    // Errors carry the rule that was broken and the values that it compared; nothing was sent.
    if (!isRevert(error, 'ERC20InsufficientBalance')) throw error;
    await client.stake.deposit(error.args[1] as bigint);
  }
  const { free } = await client.stake.read(client.account.address);
  return free;
}
