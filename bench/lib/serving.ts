import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseEther, parseEventLogs } from 'viem';
import { generatePrivateKey, privateKeyToAccount, privateKeyToAddress } from 'viem/accounts';

import { logOf, newActor, type Venue } from '../../cli/demo/actors.ts';
import { buildContracts } from '../../cli/demo/build.ts';
import { CHAIN_ID, deploy, startNode, type DemoChain } from '../../cli/demo/chain.ts';
import type { Fleet } from '../../cli/demo/fleet.ts';
import { launch, routeIn } from '../../cli/demo/gateway.ts';
import { runParameters } from '../../cli/demo/plan.ts';
import { stateRoot } from '../../engine/commit/reference.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import type { Recipe } from '../../engine/recipe.ts';
import { runsAbi } from '../../sdk/abi/index.ts';
import { createRun, type RunParameters } from '../../sdk/run.ts';
import { openedSession, openSession } from '../../sdk/sessions.ts';
import { endow, sendAs } from './credits.ts';
import { PayingClient } from './paying-client.ts';

export const MODEL = 'bench';
export const PROMPT_PRICE = 1;
export const TOKEN_PRICE = 10;

/** Seconds until the run opens, for a round that nobody joins. */
const ENLISTMENT = 10;
/** In each session. */
export const AMOUNT = 100_000_000;
const SETTLE_MS = 3_600_000;

type Setting = { readonly recipe: Recipe; readonly folder: string; readonly slots: number; readonly sessions: number };

/** Starts a chain with a run that nobody has trained yet, and its gateway. @returns clients whose sessions are open */
export async function startServing(
  { recipe, folder, slots, sessions: count }: Setting,
  fleet: Fleet,
): Promise<readonly PayingClient[]> {
  await mkdir(join(folder, 'logs'), { recursive: true });
  await buildContracts(fleet, folder);
  // Binding the programs takes seconds in which nobody would answer the chain.
  const pace = { stepMs: 1_000, miners: 1, cores: 1, now: 0, enlistment: ENLISTMENT };
  const parameters = runParameters(recipe, stateRoot(initialParameters(recipe)), 1, pace);
  const chain = await deploy(await startNode(fleet, folder), join(folder, 'chain'));
  const runId = await openRun(chain, parameters);
  const recipeFile = join(folder, 'recipe.json');
  await writeFile(recipeFile, JSON.stringify(recipe));
  const owner = privateKeyToAddress(generatePrivateKey());
  const { sessions } = chain.deployment;
  const credits = await endow(chain.client, chain.deployment, { runId, sessions, owner });
  const venue: Venue = { ...chain, folder, runId, chainId: CHAIN_ID, recipeFile, dataPath: folder, reserve: 0n };
  const settings = {
    SWARMLOCK_PORT: '0',
    SWARMLOCK_MODEL_NAME: MODEL,
    SWARMLOCK_SLOTS: String(slots),
    SWARMLOCK_PROMPT_PRICE: String(PROMPT_PRICE),
    SWARMLOCK_TOKEN_PRICE: String(TOKEN_PRICE),
    SWARMLOCK_SESSIONS: sessions,
    // A session that has nothing to settle is looked up on chain with each request.
    SWARMLOCK_SETTLE_MS: String(SETTLE_MS),
    SWARMLOCK_SETTLE_AMOUNT: String(count * AMOUNT),
  };
  const seller = newActor('paid', 'gateway', { settings });
  await chain.send({ to: seller.address, data: '0x', value: parseEther('10'), name: 'gas money' });
  const url = await launch(fleet, seller, venue);
  const route = await routeIn(logOf(folder, seller));
  const payers: PayingClient[] = [];
  for (let i = 0; i < count; i++) {
    const key = privateKeyToAccount(generatePrivateKey());
    const terms = { gateway: seller.address, key: key.address, route, amount: AMOUNT };
    const receipt = await sendAs(chain.client, owner, openSession({ sessions, credits }, terms));
    const domain = { chainId: CHAIN_ID, sessions, credits };
    payers.push(new PayingClient(url, domain, openedSession(receipt)!, key));
  }
  return payers;
}

async function openRun(chain: DemoChain, parameters: RunParameters): Promise<bigint> {
  const { timestamp } = await chain.client.getBlock();
  const opensAt = Number(timestamp) + ENLISTMENT;
  const call = createRun(chain.deployment, { ...parameters, opensAt }, { name: 'Bench', symbol: 'BENCH', uri: '' });
  const { logs } = await chain.client.getTransactionReceipt({ hash: await chain.send(call) });
  return parseEventLogs({ abi: runsAbi, eventName: 'RunCreated', logs })[0]!.args.runId;
}
