import { fileURLToPath } from 'node:url';
import { createHardhatRuntimeEnvironment } from 'hardhat/hre';
import type { HardhatUserConfig } from 'hardhat/types/config';
import type { HardhatRuntimeEnvironment } from 'hardhat/types/hre';

import projectConfig from '../../hardhat.config.ts';

/** The folder of this clone, with a slash at its end. */
export const projectRoot = fileURLToPath(new URL('../../', import.meta.url));

/** Hardhat with the project's configuration, wherever this process was started, and what the demo adds to it. */
export async function openHardhat(extra: HardhatUserConfig = {}): Promise<HardhatRuntimeEnvironment> {
  const config = { ...projectConfig, ...extra, paths: { ...projectConfig.paths, ...extra.paths } };
  return createHardhatRuntimeEnvironment(config, {}, projectRoot);
}

/** Hardhat with the contracts compiled; it skips what has not changed. */
export async function openBuiltHardhat(): Promise<HardhatRuntimeEnvironment> {
  const hardhat = await openHardhat();
  await hardhat.tasks.getTask('build').run({ noTests: true, quiet: true });
  return hardhat;
}
