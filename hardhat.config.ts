import { globSync } from 'node:fs';
import { createRequire } from 'node:module';
import { defineConfig } from 'hardhat/config';
import type { HardhatPlugin } from 'hardhat/types/plugins';
import toolbox from '@nomicfoundation/hardhat-toolbox-mocha-ethers';
import viem from '@nomicfoundation/hardhat-viem';

// The compiler comes from npm, so that a build needs nothing but the package registry.
const solc = {
  version: '0.8.37',
  path: createRequire(import.meta.url).resolve('solc/soljson.js'),
  settings: { optimizer: { enabled: true, runs: 1_000 }, viaIR: true, evmVersion: 'cancun' },
} as const;

/** What is near the limit on code size is compiled for size; the protocol contract holds the code of the runs. */
const small = { ...solc, settings: { ...solc.settings, optimizer: { enabled: true, runs: 200 } } };
const overrides = {
  'contracts/Protocol.sol': small,
  'contracts/run/Runs.sol': small,
};

/** Tests are compiled fast: through the IR they take four times as long. What they test is compiled as it is deployed. */
const forTests = { ...solc, settings: { ...solc.settings, viaIR: false } };
const testOverrides = Object.fromEntries(
  globSync('test/solidity/**/*.t.sol', { cwd: import.meta.dirname }).map((path) => [path, forTests]),
);

/**
 * Hardhat compiles together what has the very same settings, the same by identity; it resolves each override into settings
 * of its own. Apart, the tests take twice as long.
 */
const testsTogether: HardhatPlugin = {
  id: 'tests-together',
  hookHandlers: {
    config: async () => ({
      default: async () => ({
        resolveUserConfig: async (userConfig, resolveVariable, next) => {
          const resolved = await next(userConfig, resolveVariable);
          const { overrides } = resolved.solidity.profiles['default']!;
          const [first] = Object.keys(testOverrides);
          for (const path in testOverrides) overrides[path] = overrides[first!]!;
          return resolved;
        },
      }),
    }),
  },
};

export default defineConfig({
  plugins: [toolbox, viem, testsTogether],
  paths: { sources: 'contracts', tests: { solidity: 'test/solidity', mocha: 'test/integration' }, ignition: 'deploy' },
  solidity: {
    profiles: {
      default: { compilers: [solc], overrides: { ...overrides, ...testOverrides } },
      production: { compilers: [solc], overrides },
    },
  },
  test: { solidity: { fuzz: { runs: 256 }, invariant: { runs: 64, depth: 32 } } },
});
