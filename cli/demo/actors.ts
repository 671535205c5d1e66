import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseEther, type Address, type Hex } from 'viem';
import { generatePrivateKey, privateKeyToAddress } from 'viem/accounts';

import type { Program } from './fleet.ts';

export type ActorRole = 'miner' | 'validator' | 'aggregator' | 'challenger' | 'gateway';

/** One of the strangers: a process with a key of its own. */
export type Actor = {
  readonly name: string;
  readonly role: ActorRole;
  readonly cheats: boolean;
  readonly address: Address;
  /** Goes into the process's environment and nowhere else. */
  readonly key: Hex;
  /** The path of its program; the worker of its role when there is none. */
  readonly entry?: string;
  /** Told to it besides what all are told. */
  readonly settings?: Readonly<Record<string, string>>;
};

const entries = {
  miner: '../../workers/miner/main.ts',
  validator: '../../workers/validator/main.ts',
  aggregator: '../../workers/aggregator/main.ts',
  challenger: '../../workers/challenger/main.ts',
  gateway: '../../workers/gateway/main.ts',
} as const;

/** With a new key. */
export function newActor(name: string, role: ActorRole, rest: Partial<Actor> = {}): Actor {
  const key = generatePrivateKey();
  return { name, role, cheats: false, key, address: privateKeyToAddress(key), ...rest };
}

/** The honest miners, the one that cheats, two validators and the aggregator, with new keys. */
export function castOf(miners: number): readonly Actor[] {
  return [
    ...Array.from({ length: miners }, (_, i) => newActor(`miner ${i + 1}`, 'miner')),
    newActor('cheat', 'miner', { cheats: true, entry: fileURLToPath(new URL('cheat.ts', import.meta.url)) }),
    newActor('validator 1', 'validator'),
    newActor('validator 2', 'validator'),
    newActor('aggregator', 'aggregator'),
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
  const { name, role, key, entry = fileURLToPath(new URL(entries[role], import.meta.url)) } = actor;
  const { folder } = venue;
  return {
    name,
    entry,
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
      ...actor.settings,
    },
  };
}
