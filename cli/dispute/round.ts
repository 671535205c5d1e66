import type { Hash } from '../../engine/commit/hash.ts';
import { loadBatch } from '../../engine/data/batch.ts';
import { createState, stateBytes, type State } from '../../engine/graph/state.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import { trainingProgram } from '../../engine/programs.ts';
import type { Program } from '../../engine/graph/program.ts';
import type { Tensor } from '../../engine/graph/types.ts';
import { createTracer, type Trace } from '../../engine/trace.ts';
import { createTrainer, parametersState, pseudoGradient, startState } from '../../engine/training.ts';
import type { Commitment } from '../../sdk/round.ts';
import { testimony } from '../../workers/lib/game/honest-witness.ts';
import type { Testimony, Witness } from '../../workers/lib/game/witness.ts';
import type { Arena } from './arena.ts';

/** A miner's round, honest up to its last step, at which it changes something in the state. */
export type FalseRound = {
  readonly program: Program;
  readonly commitment: Commitment;
  /** What the last step gives by the rules. */
  readonly truth: Testimony;
  /** Who says the truth: what every honest challenger can compute. */
  readonly honest: Witness;
  close(): Promise<void>;
};

/** Trains the round, and claims it with an end that `spoil` has changed. */
export async function playFalsely(arena: Arena, spoil: (end: State) => void): Promise<FalseRound> {
  const { recipe, hasher, genesisRoot } = arena;
  const executor = { kernel: await chooseKernel() };
  const parameters = initialParameters(recipe);
  const trainer = await createTrainer(recipe, executor);
  let state = startState(recipe, parameters);
  const roots = [await hasher.stateRoot(state)];
  const last = recipe.round.steps - 1;
  for (let step = 0; step < last; step += 1) {
    state = await trainer.step(state, batchOf(arena, step));
    roots.push(await hasher.stateRoot(state));
  }
  const before = createState(state.layout, state.bytes.slice());
  const end = await trainer.step(before, batchOf(arena, last));
  await trainer.close();
  spoil(end);
  roots.push(await hasher.stateRoot(end));
  const payload = await pseudoGradient(recipe, parameters, parametersState(recipe, end), executor);

  const program = trainingProgram(recipe);
  const tracer = await createTracer(program, executor);
  const trace = remembered(await tracer.trace([before], batchOf(arena, last)));
  const { dataset, seed, miner: participant } = arena;
  const truth = testimony(trace, last, { inputs: [before], dataset, batch: { seed, participant, step: last } });
  const { segments, steps } = recipe.round;
  const commitment = {
    parent: genesisRoot,
    startRoot: roots[0]!,
    segmentRoots: Array.from({ length: segments }, (_, i) => roots[((i + 1) * steps) / segments]!),
    payloadRoot: await hasher.stateRoot(payload),
    payloadBytes: BigInt(stateBytes(payload.layout)),
  };
  return { program, commitment, truth, honest: witnessOf(roots, truth), close: () => tracer.close() };
}

function batchOf({ recipe, dataset, seed, miner: participant }: Arena, step: number): Uint32Array {
  return loadBatch(dataset, { seed, participant, step, rows: recipe.batch, context: recipe.model.context });
}

/** Values are computed once: several games are about the same trace. */
function remembered(trace: Trace): Trace {
  const tensors = new Map<number, Promise<Tensor>>();
  const operands = new Map<number, Promise<Tensor[]>>();
  const once =
    <T>(known: Map<number, Promise<T>>, compute: (node: number) => Promise<T>) =>
    (node: number) => {
      const value = known.get(node) ?? compute(node);
      known.set(node, value);
      return value;
    };
  return { ...trace, tensor: once(tensors, trace.tensor), operands: once(operands, trace.operands) };
}

/** The marks of a cheat that is honest up to its last step are those of everybody. */
function witnessOf(roots: readonly Hash[], truth: Testimony): Witness {
  return {
    start: () => Promise.reject(new RangeError('nobody disputes the start')),
    roots: async (steps) => new Map(steps.map((step) => [step, roots[step]!])),
    testify: async () => truth,
  };
}
