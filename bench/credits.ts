import { encodeFunctionData, hexToBigInt, type Address } from 'viem';
import { generatePrivateKey, privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';

import { creditsAbi, sessionsAbi } from '../sdk/abi/index.ts';
import { settleVouchers } from '../sdk/sessions.ts';
import { signVoucher } from '../sdk/vouchers.ts';
import { log } from './lib/bench.ts';
import { openCreditChain, stranger, type CreditChain } from './lib/credit-chain.ts';

export const description = 'what it costs to spend and claim credits, and to settle vouchers, in gas';

const SPENT = 1_000_003n;

const CLOSE_DELAY = 600;
const ROUTE = 1;

type Opened = { readonly key: PrivateKeyAccount; readonly session: bigint };

const spend = (server: Address) =>
  encodeFunctionData({ abi: creditsAbi, functionName: 'spend', args: [SPENT, server] });
const claim = (owner: Address) => encodeFunctionData({ abi: creditsAbi, functionName: 'claim', args: [owner] });

/** A spend and a claim, by those who have done both before. */
async function measureOwners(chain: CreditChain): Promise<{ spend: number; claim: number }> {
  const { credits, accounts, send } = chain;
  const [payer, owner] = [accounts[1]!, accounts[2]!];
  const server = stranger(0);
  await send(payer, credits, spend(server));
  await send(owner, credits, claim(owner));
  const spent = await send(payer, credits, spend(server));
  const claimed = await send(owner, credits, claim(owner));
  return { spend: spent, claim: claimed };
}

/** Sessions of one client, each with a key of its own, and the gas of settling one more voucher of each of them. */
async function measureVouchers(chain: CreditChain, count: number): Promise<number> {
  const { credits, accounts, send, ask } = chain;
  const [client, gateway] = [accounts[1]!, accounts[2]!];
  const sessions = await chain.deploy('Sessions', [CLOSE_DELAY]);
  const payees = [{ account: gateway, weight: 1_000_000 }];
  await send(
    gateway,
    sessions,
    encodeFunctionData({ abi: sessionsAbi, functionName: 'registerRoute', args: [payees] }),
  );
  await send(
    client,
    credits,
    encodeFunctionData({ abi: creditsAbi, functionName: 'approve', args: [sessions, SPENT * 200n] }),
  );
  const opened: Opened[] = [];
  for (let i = 0; i < count; i++) {
    const key = privateKeyToAccount(generatePrivateKey());
    const args = [credits, gateway, key.address, ROUTE, Number(SPENT) * 2] as const;
    const open = encodeFunctionData({ abi: sessionsAbi, functionName: 'open', args });
    opened.push({ key, session: hexToBigInt(await ask(sessions, open, client)) });
    await send(client, sessions, open);
  }
  const settle = async (drawn: number): Promise<number> => {
    const at = { chainId: 31_337, sessions, credits };
    const vouchers = opened.map(({ key, session }) => signVoucher(key, at, { session, route: ROUTE, drawn }));
    return send(gateway, sessions, settleVouchers(at, await Promise.all(vouchers)).data);
  };
  await settle(1_003);
  return Math.round((await settle(2_007)) / count);
}

/** Gas of transactions, by their receipts. */
export async function run(): Promise<object> {
  const chain = await openCreditChain();
  for (const owner of chain.accounts.slice(1, 4)) await chain.endow(owner);
  for (let i = 4; i <= 10; i++) await chain.endow(stranger(i));
  const few = await measureOwners(chain);
  log(`10 holders: a spend takes ${few.spend} gas, a claim ${few.claim}`);
  for (let i = 11; i <= 1_000; i++) await chain.endow(stranger(i));
  const many = await measureOwners(chain);
  log(`1,000 holders: a spend takes ${many.spend} gas, a claim ${many.claim}`);
  const voucherGas1 = await measureVouchers(chain, 1);
  const voucherGas50 = await measureVouchers(chain, 50);
  log(`a voucher takes ${voucherGas1} gas alone, ${voucherGas50} among 50`);
  await chain.close();
  return {
    spendGas: few.spend,
    spendGas1000Holders: many.spend,
    claimGas: Math.max(few.claim, many.claim),
    voucherGas1,
    voucherGas50,
  };
}
