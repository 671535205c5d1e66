import { readFile } from 'node:fs/promises';
import { isAddress } from 'viem';
import { z } from 'zod';

import { SwarmlockError } from '../../engine/errors.ts';
import { DRAND_URLS } from '../../sdk/drand.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** What every worker is told. Keys are not part of it: see keys.ts. */
export const workerFields = {
  rpcUrl: z.url({ protocol: /^https?$/ }),
  chainId: z.coerce.number().int().positive(),
  /** The file with the addresses of the deployed contracts. */
  deployment: z.string().min(1),
  runId: z.coerce.bigint().nonnegative(),
  /**
   * The owner that the key works for; without it the key is its own owner. The chain is not asked: anyone can name any key
   * there, and must not so win its work.
   */
  owner: z
    .string()
    .refine((text) => isAddress(text), 'must be an address')
    .optional(),
  /** The folder of the blob store, shared with the other workers. */
  blobs: z.string().min(1),
  /** The folder of this worker's checkpoint, its own. */
  checkpoint: z.string().min(1),
  logLevel: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'silent']).default('info'),
  /** Without it, the log goes to standard error. */
  logFile: z.string().min(1).optional(),
  /** Pause between two looks at the chain. */
  pollMs: z.coerce.number().int().positive().default(1_000),
  /** A transaction that is not mined after this is sent again with higher fees. */
  resendAfterMs: z.coerce.number().int().positive().default(45_000),
  giveUpAfterMs: z.coerce.number().int().positive().default(600_000),
  /** Where rounds of drand are asked for, in this order, on chains whose randomness they are; separated by commas. */
  drandUrls: z
    .preprocess(
      (given) => (typeof given === 'string' ? given.split(',') : given),
      z.array(z.url({ protocol: /^https?$/ })),
    )
    .default([...DRAND_URLS]),
} as const;

/** What a worker is told that computes: all of them do. */
export const computeFields = {
  /** The file of the recipe that the run was created with. */
  recipe: z.string().min(1),
  provider: z.enum(['cpu', 'cuda', 'webgpu']).default('cpu'),
  /** Of ONNX Runtime and of the hasher; 0 takes one for each core. */
  threads: z.coerce.number().int().nonnegative().max(256).default(0),
  /** A deposit fills the free stake up to this, if the wallet has it; to what is needed at least. */
  reserve: z.coerce.bigint().nonnegative().default(0n),
} as const;

/** What a worker is told that takes a seat: it reads the text, and pays for the seat. */
export const seatFields = {
  /** The text that the recipe names by its root: a file, a folder or a glob. */
  data: z.string().min(1),
  /** The most to pay for a seat; with 0 a worker never joins by itself. */
  maxJoiningPrice: z.coerce.bigint().nonnegative().default(0n),
} as const;

/** Seconds of the chain that a step has been due before this worker ticks. */
export const tickAfter = (seconds: number) => z.coerce.number().nonnegative().default(seconds);

/** Seconds to wait for what a miner has to serve. */
export const patience = z.coerce.number().nonnegative().default(10);

export const workerConfig = z.strictObject(workerFields);
export type WorkerConfig = z.infer<typeof workerConfig>;
export type ComputeConfig = z.infer<z.ZodObject<typeof computeFields>>;

/** A strict object: its fields are the settings that there are. */
export type ConfigSchema<Config> = z.ZodObject & z.ZodType<Config>;

/**
 * The settings of a worker: a JSON file, named by `SWARMLOCK_CONFIG` when there is one, under variables of the
 * environment: `SWARMLOCK_RPC_URL` is `rpcUrl`. Unknown fields are refused, so that a key in the file is noticed.
 * @throws CONFIG_INVALID naming the first field at fault.
 */
export async function loadConfig<Config>(schema: ConfigSchema<Config>, environment: Environment): Promise<Config> {
  const file = environment['SWARMLOCK_CONFIG'];
  const fromFile = file === undefined ? {} : await readJson(file);
  const fromEnvironment = Object.keys(schema.shape).flatMap((field) => {
    const value = environment[variableOf(field)];
    return value === undefined ? [] : [[field, value] as const];
  });
  const parsed = schema.safeParse({ ...fromFile, ...Object.fromEntries(fromEnvironment) });
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') ?? '';
  throw new SwarmlockError(`The configuration is not valid: ${field} ${issue?.message ?? ''}`.trim(), {
    code: 'CONFIG_INVALID',
    argument: field,
    hint:
      field === ''
        ? 'Remove the field; keys belong in a keystore.'
        : `Set ${variableOf(field)}, or ${field} in the file.`,
    cause: parsed.error,
  });
}

async function readJson(path: string): Promise<object> {
  try {
    const content: unknown = JSON.parse(await readFile(path, 'utf8'));
    if (typeof content === 'object' && content !== null && !Array.isArray(content)) return content;
    throw new TypeError('not an object');
  } catch (cause) {
    throw new SwarmlockError(`Cannot read the configuration file ${path}`, {
      code: 'CONFIG_INVALID',
      argument: 'SWARMLOCK_CONFIG',
      hint: 'It must be a JSON object.',
      cause,
    });
  }
}

/** `rpcUrl` -> `SWARMLOCK_RPC_URL`. */
function variableOf(field: string): string {
  return `SWARMLOCK_${field.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;
}
