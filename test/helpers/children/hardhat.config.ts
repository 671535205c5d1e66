import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { defineConfig } from 'hardhat/config';

// A node without a project: it does not look at artifacts, which a build may be writing at the same time.
export default defineConfig({ paths: { artifacts: join(tmpdir(), 'swarmlock-no-artifacts') } });
