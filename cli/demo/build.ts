import { join } from 'node:path';

import { childDied, type Fleet } from './fleet.ts';
import { projectRoot } from './hardhat.ts';

/** Compiles the contracts; Hardhat skips what has not changed. @throws CHILD_DIED with the compiler's last lines */
export async function buildContracts(fleet: Fleet, folder: string): Promise<void> {
  const output = join(folder, 'build.log');
  const entry = join(projectRoot, 'node_modules', 'hardhat', 'dist', 'src', 'cli.js');
  const environment = { CI: 'true', HARDHAT_DISABLE_TELEMETRY: 'true' };
  fleet.start({ name: 'build', entry, args: ['build', '--no-tests'], environment, output });
  const ended = await fleet.end('build');
  if (ended.code !== 0) throw childDied(ended, output);
}
