import type { State } from '../../engine/graph/state.ts';
import { aggregate } from '../../engine/training.ts';
import type { Subject } from '../../sdk/game.ts';
import { leavesRoot } from '../../sdk/verdict-leaves.ts';
import type { Accusation } from '../lib/game/accusation.ts';
import type { DisputedClaim } from '../lib/game/dispute.ts';
import { traceOfStep, type WitnessMeans } from '../lib/game/honest-witness.ts';
import { payloadAfter, publishedPayload } from '../lib/game/payload-chain.ts';
import { globalState } from '../lib/game/settled.ts';
import type { Work } from '../lib/game/work.ts';
import type { Model } from '../lib/model.ts';
import { isFiniteState, segmentSpan } from '../lib/steps.ts';

/** The first thing that is wrong with a claim; undefined when it is right; 'missing' when that cannot be known. */
export type Found = Accusation | undefined | 'missing';

/** Recomputes a claim from what is public. @throws STATE_UNAVAILABLE (retryable) */
export async function judge(means: WitnessMeans, disputed: DisputedClaim, signal: AbortSignal): Promise<Found> {
  const { claimId } = disputed;
  const found = await wrongIn(means, disputed, signal);
  return typeof found === 'object' ? { claimId, ...found } : found;
}

type Wrong = { readonly subject: Subject; readonly segment: number };

async function wrongIn(
  means: WitnessMeans,
  disputed: DisputedClaim,
  signal: AbortSignal,
): Promise<Wrong | undefined | 'missing'> {
  switch (disputed.kind) {
    case 'work':
      return wrongInWork(means, disputed.work, signal);
    case 'aggregate':
      return wrongInAggregate(means, disputed, signal);
    case 'verdict':
      return wrongInVerdict(means, disputed, signal);
  }
}

/** From the start of the round to its payload: what comes after the first difference may differ because of it. */
async function wrongInWork(
  means: WitnessMeans,
  work: Work,
  signal: AbortSignal,
): Promise<Wrong | undefined | 'missing'> {
  const { model, replay, library } = means;
  const { startRoot, segmentRoots, payloadRoot, payloadBytes } = work.commitment;
  const starts = await replay.startsOf(work, signal);
  if (starts === undefined) return 'missing';
  let state = starts.find(({ root }) => root === startRoot)?.state;
  if (state === undefined) return { subject: 'start', segment: 0 };
  for (const [segment, root] of segmentRoots.entries()) {
    const { first, end } = segmentSpan(model.recipe, segment);
    state = await replay.advance(work, state, first, end, signal);
    if ((await model.rootOf(state)) !== root) return { subject: 'segment', segment };
  }
  await library.keep(work.round, segmentRoots.at(-1)!, state);
  if (payloadBytes > model.programs.payloadBytes) return { subject: 'size', segment: 0 };
  const payload = await payloadAfter(means, work, state, signal);
  return (await isRightEnd(model, payload, payloadRoot)) ? undefined : { subject: 'payload', segment: 0 };
}

async function wrongInAggregate(
  means: WitnessMeans,
  { claim, members }: Extract<DisputedClaim, { kind: 'aggregate' }>,
  signal: AbortSignal,
): Promise<Wrong | undefined> {
  const { model, states } = means;
  const parent = await globalState(states, claim.parent);
  const payloads: State[] = [];
  for (const member of members) payloads.push((await publishedPayload(means, member, signal)).payload);
  const next = await aggregate(model.recipe, parent, payloads, model.executor);
  return (await isRightEnd(model, next, claim.nextRoot)) ? undefined : { subject: 'aggregate', segment: 0 };
}

/** A verdict is about the last step of a segment: the state before it, the trace of it, and leaves of that. */
async function wrongInVerdict(
  means: WitnessMeans,
  { verdict, work }: Extract<DisputedClaim, { kind: 'verdict' }>,
  signal: AbortSignal,
): Promise<Wrong | undefined> {
  const { model, replay } = means;
  const { segment, before, trace, leaves, validator } = verdict;
  const last = segmentSpan(model.recipe, segment).end - 1;
  const state = await replay.stateAt(work, last, signal);
  if ((await model.rootOf(state)) !== before) return { subject: 'before', segment: 0 };
  const found = await traceOfStep(means, work, { step: last, listedBy: validator }, state);
  if (found.faultAt !== undefined || found.root !== trace) return { subject: 'trace', segment: 0 };
  return leavesRoot(found.leaves) === leaves ? undefined : { subject: 'leaves', segment: 0 };
}

/** What is not finite is nobody's right result, whatever its root. */
async function isRightEnd(model: Pick<Model, 'rootOf'>, state: State, claimed: string): Promise<boolean> {
  return isFiniteState(state) && (await model.rootOf(state)) === claimed;
}
