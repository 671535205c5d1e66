import { publicActions, type Account, type Address, type Chain, type Transport, type WalletClient } from 'viem';
import { market, swarmlockActions, type Deployment, type Serving } from 'swarmlock';

type Wallet = WalletClient<Transport, Chain, Account>;

/** Claims what the account's shares of a run have earned, and offers all its credits for a price each. */
export async function sellCredits(
  wallet: Wallet,
  deployment: Deployment & Serving,
  { runId, price }: { runId: bigint; price: bigint },
): Promise<bigint> {
  const client = wallet.extend(swarmlockActions(deployment));
  const credits = await client.credits.of(runId);
  await client.credits.claim(credits, client.account.address);
  const { balance } = await client.credits.holder(credits, client.account.address);
  await client.credits.approve(credits, deployment.market, balance);
  const placed = await client.market.place({ credits, payment: deployment.token, amount: balance, price });
  return market.placedOrder(placed)!;
}

/** Buys credits of a run from the cheapest offers, for at most half a percent more than they cost now. */
export async function buyCredits(
  wallet: Wallet,
  deployment: Deployment & Serving,
  { runId, amount, fromBlock }: { runId: bigint; amount: bigint; fromBlock: bigint },
): Promise<Address> {
  const client = wallet.extend(publicActions).extend(swarmlockActions(deployment));
  const pair = { credits: await client.credits.of(runId), payment: deployment.token };
  const toBlock = await client.getBlockNumber();
  const offers = await client.market.offers(pair, { fromBlock, toBlock });
  const wanted = { ...pair, orders: offers.map(({ id }) => id), amount };
  const { cost } = await client.market.quote(wanted);
  const maxCost = market.withSlippageUp(cost, 50);
  // The market takes the stake token of the deployment as any other ERC-20.
  await client.credits.approve(pair.payment, deployment.market, maxCost);
  await client.market.take({ ...wanted, maxCost });
  return pair.credits;
}
