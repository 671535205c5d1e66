import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEther, parseEventLogs, type Address } from 'viem';
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts';

import { newActor, programOf, type Actor, type Venue } from '../../../cli/demo/actors.ts';
import { buildContracts } from '../../../cli/demo/build.ts';
import { CHAIN_ID, deploy, fund, startNode, type DemoChain } from '../../../cli/demo/chain.ts';
import type { Fleet } from '../../../cli/demo/fleet.ts';
import { runParameters } from '../../../cli/demo/plan.ts';
import { stateRoot } from '../../../engine/commit/reference.ts';
import { initialParameters } from '../../../engine/nn/initial.ts';
import type { Recipe } from '../../../engine/recipe.ts';
import { runsAbi } from '../../../sdk/abi/index.ts';
import { onChain } from '../../../sdk/errors.ts';
import { createRun, type RunParameters } from '../../../sdk/run.ts';
import type { Orders } from './cheats.ts';
import type { Life } from './script.ts';

/** A miner of the script: who owns its seat, and the process that works for it. */
export type Miner = { readonly life: Life; readonly owner: Address; readonly actor: Actor };

export type Stage = {
  readonly folder: string;
  readonly chain: DemoChain;
  readonly runId: bigint;
  readonly recipe: Recipe;
  readonly venue: Venue;
  readonly miners: readonly Miner[];
  /** Validators, the aggregator and the challenger. */
  readonly staff: readonly Actor[];
  readonly fleet: Fleet;
};

export type Setting = {
  readonly recipe: Recipe;
  readonly dataPath: string;
  readonly folder: string;
  readonly script: readonly Life[];
  readonly rounds: number;
  readonly auditRate: number;
  readonly probation: number;
};

/** Seconds that each side of a game has: all processes share the processor. */
const CLOCK = 120;
/** Enough for the bonds of all rounds that are not final, and for the dearest seat. */
export const STAKE = parseEther('150');
/** Honest miners whose updates attackers know. */
const KNOWN = 3;

/** A chain with the protocol and a run on it; those who serve all the time are started. */
export async function setStage(setting: Setting, fleet: Fleet): Promise<Stage> {
  const { recipe, dataPath, folder, script } = setting;
  await mkdir(join(folder, 'logs'), { recursive: true });
  await buildContracts(fleet, folder);
  const chain = await deploy(await startNode(fleet, folder), join(folder, 'chain'), CLOCK);
  const recipeFile = join(folder, 'recipe.json');
  await writeFile(recipeFile, JSON.stringify(recipe));
  const runId = await openRun(chain, setting);
  const { rpcUrl, deploymentFile } = chain;
  const venue = { folder, rpcUrl, chainId: CHAIN_ID, deploymentFile, runId, recipeFile, dataPath, reserve: STAKE };
  const staff = [
    newActor('validator 1', 'validator'),
    newActor('validator 2', 'validator'),
    newActor('aggregator', 'aggregator'),
    newActor('challenger', 'challenger'),
  ];
  for (const actor of staff) {
    await fund(chain, actor.address, 2n * STAKE);
    fleet.start(programOf(actor, venue));
  }
  return { folder, chain, runId, recipe, venue, miners: castOf(script), staff, fleet };
}

/** Each owns its seat by another key than the one that works for it, and gives it up while its process goes on. */
function castOf(script: readonly Life[]): Miner[] {
  const owned = script.map((life) => ({ life, owner: privateKeyToAddress(generatePrivateKey()) }));
  const others = owned.filter(({ life }) => life.cheats === undefined && life.joins === 0).map(({ owner }) => owner);
  const entry = fileURLToPath(new URL('../../children/cheat.ts', import.meta.url));
  return owned.map(({ life, owner }) => {
    const settings = { SWARMLOCK_OWNER: owner };
    if (life.cheats === undefined) return { life, owner, actor: newActor(life.name, 'miner', { settings }) };
    const orders: Orders = { ...life.cheats, others: others.slice(0, KNOWN) };
    const told = { ...settings, SWARMLOCK_CHEAT: JSON.stringify(orders) };
    return { life, owner, actor: newActor(life.name, 'miner', { cheats: true, entry, settings: told }) };
  });
}

async function openRun(chain: DemoChain, setting: Setting): Promise<bigint> {
  const { timestamp } = await onChain('reading the time', chain.client.getBlock());
  const parameters = parametersOf(setting, Number(timestamp));
  const metadata = { name: 'Churn', symbol: 'CHURN', uri: '' };
  const hash = await chain.send(createRun(chain.deployment, parameters, metadata));
  const { logs } = await onChain('reading the receipt', chain.client.getTransactionReceipt({ hash }));
  const [created] = parseEventLogs({ abi: runsAbi, eventName: 'RunCreated', logs });
  return created!.args.runId;
}

/** As the demo's, with windows for steps of a few milliseconds: who is gone is waited for until the commit window closes. */
function parametersOf({ recipe, script, rounds, auditRate, probation }: Setting, now: number): RunParameters {
  const pace = { stepMs: 10, miners: script.length, cores: 1, now, enlistment: 20 };
  return {
    ...runParameters(recipe, stateRoot(initialParameters(recipe)), rounds, pace),
    commitWindow: 40,
    auditWindow: 160,
    challengeWindow: 5,
    minerBond: parseEther('1'),
    serviceDeposit: parseEther('5'),
    dutyDeposit: parseEther('5'),
    aggregateBond: parseEther('1'),
    challengeBond: parseEther('1'),
    probationRounds: probation,
    auditRate: Math.round(10_000 * auditRate),
  };
}
