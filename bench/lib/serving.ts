import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseEther, parseEventLogs } from 'viem';
import { generatePrivateKey, privateKeyToAccount, privateKeyToAddress } from 'viem/accounts';

import { blobsOf } from '../../cli/demo/actors.ts';
import { buildContracts } from '../../cli/demo/build.ts';
import { CHAIN_ID, deploy, startNode, type DemoChain } from '../../cli/demo/chain.ts';
import type { Fleet } from '../../cli/demo/fleet.ts';
import { runParameters } from '../../cli/demo/plan.ts';
import { stateRoot } from '../../engine/commit/reference.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import type { Recipe } from '../../engine/recipe.ts';
import { runsAbi } from '../../sdk/abi/index.ts';
import { createRun, type RunParameters } from '../../sdk/run.ts';
import { openedSession, openSession } from '../../sdk/sessions.ts';
import { endow, sendAs } from './credits.ts';
import { PayingClient, type PaymentAsked, type Told } from './paying-client.ts';

/** Two gateways that serve one run: one for nothing, one for vouchers of sessions that are open. */
export type Serving = { readonly free: string; readonly payers: readonly PayingClient[] };

export const MODEL = 'bench';
export const PROMPT_PRICE = 1;
export const TOKEN_PRICE = 10;

/** Seconds until the run opens, for a round that nobody joins. */
const ENLISTMENT = 10;
const AMOUNT = 100_000_000;
const PATIENCE_MS = 120_000;
const LOOK_MS = 50;

type Setting = { readonly recipe: Recipe; readonly folder: string; readonly slots: number; readonly sessions: number };

/** Starts a chain with a run that nobody has trained yet, and the gateways. */
export async function startServing(
  { recipe, folder, slots, sessions: count }: Setting,
  fleet: Fleet,
): Promise<Serving> {
  await mkdir(join(folder, 'logs'), { recursive: true });
  await buildContracts(fleet, folder);
  // Binding the programs takes seconds in which nobody would answer the chain.
  const pace = { stepMs: 1_000, miners: 1, cores: 1, now: 0, enlistment: ENLISTMENT };
  const parameters = runParameters(recipe, stateRoot(initialParameters(recipe)), 1, pace);
  const chain = await deploy(await startNode(fleet, folder), join(folder, 'chain'));
  const runId = await openRun(chain, parameters);
  await writeFile(join(folder, 'recipe.json'), JSON.stringify(recipe));
  const owner = privateKeyToAddress(generatePrivateKey());
  const { sessions } = chain.deployment;
  const credits = await endow(chain.client, chain.deployment, { runId, sessions, owner });
  const start = gatewayStarter(fleet, chain, { runId, folder, slots });
  const paid = await start('paid', {
    SWARMLOCK_SESSIONS: sessions,
    SWARMLOCK_PROMPT_PRICE: String(PROMPT_PRICE),
    SWARMLOCK_TOKEN_PRICE: String(TOKEN_PRICE),
  });
  const offer = await offerOf(paid);
  const payers: PayingClient[] = [];
  for (let i = 0; i < count; i++) {
    const key = privateKeyToAccount(generatePrivateKey());
    const terms = { gateway: offer.gateway, key: key.address, route: offer.route, amount: AMOUNT };
    const receipt = await sendAs(chain.client, owner, openSession({ sessions, credits }, terms));
    const domain = { chainId: CHAIN_ID, sessions, credits };
    payers.push(new PayingClient(paid, domain, openedSession(receipt)!, key));
  }
  return { free: await start('free', { SWARMLOCK_FREE: 'true' }), payers };
}

async function openRun(chain: DemoChain, parameters: RunParameters): Promise<bigint> {
  const { timestamp } = await chain.client.getBlock();
  const opensAt = Number(timestamp) + ENLISTMENT;
  const call = createRun(chain.deployment, { ...parameters, opensAt }, { name: 'Bench', symbol: 'BENCH', uri: '' });
  const { logs } = await chain.client.getTransactionReceipt({ hash: await chain.send(call) });
  return parseEventLogs({ abi: runsAbi, eventName: 'RunCreated', logs })[0]!.args.runId;
}

/** Starts a gateway as a process with a key of its own, and gives its address once it listens. */
function gatewayStarter(
  fleet: Fleet,
  { rpcUrl, deploymentFile, send }: DemoChain,
  { runId, folder, slots }: { readonly runId: bigint; readonly folder: string; readonly slots: number },
) {
  return async (name: string, settings: Readonly<Record<string, string>>): Promise<string> => {
    const key = generatePrivateKey();
    await send({ to: privateKeyToAddress(key), data: '0x', value: parseEther('10'), name: 'gas money' });
    const logFile = join(folder, 'logs', `${name}.log`);
    const output = join(folder, 'logs', `${name}.out`);
    const environment = {
      SWARMLOCK_RPC_URL: rpcUrl,
      SWARMLOCK_CHAIN_ID: String(CHAIN_ID),
      SWARMLOCK_DEPLOYMENT: deploymentFile,
      SWARMLOCK_RUN_ID: String(runId),
      SWARMLOCK_BLOBS: blobsOf(folder),
      SWARMLOCK_CHECKPOINT: join(folder, name),
      SWARMLOCK_RECIPE: join(folder, 'recipe.json'),
      SWARMLOCK_PRIVATE_KEY: key,
      SWARMLOCK_LOG_FILE: logFile,
      SWARMLOCK_PORT: '0',
      SWARMLOCK_MODEL_NAME: MODEL,
      SWARMLOCK_SLOTS: String(slots),
      ...settings,
    };
    fleet.start({
      name,
      entry: fileURLToPath(new URL('../../workers/gateway/main.ts', import.meta.url)),
      output,
      environment,
    });
    for (let waited = 0; waited < PATIENCE_MS; waited += LOOK_MS) {
      const url = /"event":"listening","url":"([^"]+)"/.exec(await readFile(logFile, 'utf8').catch(() => ''))?.[1];
      if (url !== undefined) return url;
      await pause(LOOK_MS);
    }
    throw new SwarmlockError(`The ${name} gateway does not listen`, {
      code: 'GATEWAY_SILENT',
      hint: `Its output is in ${output}.`,
    });
  };
}

async function offerOf(url: string): Promise<PaymentAsked> {
  const body = JSON.stringify({ model: MODEL, prompt: 'a' });
  const response = await fetch(`${url}/v1/completions`, { method: 'POST', body });
  return ((await response.json()) as Told).error.payment!;
}
