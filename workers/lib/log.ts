import { pino, type LevelWithSilent, type Logger } from 'pino';

export type Log = Logger;

export type LogOptions = {
  /** Which worker writes; in every line. */
  readonly name: string;
  readonly level?: LevelWithSilent;
  /** A file to append to; without it, lines go to standard error. */
  readonly file?: string;
  /** Values that must never be written, wherever they turn up. */
  readonly secrets?: readonly string[];
};

/** Characters that wait for room on the disk; what comes after them is dropped. */
const LONGEST_BACKLOG = 2 ** 20;

const REDACTED = '[redacted]';
const secretFields = ['privateKey', 'password', 'mnemonic', 'secret'];

/**
 * One JSON line for each event, written synchronously so that the last line before an exit is not lost. Fields with the
 * name of a secret, and the given secret values wherever they occur, are replaced.
 */
export function createLog({ name, level = 'info', file, secrets = [] }: LogOptions): Log {
  const hidden = secrets.filter((secret) => secret !== '').flatMap((secret) => [secret, secret.replace(/^0x/, '')]);
  return pino(
    {
      name,
      level,
      base: { name },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: secretFields.flatMap((field) => [field, `*.${field}`]), censor: REDACTED },
      serializers: { err: errorFields },
      hooks: { streamWrite: (line) => hidden.reduce((text, secret) => text.replaceAll(secret, REDACTED), line) },
    },
    destinationOf(name, file),
  );
}

/** Lines that cannot be written are lost, but work goes on: a full disk must not end a worker. */
function destinationOf(name: string, file: string | undefined): ReturnType<typeof pino.destination> {
  const destination = pino.destination({ dest: file ?? 2, sync: true, mkdir: true, maxLength: LONGEST_BACKLOG });
  let isTold = false;
  destination.on('error', (error: Error) => {
    if (!isTold && file !== undefined) process.stderr.write(`${name}: cannot write to ${file}: ${error.message}\n`);
    isTold = true;
  });
  return destination;
}

/** An error as fields: those of its own `toJSON` when it has one, and the messages of its causes. */
function errorFields(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const own =
    'toJSON' in error && typeof error.toJSON === 'function' ? (error.toJSON() as object) : { ...named(error) };
  return error.cause instanceof Error ? { ...own, cause: errorFields(error.cause) } : own;
}

function named({ name, message, stack }: Error): object {
  return { name, message, stack };
}
