import { keccak256, toHex } from 'viem';

import type { Hash } from '../../../engine/commit/hash.ts';
import { trainingProgram } from '../../../engine/programs.ts';
import { createTracer } from '../../../engine/trace.ts';
import { createTrainer } from '../../../engine/training.ts';
import { claimIdOf } from '../../../sdk/claims.ts';
import { auditedSegments, drawOf } from '../../../sdk/draw.ts';
import type { BlobStore } from '../../../workers/lib/blobs.ts';
import { audit, type AuditOptions, type Case, type Finding } from '../../../workers/validator/audit.ts';
import type { Member } from './crowd.ts';
import { lineageOf, type Earlier, type OpenRound, type Tools, type Work } from './work.ts';

export type AuditRules = {
  /** Probability that a member is drawn in a round. */
  readonly auditRate: number;
  /** Rounds in which a newcomer is drawn for certain. */
  readonly probation: number;
};

/** Draws as the contracts do, and judges as validators do: from commitments and what is served, whoever the member is. */
export type Auditor = {
  /** What is found of a member's work; undefined when it is not drawn. */
  look(round: OpenRound, member: Member, work: Work, earlier: Earlier | undefined): Promise<Finding | undefined>;
  close(): Promise<void>;
};

const { signal } = new AbortController();

export async function createAuditor({ model, dataset }: Tools, { auditRate, probation }: AuditRules): Promise<Auditor> {
  const { recipe, executor } = model;
  const { segments } = recipe.round;
  const parameters = { auditRate: Math.round(10_000 * auditRate), probationRounds: probation, segments };
  const trainer = await createTrainer(recipe, executor);
  const tracer = await createTracer(trainingProgram(recipe), executor);
  const localRoots = new Map<number, { round: number; root: Hash }>();

  const localBefore = (round: OpenRound, { seat }: Member, earlier: Earlier | undefined): Case['before'] => {
    if (lineageOf(round, earlier, recipe) === undefined) return { kind: 'zero' };
    const known = localRoots.get(seat);
    return known?.round === round.number - 1 ? { kind: 'root', root: known.root } : { kind: 'unknown' };
  };

  return {
    async look(round, member, work, earlier) {
      const { number, seed, parent, global } = round;
      const { seat, owner, since } = member;
      const beacon = keccak256(toHex(`beacon ${seed}`));
      const draw = drawOf({ beacon, beaconLost: false, runId: RUN, number, seat, since }, parameters);
      if (!draw.drawn) return undefined;
      const states = { get: async (root: Hash) => (root === parent ? global : undefined) };
      const blobs = blobsOf(earlier === undefined ? [work] : [work, earlier.work]);
      const claimId = claimIdOf({ kind: 'work', runId: RUN, round: number, number: seat });
      const options: AuditOptions = { model, dataset, trainer, tracer, states, blobs };
      const subject: Case = {
        duty: { claimId, owner, segment: draw.segment },
        seed,
        parent,
        commitment: work.commitment,
        committedBefore: earlier?.work.commitment,
        segments: auditedSegments(draw, parameters),
        before: localBefore(round, member, earlier),
        validators: [],
      };
      const finding = await audit(options, subject, signal);
      if (finding.localRoot !== undefined) localRoots.set(seat, { round: number, root: finding.localRoot });
      return finding;
    },
    async close() {
      await Promise.all([trainer.close(), tracer.close()]);
    },
  };
}

/** There is one. */
const RUN = 1n;

/** What these works serve, held against its roots. */
function blobsOf(works: readonly Work[]): BlobStore {
  return {
    put: async () => undefined,
    async get(root, { digest }) {
      const bytes = works.map(({ served }) => served.get(root)).find((found) => found !== undefined);
      return bytes !== undefined && (await digest(bytes)) === root ? bytes : undefined;
    },
    remove: async () => undefined,
  };
}
