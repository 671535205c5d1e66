import type {} from '@nomicfoundation/hardhat-ignition-ethers';
import { createHardhatRuntimeEnvironment } from 'hardhat/hre';
import { join } from 'node:path';
import { encodeFunctionData } from 'viem';
import type { PrivateKeyAccount } from 'viem/accounts';

import protocolModule from '../../deploy/modules/Protocol.ts';
import servingModule from '../../deploy/modules/Serving.ts';
import parameters from '../../deploy/parameters/development.json' with { type: 'json' };
import projectConfig from '../../hardhat.config.ts';
import { developmentTokenAbi } from '../../sdk/abi/index.ts';
import { readDeployment, readServing } from '../../sdk/deployment-file.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import type { Serving } from '../../sdk/serving.ts';
import { createSender, type Sender } from '../../workers/lib/sender.ts';
import { steppingClock } from './clocks.ts';
import { silentLog } from './logs.ts';
import { CHAIN_ID, type TestNode } from './node.ts';

type Module = typeof protocolModule | typeof servingModule;

/** Deploys the protocol to a node by its module, and reads the deployment from the journal that this leaves in `folder`. */
export async function deployProtocol(node: TestNode, folder: string): Promise<Deployment> {
  return readDeployment(await deploy(node, folder, protocolModule), node.client);
}

/** The same for what inference is paid by. */
export async function deployServing(node: TestNode, folder: string): Promise<Serving> {
  return readServing(await deploy(node, folder, servingModule), node.client);
}

/** The file of addresses that it has written. */
async function deploy({ rpcUrl }: TestNode, folder: string, module: Module): Promise<string> {
  const hardhat = await createHardhatRuntimeEnvironment(
    {
      ...projectConfig,
      networks: { chain: { type: 'http', url: rpcUrl, chainId: CHAIN_ID } },
      paths: { ...projectConfig.paths, ignition: folder },
    },
    {},
    join(import.meta.dirname, '../..'),
  );
  const connection = await hardhat.network.create('chain');
  const config = { blockPollingInterval: 20, requiredConfirmations: 1 };
  await connection.ignition.deploy(module as typeof protocolModule, { deploymentId: 'test', parameters, config });
  await connection.close();
  return join(folder, 'deployments', 'test', 'deployed_addresses.json');
}

/** A sender whose waiting takes no time: the node mines at once. */
export function senderOf({ client }: TestNode, account: PrivateKeyAccount): Sender {
  const timing = { pollMs: 10, resendAfterMs: 1_000, giveUpAfterMs: 10_000 };
  return createSender({ client, account, clock: steppingClock(), log: silentLog, ...timing });
}

/** Gives the sender's account some of the stake token, for ether that it has. */
export async function wrapEther({ token }: Deployment, sender: Sender, value: bigint): Promise<void> {
  const data = encodeFunctionData({ abi: developmentTokenAbi, functionName: 'deposit' });
  await sender.send({ to: token, data, value, name: 'DevelopmentToken.deposit' }, new AbortController().signal);
}
