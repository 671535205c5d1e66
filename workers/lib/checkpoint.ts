import { createHash } from 'node:crypto';
import { mkdir, readFile, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';

import { SwarmlockError } from '../../engine/errors.ts';
import { storageError, syncFolder, writeSynced } from './atomic-file.ts';
import type { Log } from './log.ts';

export type Saved<Facts> = { readonly facts: Facts; readonly state: Uint8Array };

/** A worker's own memory on disk: the bytes of a state, and what it needs to know to go on from there. */
export type Checkpoint<Facts> = {
  /** Keeps both whole or not at all, and forgets all generations but this one and the one before it. */
  save(facts: Facts, state: Uint8Array): Promise<void>;
  /**
   * The newest generation that is intact, or undefined when nothing was ever saved. A damaged one is reported and the
   * one before it used; `CHECKPOINT_CORRUPT` when none is left.
   */
  load(): Promise<Saved<Facts> | undefined>;
};

const KEPT = 2;
const factsFile = 'facts.json';
const stateFile = 'state.bin';
const envelope = z.strictObject({ sha256: z.string(), facts: z.unknown() });

/**
 * Checkpoints in `folder`, which belongs to one process alone. Each generation is a folder with a number for a name that
 * is written under another name and then renamed. `facts` must survive JSON; `schema` checks it when it is read.
 */
export function openCheckpoint<Facts>(folder: string, schema: z.ZodType<Facts>, log: Log): Checkpoint<Facts> {
  return {
    async save(facts, state) {
      const kept = await generations(folder);
      try {
        await writeGeneration(folder, (kept[0] ?? 0) + 1, JSON.stringify(facts), state);
        // Renamed before they are removed, so that a kill in between leaves no generation that is half there.
        for (const old of kept.slice(KEPT - 1)) await rename(join(folder, String(old)), join(folder, `${old}.old`));
        await sweep(folder);
      } catch (error) {
        throw storageError(error, folder);
      }
    },
    async load() {
      const kept = await generations(folder);
      for (const generation of kept) {
        try {
          return await readGeneration(join(folder, String(generation)), schema);
        } catch (cause) {
          log.warn({ code: 'CHECKPOINT_CORRUPT', folder, generation, err: cause }, 'a checkpoint is damaged');
        }
      }
      if (kept.length === 0) return undefined;
      throw new SwarmlockError(`No checkpoint in ${folder} is intact`, {
        code: 'CHECKPOINT_CORRUPT',
        argument: folder,
        hint: 'Move the folder away and start again: the worker goes on from the settled state, and forfeits what it had not committed.',
      });
    },
  };
}

/** Numbers of the generations on disk, newest first. */
async function generations(folder: string): Promise<number[]> {
  try {
    const names = await readdir(folder);
    return names
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => b - a);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw storageError(error, folder);
  }
}

async function writeGeneration(folder: string, generation: number, facts: string, state: Uint8Array): Promise<void> {
  const temporary = join(folder, 'writing');
  try {
    await rm(temporary, { recursive: true, force: true });
    await mkdir(temporary, { recursive: true });
    await writeSynced(join(temporary, stateFile), state);
    const header = `{"sha256":"${digest(facts, state)}","facts":${facts}}\n`;
    await writeSynced(join(temporary, factsFile), Buffer.from(header));
    await syncFolder(temporary);
    await rename(temporary, join(folder, String(generation)));
    await syncFolder(folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true }).catch(() => undefined);
    throw error;
  }
}

/** Removes retired generations, of this process or of one that was killed before it could. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (/^\d+\.old$/.test(name)) await rm(join(folder, name), { recursive: true, force: true });
  }
}

async function readGeneration<Facts>(path: string, schema: z.ZodType<Facts>): Promise<Saved<Facts>> {
  const header = envelope.parse(JSON.parse(await readFile(join(path, factsFile), 'utf8')));
  const state = await readFile(join(path, stateFile));
  const actual = digest(JSON.stringify(header.facts), state);
  if (actual !== header.sha256) throw new Error(`content hashes to ${actual}, not to ${header.sha256}`);
  return { facts: schema.parse(header.facts), state };
}

function digest(facts: string, state: Uint8Array): string {
  return createHash('sha256').update(facts).update(state).digest('hex');
}
