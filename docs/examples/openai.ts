import OpenAI from 'openai';
import type { Account, Address, Chain, Transport, WalletClient } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { swarmlockFetch, viemWallet } from 'swarmlock';

/** Asks a model through its gateway, and pays with the credits that the account has of its run. */
export async function complete(
  wallet: WalletClient<Transport, Chain, Account>,
  { baseURL, model, credits, sessions }: { baseURL: string; model: string; credits: Address; sessions: Address },
  prompt: string,
): Promise<string> {
  const fetch = swarmlockFetch({
    wallet: viemWallet(wallet),
    key: privateKeyToAccount(generatePrivateKey()),
    chainId: wallet.chain.id,
    sessions,
    credits,
    deposit: 10_000,
    mostPerRequest: 1_000,
  });
  const openai = new OpenAI({ baseURL, apiKey: 'none', fetch });
  let text = '';
  const stream = await openai.completions.create({ model, prompt, max_tokens: 20, temperature: 0, stream: true });
  for await (const { choices } of stream) text += choices[0]!.text;
  await fetch.close();
  return text;
}
