import type { Hash } from '../../engine/commit/hash.ts';
import type { Dataset } from '../../engine/data/dataset.ts';
import { SwarmlockError } from '../../engine/errors.ts';
import { createState, type State } from '../../engine/graph/state.ts';
import { tokensPerRound } from '../../engine/recipe.ts';
import { parametersState, pseudoGradient, startState, type Trainer } from '../../engine/training.ts';
import type { BlobStore } from '../lib/blobs.ts';
import type { GlobalStates } from '../lib/global-states.ts';
import type { Log } from '../lib/log.ts';
import type { Model } from '../lib/model.ts';
import { segmentSpan, takeSteps } from '../lib/steps.ts';
import type { RoundFacts, RoundFiles, Work } from './round-files.ts';

/** A round that is trained: what there is to commit, and what to publish. */
export type Finished = { readonly facts: RoundFacts; readonly payloadRoot: Hash; readonly payload: State };

export type TrainingOptions = {
  readonly model: Model;
  readonly dataset: Dataset;
  readonly trainer: Trainer;
  readonly states: GlobalStates;
  readonly files: RoundFiles;
  readonly blobs: BlobStore;
  readonly log: Log;
  /** The work of an earlier round of the same miner, by its number. */
  workOf(round: number, lineage: readonly number[]): Promise<Work>;
  /** Whether a round is still the current one. */
  isCurrent(round: number): Promise<boolean>;
  /** The first round whose claim can still be disputed: the current one when there is none before it. */
  oldestOpen(): number;
};

type Point = { readonly facts: RoundFacts; readonly state: State };

/**
 * Trains a round from where the checkpoint has it, saving each segment; undefined when the run went on without it.
 * @throws FAULT when a value stops being finite; STATE_UNAVAILABLE, DISK_FULL (retryable)
 */
export async function train(options: TrainingOptions, work: Work, signal: AbortSignal): Promise<Finished | undefined> {
  const { model, log } = options;
  const { steps, segments } = model.recipe.round;
  const started = performance.now();
  let point = (await resume(options, work)) ?? (await begin(options, work, signal));
  const resumedAt = (steps / segments) * point.facts.segmentRoots.length;
  const { round, parent, lineage } = work;
  log.info({ event: 'train', round, parent, lineage, resumedAt, steps }, 'training');
  const losses: number[] = [];
  while (point.facts.segmentRoots.length < segments) {
    point = await trainSegment(options, work, point, losses, signal);
    if (!(await options.isCurrent(round))) return undefined;
  }
  const finished = await conclude(options, work, point);
  const loss = point.state.tensors.get('loss')![0]!;
  const meanLoss = losses.length === 0 ? loss : losses.reduce((sum, value) => sum + value, 0) / losses.length;
  const ms = Math.round(performance.now() - started);
  const fields = { round, loss, meanLoss, payloadRoot: finished.payloadRoot, tokens: tokensPerRound(model.recipe), ms };
  log.info({ event: 'trained', ...fields }, 'trained');
  return finished;
}

async function resume({ files, model }: TrainingOptions, work: Work): Promise<Point | undefined> {
  const saved = await files.latest(work, model.recipe.round.segments);
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
  const saved = await resume(options, work);
  if (saved?.facts.segmentRoots.length === options.model.recipe.round.segments) return saved.state;

  options.log.warn({ round }, 'the local state of a settled round is lost: training it again');
  const { recipe, trainingLayout } = options.model;
  const start = startState(recipe, await globalState(options, work.parent), await localState(options, before, signal));
  const span = { seed: work.seed, participant: work.owner, first: 0, end: recipe.round.steps };
  const end = await takeSteps({ recipe, ...options }, start, span, signal);
  return createState(trainingLayout, end.bytes);
}

async function globalState({ states }: TrainingOptions, root: Hash): Promise<State> {
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
  const state = await takeSteps({ recipe, ...options, onStep }, point.state, span, signal);
  const trained = performance.now();
  const segmentRoot = await model.rootOf(state);
  const hashed = performance.now();
  const facts = { ...point.facts, segmentRoots: [...point.facts.segmentRoots, segmentRoot] };
  await files.save(facts, state.bytes);
  const times = { hashMs: Math.round(hashed - trained), saveMs: Math.round(performance.now() - hashed) };
  log.info({ event: 'segment', round, segment, segmentRoot, step: span.end, ...times }, 'segment saved');
  return { facts, state };
}

async function conclude(options: TrainingOptions, { parent }: Work, { facts, state }: Point): Promise<Finished> {
  const { recipe, executor, rootOf } = options.model;
  const start = await globalState(options, parent);
  const payload = await pseudoGradient(recipe, start, parametersState(recipe, state), executor);
  return { facts, payload, payloadRoot: await rootOf(payload) };
}
