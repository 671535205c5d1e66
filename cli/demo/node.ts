// The demo's chain: a Hardhat node as its own process, on a free port of this machine alone.
// A block comes with every transaction, and each second without one, so that deadlines pass by themselves.
import { join } from 'node:path';

import { CHAIN_ID } from './chain.ts';
import { openHardhat } from './hardhat.ts';

const override = {
  chainId: CHAIN_ID,
  allowBlocksWithSameTimestamp: true,
  mining: { auto: true, interval: 1_000 },
  loggingEnabled: false,
};
// Without artifacts: the node needs none, and reading them for traces takes a second.
const { network } = await openHardhat({ paths: { artifacts: join(process.argv[2] ?? '.', 'artifacts') } });
const server = await network.createServer({ network: 'default', override }, '127.0.0.1', 0);
const { port } = await server.listen();
process.stdout.write(`${JSON.stringify({ port })}\n`);
