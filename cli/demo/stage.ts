import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { parseEventLogs } from 'viem';

import { runsAbi } from '../../sdk/abi/index.ts';
import { onChain } from '../../sdk/errors.ts';
import { readMembers } from '../../sdk/membership.ts';
import { createRun } from '../../sdk/run.ts';
import { castOf, programOf, type Actor, type Venue } from './actors.ts';
import { buildContracts } from './build.ts';
import { CHAIN_ID, deploy, fund, startNode, type DemoChain } from './chain.ts';
import { death, type Fleet } from './fleet.ts';
import type { DemoOptions } from './options.ts';
import { epochsOf, runParameters, stakeOf } from './plan.ts';
import { prepare, type Prepared } from './prepare.ts';
import type { Screen } from './screen.ts';

/** Everything on its place, and the actors started. */
export type Stage = Prepared & {
  readonly folder: string;
  readonly chain: DemoChain;
  readonly runId: bigint;
  readonly cast: readonly Actor[];
  readonly venue: Venue;
};

/** Seconds for the actors to start and enlist: they share the processor while they load. */
const ENLISTMENT = 12;

export async function setStage(options: DemoOptions, folder: string, fleet: Fleet, screen: Screen): Promise<Stage> {
  const title = 'compiling the contracts (half a minute the first time), reading the text, measuring one step';
  const [prepared] = await screen.stage(title, () =>
    Promise.all([prepare(options, folder), buildContracts(fleet, folder)]),
  );
  const cast = castOf(options.miners);
  const reserve = stakeOf(epochsOf(options.rounds));
  const chain = await screen.stage('starting an EVM node, deploying the protocol, funding the actors', async () => {
    const deployed = await deploy(await startNode(fleet, folder), join(folder, 'chain'));
    for (const { address } of cast) await fund(deployed, address, reserve);
    return deployed;
  });
  const runId = await openRun(chain, prepared, options.miners + 1);
  const { recipeFile, dataPath } = prepared;
  const { rpcUrl, deploymentFile } = chain;
  const venue = { folder, rpcUrl, chainId: CHAIN_ID, deploymentFile, runId, recipeFile, dataPath, reserve };
  const start = (actors: readonly Actor[]) => actors.forEach((actor) => fleet.start(programOf(actor, venue)));
  // A round that nobody is there to audit lasts for its whole window: the miners, for whom the first one waits, come last.
  start(cast.filter(({ role }) => role !== 'miner'));
  await validatorsSeated(cast, { chain, runId, venue, fleet });
  start(cast.filter(({ role }) => role === 'miner'));
  return { ...prepared, folder, chain, runId, cast, venue };
}

type Place = Pick<Stage, 'chain' | 'runId' | 'venue'> & { readonly fleet: Fleet };

/** @throws CHILD_DIED */
async function validatorsSeated(cast: readonly Actor[], { chain, runId, venue, fleet }: Place): Promise<void> {
  const validators = cast.filter(({ role }) => role === 'validator');
  const deaths = validators.map((actor) => death(fleet, programOf(actor, venue)));
  const seated = async () => {
    while ((await readMembers(chain.client, chain.deployment, runId)).length < validators.length) await pause(300);
  };
  await Promise.race([seated(), ...deaths]);
}

async function openRun(
  chain: DemoChain,
  { recipe, genesisRoot, rounds, central }: Prepared,
  miners: number,
): Promise<bigint> {
  const { timestamp } = await onChain('reading the time', chain.client.getBlock());
  const pace = { stepMs: central.stepMs, miners, cores: availableParallelism(), enlistment: ENLISTMENT };
  const parameters = {
    ...runParameters(recipe, genesisRoot, rounds, { ...pace, now: Number(timestamp) }),
    minMiners: miners - 1,
  };
  const metadata = { name: 'Demo shares', symbol: 'DEMO', uri: '' };
  const hash = await chain.send(createRun(chain.deployment, parameters, metadata));
  const { logs } = await onChain('reading the receipt', chain.client.getTransactionReceipt({ hash }));
  const [created] = parseEventLogs({ abi: runsAbi, eventName: 'RunCreated', logs });
  return created!.args.runId;
}
