import type { Hash } from '../../engine/commit/hash.ts';
import { encodePublished, feedbackLayout, partsOfPayload } from '../../engine/compress/published.ts';
import type { Dataset } from '../../engine/data/dataset.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import { createState, type State } from '../../engine/graph/state.ts';
import { payloadLayout } from '../../engine/programs.ts';
import { tokensPerSegment } from '../../engine/recipe.ts';
import { copyTensors, parametersState, pseudoGradient, startState, type Trainer } from '../../engine/training.ts';
import type { BlobStore } from '../lib/blobs.ts';
import type { GlobalStates } from '../lib/global-states.ts';
import type { Log } from '../lib/log.ts';
import type { Model } from '../lib/model.ts';
import { publishedOf } from '../lib/payloads.ts';
import { segmentSpan, stepsIn, takeSteps } from '../lib/steps.ts';
import type { Pace } from './pace.ts';
import type { RoundFacts, RoundFiles, Work } from './round-files.ts';

/** A round that is trained: what there is to commit, and what to publish. */
export type Finished = {
  readonly facts: RoundFacts;
  readonly payloadRoot: Hash;
  /** As it is published. */
  readonly payload: Uint8Array;
};

export type TrainingOptions = {
  readonly model: Model;
  readonly dataset: Dataset;
  readonly trainer: Trainer;
  readonly states: GlobalStates;
  readonly files: RoundFiles;
  readonly blobs: BlobStore;
  readonly log: Log;
  /** The work of a round of the same miner, by its number. */
  workOf(round: number, lineage: readonly number[]): Promise<Work>;
  /** Of an earlier round: how many segments the miner has committed. */
  segmentsOf(round: number): Promise<number>;
  /** Learns from every segment how fast this machine is. */
  readonly pace: Pace;
  /** The chain's clock, in seconds, and whether a round takes commits; undefined when the run has gone on without it. */
  look(round: number): Promise<{ readonly time: number; readonly isOpen: boolean } | undefined>;
  /** The first round whose claim can still be disputed: the current one when there is none before it. */
  oldestOpen(): number;
};

/** How much of a round is trained: at least `least` segments, and at most `most`, as long as the next is done by `until`. */
export type Extent = { readonly least: number; readonly most: number; readonly until: number };

/** Trains a round; undefined when the run went on without it. */
export type Train = (
  options: TrainingOptions,
  work: Work,
  extent: Extent,
  signal: AbortSignal,
) => Promise<Finished | undefined>;

type Point = { readonly facts: RoundFacts; readonly state: State };

/**
 * Trains a round from where the checkpoint has it, saving each segment, and stops after fewer of them where the extent says
 * so; undefined when the run went on without it.
 * @throws FAULT when a value stops being finite; STATE_UNAVAILABLE, DISK_FULL (retryable)
 */
export async function train(
  options: TrainingOptions,
  work: Work,
  extent: Extent,
  signal: AbortSignal,
): Promise<Finished | undefined> {
  const { model, pace, log } = options;
  const { recipe } = model;
  const started = performance.now();
  let point = (await resume(options, work, extent.most)) ?? (await begin(options, work, signal));
  const resumedAt = stepsIn(recipe, point.facts.segmentRoots.length);
  const { round, parent, lineage } = work;
  const fields = { round, parent, lineage, resumedAt, steps: recipe.round.steps };
  log.info({ event: 'train', ...fields }, 'training');
  const losses: number[] = [];
  let segments = point.facts.segmentRoots.length;
  for (; ; segments += 1) {
    const now = await options.look(round);
    if (now === undefined) return undefined;
    const planned = pace.plan(extent, now.time, segments);
    log.debug({ event: 'plan', round, segments, planned });
    if (planned === segments) break;
    point = await trainSegment(options, work, point, losses, signal);
  }
  const loss = point.state.tensors.get('loss')![0]!;
  const finished = await conclude(options, work, point, signal);
  const meanLoss = losses.length === 0 ? loss : losses.reduce((sum, value) => sum + value, 0) / losses.length;
  const ms = Math.round(performance.now() - started);
  const tokens = tokensPerSegment(recipe) * segments;
  const { payloadRoot } = finished;
  log.info({ event: 'trained', round, loss, meanLoss, payloadRoot, segments, tokens, ms }, 'trained');
  return finished;
}

async function resume({ files, model }: TrainingOptions, work: Work, most: number): Promise<Point | undefined> {
  const saved = await files.latest(work, most);
  return saved && { facts: saved.facts, state: createState(model.trainingLayout, saved.state) };
}

/** The start of the round on disk; of earlier rounds, what a dispute may still need is kept. */
async function begin(options: TrainingOptions, work: Work, signal: AbortSignal): Promise<Point> {
  const { model, files, blobs } = options;
  const local = await localState(options, work.lineage, signal);
  const state = startState(model.recipe, await globalState(options, work.parent), local);
  const facts: RoundFacts = { ...work, startRoot: await model.rootOf(state), segmentRoots: [] };
  await files.save(facts, state.bytes);
  for (const root of await files.retire(work.round, Math.min(work.round, options.oldestOpen())))
    await blobs.remove(root);
  return { facts, state };
}

/** The state at the end of a lineage's last round: from disk, or trained again when that is lost. */
async function localState(
  options: TrainingOptions,
  lineage: readonly number[],
  signal: AbortSignal,
): Promise<State | undefined> {
  const round = lineage.at(-1);
  if (round === undefined) return undefined;
  const before = lineage.slice(0, -1);
  const work = await options.workOf(round, before);
  const segments = await options.segmentsOf(round);
  const saved = await resume(options, work, segments);
  if (saved?.facts.segmentRoots.length === segments) return saved.state;

  options.log.warn({ round }, 'the local state of a settled round is lost: training it again');
  const { recipe, trainingLayout } = options.model;
  const start = startState(recipe, await globalState(options, work.parent), await localState(options, before, signal));
  const span = { seed: work.seed, participant: work.owner, first: 0, end: stepsIn(recipe, segments) };
  const end = await takeSteps({ recipe, ...options }, start, span, signal);
  return createState(trainingLayout, end.bytes);
}

/**
 * The error feedback that a lineage's last round ended in: from disk, or computed again when that is lost. Undefined where
 * there is none: without error feedback, and where a round starts from zero.
 */
export async function feedbackOf(
  options: TrainingOptions,
  lineage: readonly number[],
  signal: AbortSignal,
): Promise<{ readonly root: Hash; readonly state: State } | undefined> {
  const { model, files, log } = options;
  const round = lineage.at(-1);
  const layout = feedbackLayout(model.recipe);
  if (round === undefined || layout === undefined) return undefined;
  const work = await options.workOf(round, lineage.slice(0, -1));
  const saved = await files.feedback(work);
  if (saved !== undefined) return { root: saved.facts.feedback, state: createState(layout, saved.state) };

  log.warn({ round }, 'the error feedback of a settled round is lost: computing it again');
  const payload = await payloadOf(options, work, (await localState(options, lineage, signal))!, signal);
  const { feedback } = partsOfPayload(model.recipe, payload);
  const root = await model.rootOf(feedback!);
  await files.saveFeedback(work, root, feedback!.bytes);
  return { root, state: feedback! };
}

/** The whole payload of a round that ended in `end`. */
async function payloadOf(options: TrainingOptions, work: Work, end: State, signal: AbortSignal): Promise<State> {
  const { recipe, executor } = options.model;
  // A copy: the trainer may have to step again for what is lost.
  const parameters = parametersState(recipe, end);
  const start = await globalState(options, work.parent);
  const before = createState(payloadLayout(recipe));
  const feedback = await feedbackOf(options, work.lineage, signal);
  if (feedback !== undefined) copyTensors(feedback.state, before);
  return pseudoGradient(recipe, start, parameters, executor, before);
}

export async function globalState({ states }: Pick<TrainingOptions, 'states'>, root: Hash): Promise<State> {
  const state = await states.get(root);
  if (state !== undefined) return state;
  throw new SwarmlockError(`nobody serves the global state ${root}`, {
    code: 'STATE_UNAVAILABLE',
    argument: 'blobs',
    hint: 'Check that the blob store is the one that the other members use.',
    retryable: true,
  });
}

async function trainSegment(
  options: TrainingOptions,
  work: Work,
  point: Point,
  losses: number[],
  signal: AbortSignal,
): Promise<Point> {
  const { model, files, log } = options;
  const { recipe } = model;
  const { round, seed, owner: participant } = work;
  const segment = point.facts.segmentRoots.length;
  const onStep = (step: number, loss: number): void => {
    losses.push(loss);
    log.info({ event: 'step', round, step: step + 1, steps: recipe.round.steps, loss });
  };
  const span = { seed, participant, ...segmentSpan(recipe, segment) };
  const started = performance.now();
  const state = await takeSteps({ recipe, ...options, onStep }, point.state, span, signal);
  const trained = performance.now();
  const segmentRoot = await model.rootOf(state);
  const hashed = performance.now();
  const facts = { ...point.facts, segmentRoots: [...point.facts.segmentRoots, segmentRoot] };
  await files.save(facts, state.bytes);
  options.pace.note((performance.now() - started) / 1_000);
  const times = { hashMs: Math.round(hashed - trained), saveMs: Math.round(performance.now() - hashed) };
  log.info({ event: 'segment', round, segment, segmentRoot, step: span.end, ...times }, 'segment saved');
  return { facts, state };
}

async function conclude(
  options: TrainingOptions,
  work: Work,
  { facts, state }: Point,
  signal: AbortSignal,
): Promise<Finished> {
  const { model, files } = options;
  const whole = await payloadOf(options, work, state, signal);
  const { feedback } = partsOfPayload(model.recipe, whole);
  const published = await publishedOf(model, whole);
  if (feedback !== undefined) await files.saveFeedback(work, published.feedback!, feedback.bytes);
  return { facts, payloadRoot: await model.rootOf(whole), payload: encodePublished(model.recipe, published) };
}
