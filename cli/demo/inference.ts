import OpenAI from 'openai';
import { parseEther, type Address, type Hex } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';

import { byteTokenizer } from '../../engine/data/tokenizer.ts';
import { actionsOf } from '../../sdk/actions.ts';
import { claim, readCreation, readCredits, readCreditsOf, readHolder } from '../../sdk/credits.ts';
import { onChain } from '../../sdk/errors.ts';
import { placedOrder, withSlippageUp } from '../../sdk/market.ts';
import { swarmlockFetch } from '../../sdk/openai-fetch.ts';
import { pullRoute, WHOLE } from '../../sdk/route.ts';
import { readRun } from '../../sdk/run.ts';
import { readSession } from '../../sdk/sessions.ts';
import { runPledges } from '../../sdk/pledges.ts';
import { readPledge, readTokenClaim, type SignedReceipt } from '../../sdk/receipts.ts';
import { settledRoots } from '../../sdk/settled-roots.ts';
import type { Wallet } from '../../sdk/wallet.ts';
import { requireRightAnswer } from '../../workers/lib/recompute-answer.ts';
import { blobsOf } from './actors.ts';
import { CHAIN_ID, fund, type DemoChain } from './chain.ts';
import { readWhereabouts, requireConserved, type Whereabouts } from './conservation.ts';
import type { Fleet } from './fleet.ts';
import { prices, settled, startGateway, type Gateway } from './gateway.ts';
import type { Stage } from './stage.ts';
import { stateReader } from './swarm-state.ts';
import { walletOf } from './wallet.ts';

/** Somebody with shares of the run. */
export type Owner = { readonly name: string; readonly address: Address; readonly key: Hex };

/** Credits that were minted to an owner. */
export type Claimed = { readonly name: string; readonly amount: bigint };

/** An answer of the trained model, and what became of the credits that it was paid with; amounts in units. */
export type PaidInference = {
  /** Of the settled state that has answered. */
  readonly root: string;
  readonly prompt: string;
  readonly completion: string;
  readonly promptTokens: number;
  readonly completionTokens: number;
  /** What the gateway has signed for it. */
  readonly receipt: CheckedReceipt;
  /** What the owners' shares brought along. */
  readonly firstClaims: readonly Claimed[];
  readonly trade: Trade;
  readonly burned: bigint;
  readonly toServer: bigint;
  readonly toOwners: readonly Claimed[];
  readonly whereabouts: Whereabouts;
};

/** A receipt whose answer was recomputed, and is right; amounts in units of the stake token. */
export type CheckedReceipt = {
  readonly pledge: bigint;
  /** What the gateway would have lost. */
  readonly bond: bigint;
  readonly tokens: number;
};

/** Credits that a buyer got of an owner; cost and bound in units of the stake token. */
export type Trade = {
  readonly seller: string;
  readonly order: bigint;
  readonly amount: bigint;
  readonly cost: bigint;
  readonly maxCost: bigint;
};

const CREDIT = 1_000_000n;
const OFFERED = 1_000n * CREDIT;
const BOUGHT = 100n * CREDIT;
/** Of one credit. */
const PRICE = parseEther('0.001');
const SLIPPAGE_BASIS_POINTS = 50;
/** More than the longest answer of the demo costs. */
const DEPOSIT = Number(80n * CREDIT);
const TEMPERATURE = 0.6;

/**
 * The first owner sells credits, and a buyer pays a gateway with them for what the trained model says; the gateway and the
 * owners claim what that has earned.
 * @param owners all of them, whose processes have ended
 * @throws CREDITS_NOT_CONSERVED, CHILD_DIED, GATEWAY_SILENT, NOT_SETTLED, RECEIPT_WRONG
 */
export async function sellInference(
  stage: Stage,
  owners: readonly [Owner, ...Owner[]],
  { fleet, seed }: { readonly fleet: Fleet; readonly seed: number },
): Promise<PaidInference> {
  const { chain, runId, venue } = stage;
  const { client, deployment } = chain;
  const fromBlock = await onChain('asking for the block', client.getBlockNumber());
  await chain.send(await readCreation(client, deployment, runId));
  const credits = await readCreditsOf(client, deployment, runId);
  const firstClaims = await claimAll(chain, credits, owners);
  const buyer = walletOf(chain, generatePrivateKey());
  await fund(chain, buyer.address, parseEther('1'));
  const gateway = await startGateway(fleet, chain, venue);
  const trade = await tradeCredits(chain, credits, owners[0], buyer, fromBlock);
  const before = await readCredits(client, credits);
  const { sessionIds, signed, ...answer } = await complete(stage, gateway, credits, { wallet: buyer, seed });
  const receipt = await checkReceipt(stage, signed);
  const cost = answer.promptTokens * prices.prompt + answer.completionTokens * prices.token;
  await settled(cost, () => readDrawnFrom(chain, credits, sessionIds));
  const burned = before.out - (await readCredits(client, credits)).out;
  const toServer = await pull(chain, credits, gateway);
  const toOwners = await claimAll(chain, credits, owners);
  const books = { ...deployment, credits, sessionIds, orderIds: [trade.order], fromBlock };
  const whereabouts = await readWhereabouts(client, books);
  requireConserved(whereabouts);
  return { ...answer, receipt, firstClaims, trade, burned, toServer, toOwners, whereabouts };
}

/** What shares have earned goes to their owners, whoever sends. */
async function claimAll(chain: DemoChain, credits: Address, owners: readonly Owner[]): Promise<readonly Claimed[]> {
  const claims: Claimed[] = [];
  for (const { name, address } of owners) {
    const before = await readHolder(chain.client, credits, address);
    await chain.send(claim(credits, address));
    const { balance } = await readHolder(chain.client, credits, address);
    claims.push({ name, amount: balance - before.balance });
  }
  return claims;
}

async function tradeCredits(
  chain: DemoChain,
  credits: Address,
  { name, key }: Owner,
  wallet: Wallet,
  fromBlock: bigint,
): Promise<Trade> {
  const { client, deployment } = chain;
  const pair = { credits, payment: deployment.token };
  const owner = walletOf(chain, key);
  const seller = actionsOf(client, owner, deployment);
  await seller.credits.approve(credits, deployment.market, OFFERED);
  const order = placedOrder(await seller.market.place({ ...pair, amount: OFFERED, price: PRICE }))!;
  const buyer = actionsOf(client, wallet, deployment);
  const toBlock = await onChain('asking for the block', client.getBlockNumber({ cacheTime: 0 }));
  const offers = await buyer.market.offers(pair, { fromBlock, toBlock });
  const wanted = { ...pair, orders: offers.map(({ id }) => id), amount: BOUGHT };
  const { cost } = await buyer.market.quote(wanted);
  const maxCost = withSlippageUp(cost, SLIPPAGE_BASIS_POINTS);
  await buyer.credits.approve(pair.payment, deployment.market, maxCost);
  await buyer.market.take({ ...wanted, maxCost });
  const proceeds = await seller.market.proceeds(owner.address, pair.payment);
  await seller.market.withdraw(pair.payment);
  return { seller: name, order, amount: BOUGHT, cost: proceeds, maxCost };
}

type Answer = Pick<PaidInference, 'root' | 'prompt' | 'completion' | 'promptTokens' | 'completionTokens'>;

/** Streams an answer to the start of the held-out text, as long as the context allows. */
async function complete(
  { chain, runId, recipe, dataset }: Stage,
  { url }: Gateway,
  credits: Address,
  { wallet, seed }: { readonly wallet: Wallet; readonly seed: number },
): Promise<Answer & { readonly sessionIds: readonly bigint[]; readonly signed: SignedReceipt }> {
  const { sessions } = chain.deployment;
  const { context } = recipe.model;
  const prompt = Array.from(dataset.heldOut.subarray(0, Math.floor((context * 3) / 8)));
  const key = privateKeyToAccount(generatePrivateKey());
  const limits = { deposit: DEPOSIT, mostPerRequest: DEPOSIT };
  const isSettled = settledRoots(() => readRun(chain.client, chain.deployment, runId));
  const pledges = runPledges(chain.client, chain.deployment, runId);
  let signed: SignedReceipt | undefined;
  const onReceipt = (receipt: SignedReceipt) => void (signed = receipt);
  const place = { chainId: CHAIN_ID, sessions, credits, isSettled, pledges, onReceipt };
  const fetch = swarmlockFetch({ wallet, key, ...place, ...limits });
  const openai = new OpenAI({ baseURL: `${url}/v1`, apiKey: 'none', fetch });
  const stream = await openai.completions.create({
    model: recipe.name,
    prompt,
    max_tokens: context - prompt.length,
    temperature: TEMPERATURE,
    seed,
    stream: true,
    stream_options: { include_usage: true },
  });
  let answer = { root: '', prompt: byteTokenizer.decode(prompt), completion: '', promptTokens: 0, completionTokens: 0 };
  for await (const { choices, usage, system_fingerprint: root = '' } of stream) {
    const completion = answer.completion + (choices[0]?.text ?? '');
    const { prompt_tokens: promptTokens = 0, completion_tokens: completionTokens = 0 } = usage ?? {};
    answer = { ...answer, root, completion, promptTokens, completionTokens };
  }
  return { ...answer, signed: signed!, sessionIds: await fetch.close() };
}

/** The contract would take it, so that the gateway would have lost its bond for a wrong token. @throws RECEIPT_WRONG */
async function checkReceipt(
  { chain: { client, deployment }, recipe, executor, folder }: Stage,
  receipt: SignedReceipt,
): Promise<CheckedReceipt> {
  const { pledge: id, root } = receipt;
  await readTokenClaim(client, deployment, { receipt, index: 0 }, recipe.model.context);
  const { bond } = (await readPledge(client, deployment, id))!;
  const tokens = await requireRightAnswer(
    { recipe, executor },
    await stateReader(recipe, blobsOf(folder))(root),
    receipt,
  );
  return { pledge: id, bond, tokens };
}

/** What was drawn from sessions. */
async function readDrawnFrom(
  { client, deployment: { sessions } }: DemoChain,
  credits: Address,
  sessionIds: readonly bigint[],
): Promise<number> {
  const found = await Promise.all(sessionIds.map((id) => readSession(client, { sessions, credits }, id)));
  return found.reduce((total, session) => total + (session?.drawn ?? 0), 0);
}

/** Pays the gateway, the only payee of its route, and says how much. */
async function pull(chain: DemoChain, credits: Address, { address, route }: Gateway): Promise<bigint> {
  const { sessions } = chain.deployment;
  await chain.send(pullRoute({ sessions, credits }, route, [{ account: address, weight: WHOLE }], 0));
  return (await readHolder(chain.client, credits, address)).balance;
}
