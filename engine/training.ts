import { createState, slotsOf, type State } from './graph/state.ts';
import { createExecutor, type Executor, type ExecutorOptions } from './onnx/executor.ts';
import {
  aggregateProgram,
  evaluationProgram,
  globalLayout,
  logitsProgram,
  payloadLayout,
  payloadProgram,
  trainingLayout,
  trainingProgram,
} from './programs.ts';
import type { Recipe } from './recipe.ts';

/** Copies equally named tensors from one state into another. */
export function copyTensors(from: State, into: State): void {
  for (const { name } of slotsOf(into.layout)) {
    const source = from.tensors.get(name);
    if (source !== undefined) into.tensors.get(name)!.set(source);
  }
}

/** A training state with the given global state, and the rest from a local state, or zero without one. */
export function startState(recipe: Recipe, parameters: State, local?: State): State {
  const state = createState(trainingLayout(recipe));
  if (local !== undefined) copyTensors(local, state);
  copyTensors(parameters, state);
  return state;
}

/** The global state of a training state: its parameters, and what the outer optimiser keeps. */
export function parametersState(recipe: Recipe, state: State): State {
  const parameters = createState(globalLayout(recipe));
  copyTensors(state, parameters);
  return parameters;
}

/** Takes inner steps. Two states take turns, so nothing is allocated after the first step. */
export type Trainer = {
  /** One step from `state` on a batch [rows, context + 1]; the result is valid until the step after the next one. */
  step(state: State, batch: Uint32Array): Promise<State>;
  close(): Promise<void>;
};

/** Loads the training program. The states handed to `step` are only read. */
export async function createTrainer(recipe: Recipe, options: ExecutorOptions): Promise<Trainer> {
  const executor = await createExecutor(trainingProgram(recipe), options);
  const buffers = [createState(executor.program.output), createState(executor.program.output)] as const;
  return {
    async step(state, batch) {
      const output = state === buffers[0] ? buffers[1] : buffers[0];
      await executor.run([state], output, batch);
      return output;
    },
    close: () => executor.close(),
  };
}

async function once(executor: Executor, inputs: readonly State[]): Promise<State> {
  try {
    const output = createState(executor.program.output);
    await executor.run(inputs, output);
    return output;
  } finally {
    await executor.close();
  }
}

/**
 * What a miner sends of its pseudo-gradient, the parameters before its round minus those after. `before` is its payload of the
 * round before, zeros where there is none; without compression nothing reads it.
 */
export async function pseudoGradient(
  recipe: Recipe,
  start: State,
  end: State,
  options: ExecutorOptions,
  before: State = createState(payloadLayout(recipe)),
): Promise<State> {
  const inputs = recipe.compression.name === 'none' ? [start, end] : [start, end, before];
  return once(await createExecutor(payloadProgram(recipe), options), inputs);
}

/** The next global state, from the present one and the accepted pseudo-gradients in ascending member index. */
export async function aggregate(
  recipe: Recipe,
  parameters: State,
  payloads: readonly State[],
  options: ExecutorOptions,
): Promise<State> {
  return once(await createExecutor(aggregateProgram(recipe, payloads.length), options), [parameters, ...payloads]);
}

/** The mean loss in nats of parameters over batches of `rows` sequences. */
export async function evaluateLoss(
  recipe: Recipe,
  parameters: State,
  batches: readonly Uint32Array[],
  rows: number,
  options: ExecutorOptions,
): Promise<number> {
  const executor = await createExecutor(evaluationProgram(recipe, rows), options);
  try {
    const output = createState(executor.program.output);
    let sum = 0;
    for (const batch of batches) {
      await executor.run([parameters], output, batch);
      sum += output.tensors.get('loss')![0]!;
    }
    return sum / batches.length;
  } finally {
    await executor.close();
  }
}

export type GenerateOptions = ExecutorOptions & {
  /** Tokens to add. */
  readonly length: number;
  /** 0 takes the likeliest token; 1 samples from the model's distribution. */
  readonly temperature: number;
  /** Uniform numbers in [0, 1). */
  readonly random: () => number;
};

/** Continues a prompt of token ids, token by token. */
export async function generate(
  recipe: Recipe,
  parameters: State,
  prompt: readonly number[],
  options: GenerateOptions,
): Promise<number[]> {
  const { context, vocabulary } = recipe.model;
  const executor = await createExecutor(logitsProgram(recipe), options);
  try {
    const output = createState(executor.program.output);
    const tokens = [...prompt];
    const batch = new Uint32Array(context + 1);
    for (let i = 0; i < options.length; i++) {
      const window = tokens.slice(-context);
      batch.fill(0);
      batch.set(window);
      await executor.run([parameters], output, batch);
      const last = (window.length - 1) * vocabulary;
      tokens.push(pick(output.tensors.get('logits')!.subarray(last, last + vocabulary), options));
    }
    return tokens.slice(prompt.length);
  } finally {
    await executor.close();
  }
}

function pick(logits: ArrayLike<number>, { temperature, random }: GenerateOptions): number {
  const scores = Array.from(logits);
  const largest = Math.max(...scores);
  if (temperature === 0) return scores.indexOf(largest);
  const weights = scores.map((score) => Math.exp((score - largest) / temperature));
  let left = random() * weights.reduce((a, b) => a + b, 0);
  const index = weights.findIndex((weight) => (left -= weight) < 0);
  return index < 0 ? scores.indexOf(largest) : index;
}
