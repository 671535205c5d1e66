import type { Hash } from '../../engine/commit/hash.ts';
import type { Dataset } from '../../engine/data/dataset.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import { createState, type State } from '../../engine/graph/state.ts';
import { copyTensors, parametersState, pseudoGradient, startState, type Trainer } from '../../engine/training.ts';
import type { Commitment, Duty } from '../../sdk/round.ts';
import type { BlobStore } from '../lib/blobs.ts';
import type { GlobalStates } from '../lib/global-states.ts';
import { fetchState, type Model } from '../lib/model.ts';
import { segmentSpan, takeSteps } from '../lib/steps.ts';
import type { Outcome } from './decide.ts';

export type AuditOptions = {
  readonly model: Model;
  readonly dataset: Dataset;
  readonly trainer: Trainer;
  readonly states: GlobalStates;
  readonly blobs: BlobStore;
};

/** One miner's claim of a round, and which of its segments to re-execute. */
export type Case = {
  readonly duty: Pick<Duty, 'owner'>;
  readonly seed: Hash;
  readonly parent: Hash;
  readonly commitment: Commitment;
  readonly segments: readonly number[];
  /** The local state that the round must start from: zero, the root of a known one, or one that nobody knows here. */
  readonly before:
    { readonly kind: 'zero' } | { readonly kind: 'root'; readonly root: Hash } | { readonly kind: 'unknown' };
};

export type Finding = {
  readonly outcome: Outcome;
  /** What differs. */
  readonly why?: 'start state' | 'segment root' | 'payload' | 'fault';
  readonly segment?: number;
  readonly expected?: Hash;
  readonly actual?: Hash;
  /** Of the local state at the end of the round, when the last segment was found right. */
  readonly localRoot?: Hash;
};

const match: Finding = { outcome: 'match' };

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
  let finding = await checkStart(options, subject, parent);
  if (finding.outcome !== 'match') return finding;
  for (const [segment, state] of starts) {
    if (segment === 0) finding = await checkFirst(options, subject, state);
    if (finding.outcome === 'match') finding = await checkSegment(options, subject, segment, state, parent, signal);
    if (finding.outcome !== 'match') return finding;
  }
  return finding;
}

/** A round without local state before it has one start state, which can be computed without the miner. */
async function checkStart({ model }: AuditOptions, { before, commitment }: Case, parent: State): Promise<Finding> {
  if (before.kind !== 'zero') return match;
  const expected = await model.rootOf(startState(model.recipe, parent));
  return compare('start state', expected, commitment.startRoot);
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

async function checkSegment(
  options: AuditOptions,
  { duty, seed, commitment }: Case,
  segment: number,
  start: State,
  parent: State,
  signal: AbortSignal,
): Promise<Finding> {
  const { model } = options;
  const span = { seed, participant: duty.owner, ...segmentSpan(model.recipe, segment) };
  const end = await takeSteps({ recipe: model.recipe, ...options }, start, span, signal).catch(unlessFault);
  if (end === undefined) return { outcome: 'differs', why: 'fault', segment };
  const found = compare('segment root', await model.rootOf(end), commitment.segmentRoots[segment]!);
  if (found.outcome !== 'match') return { ...found, segment };
  if (segment !== commitment.segmentRoots.length - 1) return match;
  const payload = await checkPayload(model, commitment, parent, end);
  return payload.outcome === 'match' ? { ...payload, localRoot: await localRootOf(model, end) } : payload;
}

/** Who claims to have gone on from values that are not finite, or through them, claims what cannot be. */
function unlessFault(error: unknown): undefined {
  if (!(error instanceof SwarmlockError) || error.code !== 'FAULT') throw error;
}

async function checkPayload(model: Model, commitment: Commitment, parent: State, end: State): Promise<Finding> {
  const payload = await pseudoGradient(model.recipe, parent, parametersState(model.recipe, end), model.executor);
  const found = compare('payload', await model.rootOf(payload), commitment.payloadRoot);
  const isSized = commitment.payloadBytes === BigInt(payload.bytes.length);
  return isSized ? found : { ...found, outcome: 'differs', why: 'payload' };
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
