import type { Address } from 'viem';

import type { Hash } from '../../engine/commit/hash.ts';
import { loadBatch } from '../../engine/data/batch.ts';
import type { Dataset } from '../../engine/data/dataset.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import { createState, type State } from '../../engine/graph/state.ts';
import { leafCounts } from '../../engine/leaf-places.ts';
import type { Tracer } from '../../engine/trace.ts';
import { copyTensors, parametersState, pseudoGradient, startState, type Trainer } from '../../engine/training.ts';
import type { Commitment, Duty } from '../../sdk/round.ts';
import { drawnLeaves, drawSeed, leavesRoot } from '../../sdk/verdict-leaves.ts';
import type { BlobStore } from '../lib/blobs.ts';
import type { GlobalStates } from '../lib/global-states.ts';
import type { Accusation } from '../lib/game/accusation.ts';
import { fetchState, type Model } from '../lib/model.ts';
import { fetchPayload } from '../lib/payloads.ts';
import { segmentSpan, takeSteps } from '../lib/steps.ts';
import type { Found, Outcome } from './decide.ts';

export type AuditOptions = {
  readonly model: Model;
  readonly dataset: Dataset;
  readonly trainer: Trainer;
  readonly states: Pick<GlobalStates, 'get'>;
  readonly blobs: BlobStore;
  /** Of the training program. */
  readonly tracer: Pick<Tracer, 'program' | 'trace'>;
};

/** One miner's claim of a round, and which of its segments to re-execute. */
export type Case = {
  readonly duty: Pick<Duty, 'claimId' | 'owner' | 'segment'>;
  readonly seed: Hash;
  readonly parent: Hash;
  readonly commitment: Commitment;
  readonly segments: readonly number[];
  /** The local state that the round must start from: zero, the root of a known one, or one that nobody knows here. */
  readonly before:
    { readonly kind: 'zero' } | { readonly kind: 'root'; readonly root: Hash } | { readonly kind: 'unknown' };
  /** Whose leaves of the trace to take: all that may say something of it. */
  readonly validators: readonly Address[];
  /** What the seat committed to in the round before: error feedback goes on from its payload. */
  readonly committedBefore?: Commitment | undefined;
};

export type Finding = {
  readonly outcome: Outcome;
  /** What differs. */
  readonly why?: 'start state' | 'segment root' | 'payload' | 'payload size' | 'fault';
  readonly segment?: number;
  readonly expected?: Hash;
  readonly actual?: Hash;
  /** Of the local state at the end of the round, when the last segment was found right. */
  readonly localRoot?: Hash;
  /** The last step of the drawn segment, when that was found right. */
  readonly found?: Found;
};

const match: Finding = { outcome: 'match' };

/** What to challenge for what differs. */
export function wrongOf({ why, segment = 0 }: Finding): Pick<Accusation, 'subject' | 'segment'> | undefined {
  switch (why) {
    case undefined:
      return undefined;
    case 'start state':
      return { subject: 'start', segment: 0 };
    case 'segment root':
    case 'fault':
      return { subject: 'segment', segment };
    case 'payload':
      return { subject: 'payload', segment: 0 };
    case 'payload size':
      return { subject: 'size', segment: 0 };
  }
}

/**
 * Re-executes segments of a claim on the member's own batches. What a claim commits to is `actual`, what it should have
 * been is `expected`.
 */
export async function audit(options: AuditOptions, subject: Case, signal: AbortSignal): Promise<Finding> {
  const parent = await options.states.get(subject.parent);
  if (parent === undefined) return { outcome: 'missing' };
  const starts = new Map<number, State>();
  for (const segment of subject.segments) {
    const state = await segmentStart(options, subject, segment);
    if (state === undefined) return { outcome: 'missing', segment };
    starts.set(segment, state);
  }
  const payloadBefore = await feedbackBefore(options, subject, parent);
  if (payloadBefore === 'missing') return { outcome: 'missing' };
  let finding = await checkStart(options, subject, parent);
  for (const [segment, state] of starts) {
    if (finding.outcome === 'match' && segment === 0) finding = await checkFirst(options, subject, state);
    if (finding.outcome !== 'match') return finding;
    finding = {
      ...finding,
      ...(await checkSegment(options, subject, segment, { state, parent, payloadBefore }, signal)),
    };
  }
  return finding;
}

/** A round without local state before it has one start state, which can be computed without the miner. */
async function checkStart({ model }: AuditOptions, { before, commitment }: Case, parent: State): Promise<Finding> {
  if (before.kind !== 'zero') return match;
  const expected = await model.rootOf(startState(model.recipe, parent));
  return compare('start state', expected, commitment.startRoot);
}

/**
 * The payload whose error feedback the round goes on from: none where there is no error feedback or the round starts from
 * zero, else the one that the seat committed to in the round before.
 */
async function feedbackBefore(
  { model, blobs }: AuditOptions,
  { commitment, committedBefore }: Case,
  parent: State,
): Promise<State | undefined | 'missing'> {
  if (model.recipe.compression.name === 'none') return undefined;
  if ((await model.rootOf(startState(model.recipe, parent))) === commitment.startRoot) return undefined;
  const payload = committedBefore && (await fetchPayload(blobs, model, committedBefore));
  return payload ?? 'missing';
}

async function segmentStart(
  { model, blobs }: AuditOptions,
  { commitment: { startRoot, segmentRoots } }: Case,
  segment: number,
): Promise<State | undefined> {
  const root = segment === 0 ? startRoot : segmentRoots[segment - 1];
  return root === undefined ? undefined : fetchState(blobs, model, model.trainingLayout, root);
}

/** A round starts from the global state that it names, and from the local state that the miner's last round ended in. */
async function checkFirst({ model }: AuditOptions, { parent, before }: Case, state: State): Promise<Finding> {
  const global = compare('start state', parent, await model.rootOf(parametersState(model.recipe, state)));
  if (global.outcome !== 'match' || before.kind !== 'root') return global;
  return compare('start state', before.root, await localRootOf(model, state));
}

/** What a segment, and at its end the payload, is computed from. */
type Given = { readonly state: State; readonly parent: State; readonly payloadBefore: State | undefined };

async function checkSegment(
  options: AuditOptions,
  subject: Case,
  segment: number,
  given: Given,
  signal: AbortSignal,
): Promise<Finding> {
  const { model } = options;
  const { duty, commitment } = subject;
  const ends = await execute(options, subject, segment, given.state, signal).catch(unlessFault);
  if (ends === undefined) return { outcome: 'differs', why: 'fault', segment };
  const { before, end } = ends;
  const compared = compare('segment root', await model.rootOf(end), commitment.segmentRoots[segment]!);
  if (compared.outcome !== 'match') return { ...compared, segment };
  const isLast = segment === commitment.segmentRoots.length - 1;
  const finding = isLast ? await checkEnd(model, commitment, given, end) : match;
  if (finding.outcome !== 'match' || segment !== duty.segment) return finding;
  return traceLastStep(options, subject, segment, before, finding);
}

/** The states before and after the last step of a segment. */
async function execute(
  options: AuditOptions,
  { duty, seed }: Case,
  segment: number,
  start: State,
  signal: AbortSignal,
): Promise<{ readonly before: State; readonly end: State }> {
  const steps = { recipe: options.model.recipe, ...options };
  const of = { seed, participant: duty.owner };
  const { first, end } = segmentSpan(options.model.recipe, segment);
  const before = await takeSteps(steps, start, { ...of, first, end: end - 1 }, signal);
  return { before, end: await takeSteps(steps, before, { ...of, first: end - 1, end }, signal) };
}

/** What nobody can copy from the miner: it has published neither the state nor the trace. */
async function traceLastStep(
  { model, dataset, tracer }: AuditOptions,
  { duty, seed, validators }: Case,
  segment: number,
  before: State,
  finding: Finding,
): Promise<Finding> {
  const { batch: rows, model: shape } = model.recipe;
  const step = segmentSpan(model.recipe, segment).end - 1;
  const batch = loadBatch(dataset, { seed, participant: duty.owner, step, rows, context: shape.context });
  const root = await model.rootOf(before);
  const counts = leafCounts(tracer.program);
  const places = validators.map((validator) => drawnLeaves(drawSeed(validator, duty.claimId), counts));
  const trace = await tracer.trace([before], batch, places.flat());
  // What swallowed a value that is not finite on its way is seen by nobody else.
  if (trace.faultAt !== undefined) return { outcome: 'differs', why: 'fault', segment };
  const leaves = new Map<Address, Hash>();
  let taken = 0;
  places.forEach(({ length }, i) => {
    leaves.set(validators[i]!, leavesRoot(trace.leaves.slice(taken, (taken += length))));
  });
  return { ...finding, found: { segment, before: root, trace: trace.root, leaves } };
}

async function checkEnd(model: Model, commitment: Commitment, given: Given, end: State): Promise<Finding> {
  const payload = await checkPayload(model, commitment, given, end);
  return payload.outcome === 'match' ? { ...payload, localRoot: await localRootOf(model, end) } : payload;
}

/** Who claims to have gone on from values that are not finite, or through them, claims what cannot be. */
function unlessFault(error: unknown): undefined {
  if (!(error instanceof SwarmlockError) || error.code !== 'FAULT') throw error;
}

async function checkPayload(
  model: Model,
  commitment: Commitment,
  { parent, payloadBefore }: Given,
  end: State,
): Promise<Finding> {
  const { recipe, executor } = model;
  const payload = await pseudoGradient(recipe, parent, parametersState(recipe, end), executor, payloadBefore);
  const found = compare('payload', await model.rootOf(payload), commitment.payloadRoot);
  const isSized = commitment.payloadBytes <= model.programs.payloadBytes;
  return isSized || found.outcome === 'differs' ? found : { outcome: 'differs', why: 'payload size' };
}

/** The root of a training state without its parameters. */
async function localRootOf({ trainingLayout, rootOf }: Model, state: State): Promise<Hash> {
  const local = createState({ groups: trainingLayout.groups.slice(1) });
  copyTensors(state, local);
  return rootOf(local);
}

function compare(why: NonNullable<Finding['why']>, expected: Hash, actual: Hash): Finding {
  return expected === actual ? match : { outcome: 'differs', why, expected, actual };
}
