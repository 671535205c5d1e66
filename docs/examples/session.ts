import type { Account, Address, Chain, Transport, WalletClient } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { sessions, swarmlockActions, type Deployment, type Serving, type SignedVoucher } from 'swarmlock';

type Wallet = WalletClient<Transport, Chain, Account>;
type Offer = { readonly credits: Address; readonly gateway: Address; readonly route: number };

/** A client: opens a session with a fresh key, and promises a first amount by a voucher, without a transaction. */
export async function openSession(
  wallet: Wallet,
  deployment: Deployment & Serving,
  { credits, gateway, route }: Offer,
  amount: number,
): Promise<SignedVoucher> {
  const client = wallet.extend(swarmlockActions(deployment));
  const key = privateKeyToAccount(generatePrivateKey());
  await client.credits.approve(credits, deployment.sessions, BigInt(amount));
  const opened = await client.sessions.open(credits, { gateway, route, key: key.address, amount });
  const session = sessions.openedSession(opened)!;
  return client.sessions.signVoucher(key, credits, { session, route, drawn: amount / 4 });
}

/** A gateway: draws what a client has promised, once it has looked at the signature, and closes the session. */
export async function settleSession(
  wallet: Wallet,
  deployment: Deployment & Serving,
  credits: Address,
  voucher: SignedVoucher,
): Promise<number> {
  const client = wallet.extend(swarmlockActions(deployment));
  const session = await client.sessions.read(credits, voucher.session);
  if (session === undefined || !(await client.sessions.isSignedBy(session.key, credits, voucher))) return 0;
  const settled = await client.sessions.settle(credits, [voucher]);
  await client.sessions.close(credits, voucher.session);
  await client.sessions.refund(credits, voucher.session);
  return sessions.settlementsIn(settled)[0]!.amount;
}
