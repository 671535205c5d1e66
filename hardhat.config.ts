import { createRequire } from 'node:module';
import { defineConfig } from 'hardhat/config';
import toolbox from '@nomicfoundation/hardhat-toolbox-mocha-ethers';
import viem from '@nomicfoundation/hardhat-viem';

// The compiler comes from npm, so that a build needs nothing but the package registry.
const solc = {
  version: '0.8.37',
  path: createRequire(import.meta.url).resolve('solc/soljson.js'),
  settings: { optimizer: { enabled: true, runs: 1_000 }, viaIR: true, evmVersion: 'cancun' },
} as const;

export default defineConfig({
  plugins: [toolbox, viem],
  paths: { sources: 'contracts', tests: { solidity: 'test/solidity', mocha: 'test/integration' }, ignition: 'deploy' },
  solidity: { profiles: { default: solc, production: solc } },
  test: { solidity: { fuzz: { runs: 256 }, invariant: { runs: 64, depth: 32 } } },
});
