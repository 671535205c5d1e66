import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEther, type Address, type Hex } from 'viem';
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts';

import type { Program } from './fleet.ts';

export type ActorRole = 'miner' | 'validator' | 'aggregator';

/** One of the strangers: a process with a key of its own. */
export type Actor = {
  readonly name: string;
  readonly role: ActorRole;
  readonly cheats: boolean;
  readonly address: Address;
  /** Goes into the process's environment and nowhere else. */
  readonly key: Hex;
};

const entries = {
  miner: '../../workers/miner/main.ts',
  validator: '../../workers/validator/main.ts',
  aggregator: '../../workers/aggregator/main.ts',
  cheat: 'cheat.ts',
} as const;

/** The honest miners, the one that cheats, two validators and the aggregator, with new keys. */
export function castOf(miners: number): readonly Actor[] {
  const actor = (name: string, role: ActorRole, cheats = false): Actor => {
    const key = generatePrivateKey();
    return { name, role, cheats, key, address: privateKeyToAddress(key) };
  };
  return [
    ...Array.from({ length: miners }, (_, i) => actor(`miner ${i + 1}`, 'miner')),
    actor('cheat', 'miner', true),
    actor('validator 1', 'validator'),
    actor('validator 2', 'validator'),
    actor('aggregator', 'aggregator'),
  ];
}

/** What all processes are told. */
export type Venue = {
  readonly folder: string;
  readonly rpcUrl: string;
  readonly chainId: number;
  readonly deploymentFile: string;
  readonly runId: bigint;
  readonly recipeFile: string;
  readonly dataPath: string;
  readonly reserve: bigint;
};

export function blobsOf(folder: string): string {
  return join(folder, 'blobs');
}

/** Where an actor's log lines go. */
export function logOf(folder: string, { name }: Actor): string {
  return join(folder, 'logs', `${name.replace(' ', '-')}.log`);
}

/** The process of an actor. One thread each: there are more processes than cores. */
export function programOf(actor: Actor, venue: Venue): Program {
  const { name, role, cheats, key } = actor;
  const { folder } = venue;
  return {
    name,
    entry: fileURLToPath(new URL(entries[cheats ? 'cheat' : role], import.meta.url)),
    output: join(folder, 'logs', `${name.replace(' ', '-')}.out`),
    environment: {
      SWARMLOCK_RPC_URL: venue.rpcUrl,
      SWARMLOCK_CHAIN_ID: String(venue.chainId),
      SWARMLOCK_DEPLOYMENT: venue.deploymentFile,
      SWARMLOCK_RUN_ID: String(venue.runId),
      SWARMLOCK_BLOBS: blobsOf(folder),
      SWARMLOCK_CHECKPOINT: join(folder, 'checkpoints', name.replace(' ', '-')),
      SWARMLOCK_RECIPE: venue.recipeFile,
      SWARMLOCK_DATA: venue.dataPath,
      SWARMLOCK_PRIVATE_KEY: key,
      SWARMLOCK_MAX_JOINING_PRICE: String(parseEther('50')),
      SWARMLOCK_RESERVE: String(venue.reserve),
      SWARMLOCK_THREADS: '1',
      SWARMLOCK_POLL_MS: '300',
      SWARMLOCK_LOG_FILE: logOf(folder, actor),
    },
  };
}
