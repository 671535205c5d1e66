import { glob, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SwarmlockError } from '../errors.ts';

const NEWLINE = Uint8Array.of(0x0a);

/**
 * The bytes of a file, of all files under a folder, or of all files that a glob matches, joined by one newline.
 * Files come in the order of the bytes of their paths; names that start with a dot, and links inside a folder, are left
 * out, so that the same files give the same text on every machine.
 * @throws DATASET_UNREADABLE, DATASET_EMPTY
 */
export async function readText(path: string): Promise<Uint8Array> {
  const files = await reading(path, () => listFiles(path));
  const parts: Uint8Array[] = [];
  for (const file of files) {
    if (parts.length > 0) parts.push(NEWLINE);
    parts.push(await reading(file, () => readFile(file)));
  }
  if (parts.every((part) => part === NEWLINE || part.length === 0)) throw empty(path);
  return new Uint8Array(Buffer.concat(parts));
}

async function listFiles(path: string): Promise<readonly string[]> {
  const found = await stat(path).catch((cause: unknown) => {
    if (isGlob(path)) return undefined;
    throw cause;
  });
  if (found?.isFile() === true) return [path];
  return found === undefined ? sortPaths(await matches(path)) : sortPaths(await filesUnder(path));
}

async function filesUnder(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder, { withFileTypes: true });
  const visible = entries.filter((entry) => !entry.name.startsWith('.'));
  const files = visible.filter((entry) => entry.isFile()).map((entry) => join(folder, entry.name));
  const folders = visible.filter((entry) => entry.isDirectory());
  const nested = await Promise.all(folders.map((entry) => filesUnder(join(folder, entry.name))));
  return [...files, ...nested.flat()];
}

async function matches(pattern: string): Promise<readonly string[]> {
  const files: string[] = [];
  for await (const path of glob(pattern)) if ((await stat(path)).isFile()) files.push(path);
  return files;
}

function sortPaths(paths: readonly string[]): readonly string[] {
  return paths.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function isGlob(path: string): boolean {
  return /[*?[\]{}]/.test(path);
}

async function reading<T>(path: string, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new SwarmlockError(`Cannot read the text at ${path}: ${reason}`, {
      code: 'DATASET_UNREADABLE',
      argument: 'path',
      hint: 'Give a file, a folder or a glob that this user may read.',
      cause,
    });
  }
}

function empty(path: string): SwarmlockError {
  return new SwarmlockError(`There is no text at ${path}`, {
    code: 'DATASET_EMPTY',
    argument: 'path',
    hint: 'Give a file, a folder or a glob with at least one file that is not empty.',
  });
}
