import OpenAI from 'openai';
import type { Account, Chain, Transport, WalletClient } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { settledRoots, swarmlockActions, swarmlockFetch, viemWallet, type Deployment, type Serving } from 'swarmlock';

/** Asks the model of a run through its gateway, and pays with the credits that the account has of the run. */
export async function complete(
  wallet: WalletClient<Transport, Chain, Account>,
  deployment: Deployment & Serving,
  { baseURL, model, runId }: { baseURL: string; model: string; runId: bigint },
  prompt: string,
): Promise<string> {
  const client = wallet.extend(swarmlockActions(deployment));
  const fetch = swarmlockFetch({
    wallet: viemWallet(wallet),
    key: privateKeyToAccount(generatePrivateKey()),
    chainId: wallet.chain.id,
    sessions: deployment.sessions,
    credits: await client.credits.of(runId),
    isSettled: settledRoots(() => client.runs.read(runId)),
    pledges: client.receipts.pledges(runId),
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
