import { createHash } from 'node:crypto';
import type { Hash } from '../../engine/commit/hash.ts';
import { loadBatch, type Batch } from '../../engine/data/batch.ts';
import type { Dataset } from '../../engine/data/dataset.ts';
import { encodePayload } from '../../engine/compress/wire.ts';
import { createState, type State } from '../../engine/graph/state.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import { checkFinite, createExecutor, type Executor, type ExecutorOptions } from '../../engine/onnx/executor.ts';
import { aggregateProgram, payloadProgram } from '../../engine/programs.ts';
import { tokensPerRound, type Recipe } from '../../engine/recipe.ts';
import { createTrainer, parametersState, startState, type Trainer } from '../../engine/training.ts';

/** What an attack sees of a round: it knows all that anybody does. */
export type RoundEnds = {
  /** From 0. */
  readonly round: number;
  /** The global state that everybody started from. */
  readonly start: State;
  /** The global state after each member's inner steps, as an honest member has it. */
  readonly ends: readonly State[];
};

export type SwarmOptions = {
  readonly recipe: Recipe;
  readonly dataset: Dataset;
  readonly miners: number;
  /** Of the batches. */
  readonly seed: Hash;
  readonly executor: ExecutorOptions;
  /** Another batch than the rules give to a member, such as one with wrong labels. */
  readonly batch?: (honest: Batch, member: number) => Batch;
  /** Whether a member takes its steps; without them it ends where it started. By default all do. */
  readonly trains?: (member: number) => boolean;
  /** What members say that their inner steps led to; it is compressed and aggregated as if it were true. */
  readonly attack?: (round: RoundEnds) => readonly State[];
};

/** A run in one process: the real programs, without a chain. */
export type Swarm = {
  readonly global: State;
  readonly rounds: number;
  /** That all members together have trained on. */
  readonly tokens: number;
  /** Plays a round. Gives the bytes that a member publishes, on average. @throws FAULT, PAYLOAD_INVALID */
  play(): Promise<{ bytes: number }>;
  close(): Promise<void>;
};

type Member = {
  readonly trainer: Trainer;
  readonly participant: `0x${string}`;
  local?: State | undefined;
  payload?: State | undefined;
};

/** A swarm before its first round. Members take their steps at the same time, each on `threads` threads. */
export async function createSwarm(options: SwarmOptions): Promise<Swarm> {
  const { recipe, executor, miners } = options;
  const members: readonly Member[] = await Promise.all(
    Array.from({ length: miners }, async (_, member) => ({
      trainer: await createTrainer(recipe, { ...executor, unwanted: ['loss'] }),
      participant: `0x${(member + 1).toString(16).padStart(40, '0')}` as const,
    })),
  );
  const compressor = await createExecutor(payloadProgram(recipe), executor);
  const aggregator = await createExecutor(aggregateProgram(recipe, miners), executor);
  let global = initialParameters(recipe);
  let rounds = 0;
  return {
    get global() {
      return global;
    },
    get rounds() {
      return rounds;
    },
    get tokens() {
      return rounds * miners * tokensPerRound(recipe);
    },
    async play() {
      if (rounds % recipe.round.epoch === 0) for (const member of members) forget(member);
      const honest = await Promise.all(members.map((_, i) => innerSteps(options, members, i, global, rounds)));
      const ends = options.attack?.({ round: rounds, start: global, ends: honest }) ?? honest;
      for (const [i, member] of members.entries())
        member.payload = await compress(compressor, global, ends[i]!, member);
      const payloads = members.map(({ payload }) => payload!);
      global = await computed(aggregator, [global, ...payloads]);
      checkFinite(global);
      rounds++;
      const sizes = payloads.map((payload) => encodePayload(recipe, payload).length);
      return { bytes: sizes.reduce((a, b) => a + b, 0) / miners };
    },
    async close() {
      await Promise.all([...members.map(({ trainer }) => trainer.close()), compressor.close(), aggregator.close()]);
    },
  };
}

function forget(member: Member): void {
  member.local = undefined;
  member.payload = undefined;
}

/** A member's H steps from the global state; gives the global state that it ends with. */
async function innerSteps(
  options: SwarmOptions,
  members: readonly Member[],
  index: number,
  global: State,
  round: number,
): Promise<State> {
  if (options.trains?.(index) === false) return global;
  const { recipe, dataset, seed, batch: poison } = options;
  const member = members[index]!;
  const { batch: rows, model } = recipe;
  const roundSeed: Hash = `0x${createHash('sha256').update(`${seed} ${round}`).digest('hex')}`;
  let state = startState(recipe, global, member.local);
  for (let step = 0; step < recipe.round.steps; step++) {
    const { participant } = member;
    const batch = loadBatch(dataset, { seed: roundSeed, participant, step, rows, context: model.context });
    state = await member.trainer.step(state, poison?.(batch, index) ?? batch);
  }
  member.local = state;
  return parametersState(recipe, state);
}

/** The payload, from the one before it where there is error feedback. */
async function compress(compressor: Executor, start: State, end: State, { payload }: Member): Promise<State> {
  const { inputs, output } = compressor.program;
  const before = payload ?? createState(output);
  return computed(compressor, inputs.length === 3 ? [start, end, before] : [start, end]);
}

async function computed(executor: Executor, inputs: readonly State[]): Promise<State> {
  const output = createState(executor.program.output);
  await executor.run(inputs, output);
  return output;
}
