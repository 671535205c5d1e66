import { zeroHash, type Address } from 'viem';

import type { Hash } from '../../../engine/commit/hash.ts';
import { stateRoot } from '../../../engine/commit/reference.ts';
import { mostPublished } from '../../../engine/compress/published.ts';
import { loadBatch } from '../../../engine/data/batch.ts';
import type { Dataset } from '../../../engine/data/dataset.ts';
import type { Program } from '../../../engine/graph/program.ts';
import { createState, slotsOf, type State } from '../../../engine/graph/state.ts';
import { globalLayout, payloadProgram, trainingLayout, trainingProgram } from '../../../engine/programs.ts';
import type { Recipe } from '../../../engine/recipe.ts';
import type { Source } from '../../../sdk/game-moves.ts';
import type { Commitment } from '../../../sdk/round.ts';
import { execute, outputRoot, outputState, type Execution } from './execution.ts';

/** Whose round it is, and from which state it starts. */
export type RoundOf = {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly seed: Hash;
  readonly participant: Address;
  /** The global state. */
  readonly parent: State;
  /** The state in which the miner ended the round before; zeros without one. */
  readonly local?: State;
  /** The miner's payload of the round before, with the claim that binds it; a payload of zeros without one. */
  readonly before?: { readonly payload: State; readonly source: Source };
};

/** Where a miner that is not honest departs from what it should do. All else it computes from what it has then. */
export type Deviations = {
  readonly program?: Program;
  readonly start?: (honest: State) => State;
  readonly batch?: (step: number, honest: Uint32Array) => Uint32Array;
  /** Replaces an inner step. */
  readonly step?: (step: number, honest: Execution) => Execution;
  readonly payload?: (honest: Execution) => Execution;
  /** Replaces roots that are claimed. */
  readonly commitment?: (honest: Commitment) => Commitment;
};

/** A miner's round as it says that it went. */
export type MinerRound = RoundOf & {
  readonly steps: readonly Execution[];
  /** After that many steps; the first is the start. */
  readonly states: readonly State[];
  readonly roots: readonly Hash[];
  readonly payload: Execution;
  readonly commitment: Commitment;
};

const programs = new WeakMap<Recipe, { readonly training: Program; readonly payload: Program }>();

/** Programs of a recipe, built once, so that what is derived from them is, too. */
export function programsOf(recipe: Recipe) {
  let known = programs.get(recipe);
  if (known === undefined) {
    known = { training: trainingProgram(recipe), payload: payloadProgram(recipe) };
    programs.set(recipe, known);
  }
  return known;
}

/** Plays a round through, step by step. */
export function playRound(of: RoundOf, deviations: Deviations = {}): MinerRound {
  const { recipe, parent, local, before } = of;
  const program = deviations.program ?? programsOf(recipe).training;
  const honestStart = startOf(recipe, parent, local);
  const start = deviations.start?.(honestStart) ?? honestStart;
  const steps: Execution[] = [];
  const states = [start];
  const roots = [stateRoot(start)];
  for (let step = 0; step < recipe.round.steps; step += 1) {
    const batch = batchOf(of, step);
    const honest = execute(program, [states[step]!], deviations.batch?.(step, batch) ?? batch);
    const done = deviations.step?.(step, honest) ?? honest;
    steps.push(done);
    const state = outputState(done);
    states.push(state);
    roots.push(done.faultAt === undefined ? outputRoot(done) : stateRoot(state));
  }
  const inputs = payloadInputs(recipe, parent, states.at(-1)!, before?.payload);
  const honest = execute(programsOf(recipe).payload, inputs);
  const payload = deviations.payload?.(honest) ?? honest;
  const claimed = commitmentOf(recipe, stateRoot(parent), roots, payload);
  const commitment = deviations.commitment?.(claimed) ?? claimed;
  return { ...of, steps, states, roots, payload, commitment };
}

/**
 * The same round with one step replaced; honest work before it is not done again. A lie that leaves no trace in what is
 * claimed is none.
 */
export function deviate(honest: MinerRound, at: number, step: (honest: Execution) => Execution): MinerRound {
  const round = playRound(honest, {
    step: (number, own) => (number < at ? honest.steps[number]! : number === at ? step(own) : own),
  });
  const isSeen = round.commitment.segmentRoots.some(
    (root, segment) => root !== honest.commitment.segmentRoots[segment],
  );
  if (!isSeen) throw new RangeError('every segment ends as it should');
  return round;
}

/** The tokens that the rules give for a step. */
export function batchOf({ recipe, dataset, seed, participant }: RoundOf, step: number): Uint32Array {
  const { batch: rows, model } = recipe;
  return loadBatch(dataset, { seed, participant, step, rows, context: model.context });
}

/** The parameters of a training state. */
export function parametersOf(recipe: Recipe, state: State): State {
  return copy(state, createState(globalLayout(recipe)));
}

/** What a payload is made of: the state before, that after, and with error feedback the payload before: zeros by default. */
export function payloadInputs(recipe: Recipe, parent: State, end: State, before?: State): readonly State[] {
  const { inputs } = programsOf(recipe).payload;
  const after = parametersOf(recipe, end);
  return [parent, after, ...inputs.slice(2).map((layout) => before ?? createState(layout))];
}

function startOf(recipe: Recipe, parent: State, local?: State): State {
  const state = createState(trainingLayout(recipe));
  if (local !== undefined) copy(local, state);
  return copy(parent, state);
}

function copy(from: State, into: State): State {
  for (const { name } of slotsOf(into.layout)) {
    const source = from.tensors.get(name);
    if (source !== undefined) into.tensors.get(name)!.set(source);
  }
  return into;
}

function commitmentOf(recipe: Recipe, parent: Hash, roots: readonly Hash[], payload: Execution): Commitment {
  const { steps, segments } = recipe.round;
  const ends = Array.from({ length: segments }, (_, segment) => ((segment + 1) * steps) / segments);
  return {
    parent,
    startRoot: roots[0] ?? zeroHash,
    segmentRoots: ends.map((end) => roots[end]!),
    payloadRoot: outputRoot(payload),
    payloadBytes: BigInt(mostPublished(recipe)),
  };
}
