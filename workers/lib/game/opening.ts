import { randomBytes } from 'node:crypto';
import { bytesToHex } from 'viem';

import { SwarmlockError } from '../../../engine/errors.ts';
import type { Hash } from '../../../engine/commit/hash.ts';
import { treeDepth } from '../../../engine/commit/format.ts';
import { tensorRoot } from '../../../engine/commit/reference.ts';
import { partsOf, type Opening, type RunPrograms } from '../../../sdk/game.ts';
import { markOf, tokenAt, type NamedToken } from '../../../sdk/receipts.ts';
import type { Commitment } from '../../../sdk/round.ts';
import { leavesRoot } from '../../../sdk/verdict-leaves.ts';
import type { Accusation } from './accusation.ts';
import type { Disputed } from './dispute.ts';
import { levelsOfTrace } from './walk.ts';
import type { Witness } from './witness.ts';

export type OpeningOptions = {
  readonly programs: RunPrograms;
  witnessOf(disputed: Disputed): Witness;
  /** Inner steps of a segment. */
  spanOf(segment: number): { readonly first: number; readonly end: number };
};

/** How a challenge opens: with own states inside the span. Undefined when the claim comes out right after all. */
export async function openingOf(
  options: OpeningOptions,
  { claimId: id, subject, segment }: Accusation,
  disputed: Disputed,
  signal: AbortSignal,
): Promise<Opening | undefined> {
  const salt = bytesToHex(randomBytes(32));
  const marks = disputed.kind === 'token' ? [markOf(disputed)] : [];
  const bare = { id, subject, segment, marks, salt };
  const span = spanIn(options, disputed, subject, segment);
  if (span === undefined) return (await isWrong(options, disputed, subject, signal)) ? bare : undefined;
  const ends = partsOf(span.first, span.end).map(({ end }) => end);
  const roots = await options.witnessOf(disputed).roots(ends, signal);
  if (roots.get(span.end) === span.finish) return undefined;
  return { ...bare, marks: ends.slice(0, -1).map((step) => roots.get(step)!) };
}

/** The inner steps in dispute, and the state that is claimed at their end. */
function spanIn({ spanOf }: OpeningOptions, disputed: Disputed, subject: string, segment: number) {
  if (subject === 'segment' && disputed.kind === 'work') {
    return { ...spanOf(segment), finish: disputed.work.commitment.segmentRoots[segment] };
  }
  if (subject !== 'before' || disputed.kind !== 'verdict') return undefined;
  const { first, end } = spanOf(disputed.verdict.segment);
  // The state before the first step is claimed by the miner: no step is in dispute.
  return end - 1 === first ? undefined : { first, end: end - 1, finish: disputed.verdict.before };
}

async function isWrong(
  { programs, witnessOf, spanOf }: OpeningOptions,
  disputed: Disputed,
  subject: Accusation['subject'],
  signal: AbortSignal,
): Promise<boolean> {
  const witness = witnessOf(disputed);
  if (disputed.kind === 'work') {
    const { payloadBytes, payloadRoot } = disputed.work.commitment;
    if (subject === 'size') return payloadBytes > programs.payloadBytes;
    if (subject === 'start') return isUnshowable(witness, signal);
    return differs(witness, { subject, first: 0 }, payloadRoot, signal);
  }
  if (disputed.kind === 'aggregate') return differs(witness, { subject, first: 0 }, disputed.claim.nextRoot, signal);
  if (disputed.kind === 'token') return differs(witness, { subject, first: 0 }, tokenRoot(disputed), signal);
  const { segment, before, trace, leaves } = disputed.verdict;
  if (subject === 'before') return startOf(disputed.work.commitment, segment) !== before;
  const first = spanOf(segment).end - 1;
  if (subject === 'trace') return differs(witness, { subject, first }, trace, signal);
  const { notes } = await witness.testify({ subject }, first, signal);
  return leavesRoot(notes.leaves!) !== leaves;
}

/** As the result of the continuation has it. */
function tokenRoot(named: NamedToken): Hash {
  return tensorRoot({ dtype: 'i32', shape: [1], data: Int32Array.of(tokenAt(named)) });
}

/** The state that is claimed where a segment starts. */
function startOf({ startRoot, segmentRoots }: Commitment, segment: number): Hash {
  return segment === 0 ? startRoot : segmentRoots[segment - 1]!;
}

/** Whether an invocation ends elsewhere; of a verdict, whether its trace is another one. */
async function differs(
  witness: Witness,
  { subject, first }: { readonly subject: Accusation['subject']; readonly first: number },
  claimed: Hash,
  signal: AbortSignal,
): Promise<boolean> {
  const { notes } = await witness.testify({ subject }, first, signal);
  if (notes.faultAt !== undefined) return true;
  const levels = levelsOfTrace(notes);
  const { nodes, outputStart } = notes.program;
  // Of a token, the first tensor of the result is claimed.
  const depth = subject === 'token' ? 0 : treeDepth(nodes.length - outputStart);
  return (subject === 'trace' ? levels.at(-1)![0] : levels[depth]![outputStart / 2 ** depth]) !== claimed;
}

/** Whether a start is none of those that the rules give. @throws STATE_UNAVAILABLE (retryable) when they are not known */
async function isUnshowable(witness: Witness, signal: AbortSignal): Promise<boolean> {
  try {
    await witness.start(signal);
    return false;
  } catch (error) {
    if (error instanceof SwarmlockError && error.code === 'START_UNSHOWABLE') return true;
    throw error;
  }
}
