import type { HardhatUserConfig } from 'hardhat/config';
import { createHardhatRuntimeEnvironment } from 'hardhat/hre';
import { join } from 'node:path';
import { decodeFunctionResult, encodeFunctionData, type Abi, type Address, type Hex } from 'viem';

import projectConfig from '../../../hardhat.config.ts';

const root = join(import.meta.dirname, '../../..');
const GAS = 1_000_000_000;
const PLACE: Address = '0x00000000000000000000000000000000000000aa';

/** A contract that exists only in the memory of this process, for calls that change nothing. */
export type Probe = {
  /** Calls a function with this much gas, by default more than enough; reverts throw. */
  call(functionName: string, args: readonly unknown[], gas?: number): Promise<unknown>;
  /** What the same call would cost as a transaction of its own. */
  gasOf(functionName: string, args: readonly unknown[]): Promise<number>;
  close(): Promise<void>;
};

/**
 * Compiles `source`, a path in the repository whose last part names the contract, and puts it on a chain in this process.
 * Artifacts are its own, so that a build of the project may run at the same time.
 */
export async function createProbe(source: string): Promise<Probe> {
  const paths = { ...projectConfig.paths, cache: 'cache/probes', artifacts: 'cache/probes/artifacts' };
  const config: HardhatUserConfig = {
    ...projectConfig,
    paths,
    networks: { memory: { type: 'edr-simulated', hardfork: 'cancun', blockGasLimit: GAS } },
  };
  const hardhat = await createHardhatRuntimeEnvironment(config, {}, root);
  const options = { quiet: true, cleanupArtifacts: false };
  const built = await hardhat.solidity.build([join(root, source)], options);
  if ('reason' in built) throw new Error(`${source}: ${built.formattedReason}`);
  const name = source.split('/').at(-1)!.replace('.sol', '');
  const artifact = await hardhat.artifacts.readArtifact(`${source}:${name}`);
  const abi = artifact.abi as unknown as Abi;
  const connection = await hardhat.network.create('memory');
  const code = artifact.deployedBytecode;
  await connection.provider.request({ method: 'hardhat_setCode', params: [PLACE, code] });
  return {
    async call(functionName, args, gas = GAS) {
      const data = encodeFunctionData({ abi, functionName, args });
      const params = [{ to: PLACE, data, gas: `0x${gas.toString(16)}` }, 'latest'];
      const answer = (await connection.provider.request({ method: 'eth_call', params })) as Hex;
      return decodeFunctionResult({ abi, functionName, data: answer });
    },
    async gasOf(functionName, args) {
      const data = encodeFunctionData({ abi, functionName, args });
      const answer = (await connection.provider.request({
        method: 'eth_estimateGas',
        params: [{ to: PLACE, data }],
      })) as Hex;
      return Number(answer);
    },
    close: () => connection.close(),
  };
}
