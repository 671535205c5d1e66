import { encodeFunctionData, type Address } from 'viem';

import { creditsAbi } from '../sdk/abi/index.ts';
import { log } from './lib/bench.ts';
import { openCreditChain, stranger, type CreditChain } from './lib/credit-chain.ts';

export const description = 'what it costs to spend and to claim credits, in gas';

const SPENT = 1_000_003n;

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
  await chain.close();
  return { spendGas: few.spend, spendGas1000Holders: many.spend, claimGas: Math.max(few.claim, many.claim) };
}
