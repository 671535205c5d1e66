import { hexToBytes, type Address } from 'viem';

import type { Hash } from '../../../engine/commit/hash.ts';
import type { Dataset } from '../../../engine/data/dataset.ts';
import { SwarmlockError } from '../../../engine/errors.ts';
import { createState, type State } from '../../../engine/graph/state.ts';
import { initialParameters } from '../../../engine/nn/initial.ts';
import { startState, type Trainer } from '../../../engine/training.ts';
import type { Recipe } from '../../../engine/recipe.ts';
import type { GlobalStates } from '../global-states.ts';
import type { Log } from '../log.ts';
import type { Model } from '../model.ts';
import { stepsIn, takeSteps } from '../steps.ts';
import type { Library } from './library.ts';
import { globalState, unavailable } from './settled.ts';
import type { Before, Work, Works } from './work.ts';

export type ReplayOptions = {
  readonly model: Model;
  /** Without it, only what is served can be had. */
  readonly dataset: Dataset | undefined;
  /** Of this replay alone. */
  readonly trainer: () => Promise<Trainer>;
  readonly states: GlobalStates;
  readonly library: Library;
  readonly works: Works;
  readonly log: Log;
  /** Whose player it is. */
  readonly owner: Address;
};

/** A state in which a round may start. */
export type Start = { readonly state: State; readonly root: Hash; readonly before: Before | undefined };

/** Rebuilds what a miner has computed, from what it serves or, where it serves nothing, from public data alone. */
export type Replay = {
  /** The states in which a round may start; undefined when one of them cannot be known. */
  startsOf(work: Work, signal: AbortSignal): Promise<readonly Start[] | undefined>;
  /**
   * The state after `step` inner steps of a claimed round, from the claimed state before it that is nearest.
   * @throws STATE_UNAVAILABLE (retryable) when nobody serves that, and the rules give another one
   */
  stateAt(work: Work, step: number, signal: AbortSignal): Promise<State>;
  /** The state in which a claimed round ended. @throws STATE_UNAVAILABLE (retryable) */
  endOf(work: Work, signal: AbortSignal): Promise<State>;
  /**
   * Takes steps of a round; one caller after the other. Where a step has no result, it goes on from a state that nobody
   * else has.
   */
  advance(work: Work, state: State, first: number, end: number, signal: AbortSignal): Promise<State>;
};

export function createReplay(options: ReplayOptions): Replay {
  const { model, library, works, states } = options;
  const { recipe, trainingLayout } = model;
  let last: Promise<unknown> = Promise.resolve();
  /** The trainer's states are valid for a step or two: a second walk must not step in between. */
  const inTurn = <T>(walk: () => Promise<T>): Promise<T> => {
    const done = last.then(walk, walk);
    last = done.catch(() => undefined);
    return done;
  };
  const replay: Replay = {
    async startsOf(work, signal) {
      const parent = await globalState(states, work.commitment.parent);
      const before = await works.before(work);
      const starts: Start[] = [];
      const add = async (state: State, from: Before | undefined) => {
        starts.push({ state, root: await model.rootOf(state), before: from });
      };
      if (before === undefined || before.voided) await add(startState(recipe, parent), undefined);
      if (before !== undefined) {
        const end = await endOf(options, replay, before.work, signal);
        // A round that starts from nothing where it may can be judged without what it could have gone on from.
        if (end === undefined)
          return starts.some(({ root }) => root === work.commitment.startRoot) ? starts : undefined;
        await add(startState(recipe, parent, end), before);
      }
      return starts;
    },
    async stateAt(work, step, signal) {
      const { segmentRoots, startRoot } = work.commitment;
      const segment = Math.floor(step / stepsIn(recipe, 1));
      const first = stepsIn(recipe, segment);
      const root = segment === 0 ? startRoot : segmentRoots[segment - 1]!;
      const known = await library.get(work.round, trainingLayout, root);
      const base = known ?? (await rebuild(options, replay, work, { step: first, root }, signal));
      await library.keep(work.round, root, base);
      return replay.advance(work, base, first, step, signal);
    },
    endOf: (work, signal) => replay.stateAt(work, stepsIn(recipe, work.commitment.segmentRoots.length), signal),
    advance: (work, state, first, end, signal) => inTurn(() => advance(options, work, state, { first, end }, signal)),
  };
  return replay;
}

/** The state in which the seat's round before ended; undefined when it is neither served nor what the rules give. */
async function endOf(
  { model, library, log }: ReplayOptions,
  replay: Replay,
  work: Work,
  signal: AbortSignal,
): Promise<State | undefined> {
  const { segmentRoots } = work.commitment;
  const root = segmentRoots.at(-1)!;
  const known = await library.get(work.round, model.trainingLayout, root);
  if (known !== undefined) return known;
  const start = (await replay.startsOf(work, signal))?.find((one) => one.root === work.commitment.startRoot);
  if (start === undefined) return undefined;
  log.info({ event: 'rebuild', round: work.round, seat: work.seat }, 'rebuilding a round from public data');
  const end = await replay.advance(work, start.state, 0, stepsIn(model.recipe, segmentRoots.length), signal);
  if ((await model.rootOf(end)) !== root) return undefined;
  await library.keep(work.round, root, end);
  return end;
}

async function rebuild(
  { model, log }: ReplayOptions,
  replay: Replay,
  work: Work,
  wanted: { readonly step: number; readonly root: Hash },
  signal: AbortSignal,
): Promise<State> {
  const { round, seat } = work;
  const start = (await replay.startsOf(work, signal))?.find(({ root }) => root === work.commitment.startRoot);
  log.info({ event: 'rebuild', round, seat, step: wanted.step }, 'rebuilding a state from public data');
  const state = start && (await replay.advance(work, start.state, 0, wanted.step, signal));
  if (state !== undefined && (await model.rootOf(state)) === wanted.root) return state;
  throw unavailable(wanted.root);
}

async function advance(
  options: ReplayOptions,
  work: Work,
  start: State,
  { first, end }: { readonly first: number; readonly end: number },
  signal: AbortSignal,
): Promise<State> {
  const { model, dataset, owner } = options;
  const { recipe } = model;
  if (first >= end) return start;
  if (dataset === undefined) throw unavailable(await model.rootOf(start));
  const trainer = await options.trainer();
  let state = start;
  for (let step = first; step < end; step += 1) {
    const span = { seed: work.seed, participant: work.owner, first: step, end: step + 1 };
    state = await takeSteps({ recipe, dataset, trainer }, state, span, signal).catch(unlessFault(recipe, owner));
  }
  return createState(model.trainingLayout, state.bytes);
}

/**
 * What a challenger goes on from where a step has no result: a state that it has, from which steps can be taken, and that
 * the author of a claim cannot have gone on from in its place.
 */
function unlessFault(recipe: Recipe, owner: Address): (error: unknown) => State {
  return (error) => {
    if (!(error instanceof SwarmlockError) || error.code !== 'FAULT') throw error;
    const state = startState(recipe, initialParameters(recipe));
    const [first] = state.tensors.values();
    hexToBytes(owner).forEach((byte, i) => (first![i] = byte / 2 ** 12));
    return state;
  };
}
