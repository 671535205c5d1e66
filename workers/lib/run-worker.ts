import { SwarmlockError } from '../../engine/errors.ts';
import { connect, type Client } from '../../sdk/client.ts';
import { readDeployment } from '../../sdk/deployment-file.ts';
import type { Deployment } from '../../sdk/deployment.ts';
import type { Signer } from '../../sdk/signer.ts';
import type { BlobStore } from './blobs.ts';
import { systemClock, type Clock } from './clock.ts';
import { loadConfig, type ConfigSchema, type WorkerConfig } from './config.ts';
import { folderBlobs } from './folder-blobs.ts';
import { loadKey } from './keys.ts';
import { createLog, type Log } from './log.ts';
import { patiently, type LoopOptions } from './loop.ts';
import { createSender, type Sender } from './sender.ts';

/** What a worker finds ready when it starts. */
export type Workplace<Config> = {
  readonly config: Config;
  readonly log: Log;
  readonly clock: Clock;
  /** Aborts on SIGTERM and SIGINT. */
  readonly signal: AbortSignal;
  /** How its loop goes. */
  readonly looping: LoopOptions;
  readonly client: Client;
  readonly deployment: Deployment;
  readonly sender: Sender;
  /** The worker's key, for what is no transaction. */
  readonly signer: Signer;
  readonly blobs: BlobStore;
};

/** The longest pause while something keeps failing. */
const LONGEST_BACK_OFF_MS = 15_000;

/**
 * Runs a worker as the whole of a process. SIGTERM or SIGINT aborts its signal, and the process exits with 0 once `work`
 * has returned; an error that ends it is printed as one line, and the exit code is 1. A SIGKILL needs no care here:
 * checkpoints and blobs are written whole or not at all, and the rest is read from the chain.
 */
export async function runWorker<Config extends WorkerConfig>(
  name: string,
  schema: ConfigSchema<Config>,
  work: (place: Workplace<Config>) => Promise<void>,
): Promise<never> {
  const stop = new AbortController();
  for (const event of ['SIGTERM', 'SIGINT'] as const) process.on(event, () => stop.abort());
  try {
    const place = await openWorkplace(name, schema, stop.signal);
    place.log.info({ address: place.sender.address, runId: place.config.runId }, 'started');
    await work(place);
    place.log.info({ event: 'stopped' }, 'stopped');
  } catch (error) {
    if (!isAbort(error, stop.signal)) {
      process.stderr.write(`${name}: ${explain(error)}\n`);
      process.exit(1);
    }
  }
  // Without waiting for idle sockets and for the threads of native libraries.
  process.exit(0);
}

async function openWorkplace<Config extends WorkerConfig>(
  name: string,
  schema: ConfigSchema<Config>,
  signal: AbortSignal,
): Promise<Workplace<Config>> {
  const config = await loadConfig(schema, process.env);
  const { account, secrets } = await loadKey(process.env);
  const { logFile: file, logLevel: level } = config;
  const log = createLog({ name, level, secrets, ...(file === undefined ? {} : { file }) });
  const clock = systemClock;
  const looping = { clock, log, signal, pollMs: config.pollMs, longestBackOffMs: LONGEST_BACK_OFF_MS };
  const [client, deployment] = await patiently(async () => {
    const connected = await connect(config);
    return [connected, await readDeployment(config.deployment, connected)] as const;
  }, looping);
  const sender = createSender({ client, account, clock, log, ...config });
  const blobs = folderBlobs(config.blobs, log);
  return { config, log, clock, signal, looping, client, deployment, sender, signer: account, blobs };
}

function isAbort(error: unknown, signal: AbortSignal): boolean {
  return signal.aborted && (error === signal.reason || (error instanceof Error && error.name === 'AbortError'));
}

/** One line: the code, what happened, what to do. */
function explain(error: unknown): string {
  if (!(error instanceof SwarmlockError))
    return error instanceof Error ? (error.stack ?? error.message) : String(error);
  return [`${error.code}: ${error.message}.`, error.hint].filter(Boolean).join(' ');
}
