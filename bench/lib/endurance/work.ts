import type { Address } from 'viem';

import type { Deceit } from '../../../cli/cheat/run-cheat.ts';
import type { Hash } from '../../../engine/commit/hash.ts';
import { encodePublished, partsOfPayload } from '../../../engine/compress/published.ts';
import type { Dataset } from '../../../engine/data/dataset.ts';
import { createState, type State } from '../../../engine/graph/state.ts';
import { createExecutor, type Executor, type ExecutorOptions } from '../../../engine/onnx/executor.ts';
import { payloadLayout, payloadProgram } from '../../../engine/programs.ts';
import { copyTensors, parametersState, startState, type Trainer } from '../../../engine/training.ts';
import type { Recipe } from '../../../engine/recipe.ts';
import type { Commitment } from '../../../sdk/round.ts';
import { roundOfEpoch } from '../../../sdk/run.ts';
import { modelOf, type Model } from '../../../workers/lib/model.ts';
import { publishedOf } from '../../../workers/lib/payloads.ts';
import { programsOf } from '../../../workers/lib/programs.ts';
import { segmentSpan, takeSteps } from '../../../workers/lib/steps.ts';

/** What all miners of a run work with. */
export type Tools = {
  readonly model: Model;
  readonly dataset: Dataset;
  /** Of the payload program, where there is error feedback. */
  readonly compressor: Executor;
  close(): Promise<void>;
};

/** @param members at most, in a round */
export async function openTools(
  recipe: Recipe,
  dataset: Dataset,
  members: number,
  executor: ExecutorOptions,
): Promise<Tools> {
  const model = modelOf(recipe, programsOf(recipe, members), executor);
  const compressor = await createExecutor(payloadProgram(recipe), executor);
  const close = async () => void (await Promise.all([compressor.close(), model.close()]));
  return { model, dataset, compressor, close };
}

/** A round that is open. */
export type OpenRound = {
  /** From 1. */
  readonly number: number;
  readonly seed: Hash;
  /** The global state that all start from, and its root. */
  readonly global: State;
  readonly parent: Hash;
};

/** What a member commits to in a round. */
export type Work = {
  readonly commitment: Commitment;
  /** The state at its start and after each segment. */
  readonly points: readonly State[];
  /** With the error feedback that the next round goes on from. */
  readonly payload: State;
  /** What it serves to those who ask, by root. */
  readonly served: ReadonlyMap<Hash, Uint8Array>;
};

/** How a member works that is not honest. */
export type Cheating = {
  readonly deceit: Deceit;
  /** Whether it cheats in this round. */
  readonly now: boolean;
  /** What other members have done. */
  readonly others: readonly Work[];
};

/** What a member has committed to in the round before, and whether it was accepted and stands. */
export type Earlier = { readonly work: Work; readonly stands: boolean };

/** The work whose local state a member goes on from; undefined when it starts from zero. */
export function lineageOf({ number }: OpenRound, earlier: Earlier | undefined, { round }: Recipe): Work | undefined {
  const isNewEpoch = roundOfEpoch(number, { epochRounds: round.epoch }) === 0;
  return earlier?.stands === true && !isNewEpoch ? earlier.work : undefined;
}

const { signal } = new AbortController();

/** Trains a round as a miner does. @throws FAULT */
export async function workOn(
  tools: Tools,
  trainer: Trainer,
  round: OpenRound,
  owner: Address,
  earlier: Earlier | undefined,
  cheating?: Cheating,
): Promise<Work> {
  const deceit = cheating?.now === true ? cheating.deceit : {};
  if (deceit.copies && cheating!.others.length > 0) return cheating!.others[0]!;
  const { model, compressor } = tools;
  const { recipe } = model;
  const before = lineageOf(round, earlier, recipe);
  const points = await pointsOf(tools, poisoned(trainer, deceit), round, owner, before);
  const end = points.at(-1)!;
  const said = cheating && (await endSaid(tools, round, end, cheating));
  if (said !== undefined && cheating!.now) copyTensors(said, end);
  const feedback = before?.payload ?? createState(payloadLayout(recipe));
  const payload = createState(payloadLayout(recipe));
  await compressor.run([round.global, parametersState(recipe, end), feedback], payload);
  deceit.payload?.(payload);
  const work = await committed(model, round, points, payload);
  return deceit.withholds ? { ...work, served: new Map() } : work;
}

/** Whether what others need of a work to aggregate is there. */
export function isAvailable({ commitment, served }: Work): boolean {
  return served.has(commitment.payloadRoot);
}

async function pointsOf(
  { model, dataset }: Tools,
  trainer: Trainer,
  { seed, global }: OpenRound,
  owner: Address,
  before: Work | undefined,
): Promise<readonly State[]> {
  const { recipe, trainingLayout } = model;
  const points = [startState(recipe, global, before?.points.at(-1))];
  for (let segment = 0; segment < recipe.round.segments; segment += 1) {
    const span = { seed, participant: owner, ...segmentSpan(recipe, segment) };
    const { bytes } = await takeSteps({ recipe, dataset, trainer }, points.at(-1)!, span, signal);
    points.push(createState(trainingLayout, bytes));
  }
  return points;
}

function poisoned(honest: Trainer, { batch }: Deceit): Trainer {
  if (batch === undefined) return honest;
  return { ...honest, step: (state, rows) => honest.step(state, batch(Uint32Array.from(rows))) };
}

/** Asked for in every round, so that a cheat can remember. Whoever else it names, it sees those who are there. */
function endSaid(
  { model: { recipe } }: Tools,
  { number, global }: OpenRound,
  end: State,
  { deceit, others }: Cheating,
): State | Promise<State> | undefined {
  const ends = others.map(({ points }) => parametersState(recipe, points.at(-1)!));
  const endsOf = async (named: readonly Address[]) => named.map((_, i) => ends[i % ends.length] ?? global);
  return deceit.end?.({ round: number, start: global, end: parametersState(recipe, end), endsOf });
}

async function committed(model: Model, { parent }: OpenRound, points: readonly State[], payload: State): Promise<Work> {
  const { recipe, rootOf } = model;
  const [startRoot, ...segmentRoots] = await Promise.all(points.map(rootOf));
  const payloadRoot = await rootOf(payload);
  const published = await publishedOf(model, payload);
  const encoded = encodePublished(recipe, published);
  const commitment = {
    parent,
    startRoot: startRoot!,
    segmentRoots,
    payloadRoot,
    payloadBytes: BigInt(encoded.length),
  };
  const served = new Map<Hash, Uint8Array>([[payloadRoot, encoded]]);
  [startRoot!, ...segmentRoots].forEach((root, i) => served.set(root, points[i]!.bytes));
  served.set(published.feedback!, partsOfPayload(recipe, payload).feedback!.bytes);
  return { commitment, points, payload, served };
}
