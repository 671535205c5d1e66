import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Address } from 'viem';
import { z } from 'zod';

import type { Hash } from '../../engine/commit/hash.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import { storageError } from '../lib/atomic-file.ts';
import { openCheckpoint, type Saved } from '../lib/checkpoint.ts';
import type { Log } from '../lib/log.ts';

const root = z.string().regex(/^0x[0-9a-f]{64}$/) as unknown as z.ZodType<Hash>;
const address = z.string().regex(/^0x[0-9a-fA-F]{40}$/) as unknown as z.ZodType<Address>;

/** What fixes a miner's training in a round. The seed is the round's own, on its own chain. */
const workFields = {
  round: z.int().positive(),
  seed: root,
  owner: address,
  parent: root,
  /** Rounds of the epoch on whose local state it builds. */
  lineage: z.array(z.int().positive()),
};
const factsSchema = z.strictObject({ ...workFields, startRoot: root, segmentRoots: z.array(root) });

const feedbackSchema = z.strictObject({ ...workFields, feedback: root });

export type Work = z.infer<z.ZodObject<typeof workFields>>;
/** How far a round is: one more segment root at each point. */
export type RoundFacts = z.infer<typeof factsSchema>;

/**
 * A miner's memory on disk: for each round in work a file of the state at its start and at the end of each segment. Point
 * i is the state in which segment i starts, so the same file is a checkpoint and what a validator asks for.
 */
export type RoundFiles = {
  save(facts: RoundFacts, state: Uint8Array): Promise<void>;
  /** The furthest intact point of exactly this work. Damaged ones are reported and passed over. */
  latest(work: Work, segments: number): Promise<Saved<RoundFacts> | undefined>;
  /** The state at one point; undefined when it is absent or damaged. */
  at(round: number, point: number): Promise<Saved<RoundFacts> | undefined>;
  /** Keeps the error feedback of exactly this work, by the root of its state. */
  saveFeedback(work: Work, feedback: Hash, state: Uint8Array): Promise<void>;
  /** Undefined when it is absent or damaged, or that of another work. */
  feedback(work: Work): Promise<Saved<{ readonly feedback: Hash }> | undefined>;
  discard(round: number): Promise<void>;
  /** The state of a root at some point of a round, or its error feedback, as it is stored. */
  find(round: number, root: Hash): Promise<Uint8Array | undefined>;
  /**
   * Makes room when the work on `round` begins: of rounds from `oldest` on, whose claims can still be disputed, only the
   * state at the end and the error feedback are kept, and nothing of those before. The roots of all that the rounds before had.
   */
  retire(round: number, oldest: number): Promise<readonly Hash[]>;
};

export function roundFiles(folder: string, log: Log): RoundFiles {
  const open = (round: number, point: number) =>
    openCheckpoint(join(folder, String(round), String(point)), factsSchema, log);
  const openFeedback = (round: number) => openCheckpoint(join(folder, String(round), 'feedback'), feedbackSchema, log);
  const at: RoundFiles['at'] = (round, point) => open(round, point).load().catch(unlessDamaged);
  const feedbackOf = (round: number) => openFeedback(round).load().catch(unlessDamaged);
  return {
    save: (facts, state) => open(facts.round, facts.segmentRoots.length).save(facts, state),
    at,
    async latest(work, segments) {
      for (let point = segments; point >= 0; point -= 1) {
        const saved = await at(work.round, point);
        if (saved !== undefined && isOf(saved.facts, work) && saved.facts.segmentRoots.length === point) return saved;
      }
      return undefined;
    },
    saveFeedback: (work, feedback, state) => openFeedback(work.round).save({ ...workOf(work), feedback }, state),
    async feedback(work) {
      const saved = await feedbackOf(work.round);
      return saved && isOf(saved.facts, work) ? saved : undefined;
    },
    discard: (round) => rm(join(folder, String(round)), { recursive: true, force: true }),
    async find(round, root) {
      const feedback = await feedbackOf(round);
      if (feedback?.facts.feedback === root) return feedback.state;
      for (const point of await numbersIn(join(folder, String(round)))) {
        const saved = await at(round, point);
        if (saved === undefined) continue;
        const { startRoot, segmentRoots } = saved.facts;
        if ((point === 0 ? startRoot : segmentRoots[point - 1]) === root) return saved.state;
      }
      return undefined;
    },
    async retire(round, oldest) {
      const roots: Hash[] = [];
      for (const old of (await numbersIn(folder)).filter((number) => number < round)) {
        const points = await numbersIn(join(folder, String(old)));
        const furthest = Math.max(...points);
        const saved = Number.isFinite(furthest) ? await at(old, furthest) : undefined;
        if (saved !== undefined) roots.push(saved.facts.startRoot, ...saved.facts.segmentRoots);
        const feedback = await feedbackOf(old);
        if (feedback !== undefined) roots.push(feedback.facts.feedback);
        const gone = old < oldest ? [''] : points.filter((point) => point < furthest).map(String);
        for (const point of gone) await rm(join(folder, String(old), point), { recursive: true, force: true });
      }
      return roots;
    },
  };
}

/** It has been reported. What is damaged is computed again: it comes out the same. */
function unlessDamaged(error: unknown): undefined {
  if (error instanceof SwarmlockError && error.code === 'CHECKPOINT_CORRUPT') return undefined;
  throw error;
}

function workOf({ round, seed, owner, parent, lineage }: Work): Work {
  return { round, seed, owner, parent, lineage };
}

function isOf(facts: Work, work: Work): boolean {
  const same = facts.round === work.round && facts.seed === work.seed && facts.parent === work.parent;
  const isSame = same && facts.owner === work.owner && facts.lineage.length === work.lineage.length;
  return isSame && facts.lineage.every((round, index) => round === work.lineage[index]);
}

async function numbersIn(folder: string): Promise<number[]> {
  try {
    return (await readdir(folder)).filter((name) => /^\d+$/.test(name)).map(Number);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return [];
    throw storageError(error, folder);
  }
}
