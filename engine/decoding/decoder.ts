import { SwarmlockError } from '../errors.ts';
import { requireFinite } from '../faults.ts';
import { bind } from '../graph/bind.ts';
import type { Program } from '../graph/program.ts';
import { createState, slotsOf, type State } from '../graph/state.ts';
import { createExecutor, type Executor, type ExecutorOptions } from '../onnx/executor.ts';
import type { Recipe } from '../recipe.ts';
import { cacheLayout, stepProgram, stepRequestLayout, type StepShape } from './programs.ts';
import { drawAt, requirePrompt, requireSampling, type SamplingOptions } from './request.ts';
import { tokenOf } from './sample.ts';

export type DecoderOptions = ExecutorOptions & {
  /** Threads of one invocation. Default 1: a step is many small kernels, at each of which several threads wait. */
  readonly threads?: number;
  /** Sequences that are decoded together. */
  readonly slots: number;
  /** Tokens of each prompt that one invocation reads. Default 16. */
  readonly chunk?: number;
};

/** A token that was decoded, with its logits: a view, valid until the next step. */
export type Decoded = { readonly slot: number; readonly token: number; readonly logits: Float32Array };

/** Decodes several sequences in one invocation after the other; they may come and go between any two. */
export type Decoder = {
  /** Takes a sequence in, and gives its slot. @throws DECODER_FULL, PROMPT_LENGTH, PROMPT_TOKEN, SAMPLING_INVALID */
  open(prompt: readonly number[], sampling: SamplingOptions): number;
  /**
   * One invocation, after the one before is done. A sequence whose prompt is read gets its next token, until it is as long as
   * the model's context and one more. @throws FAULT where the weights give no finite logits
   */
  step(): Promise<readonly Decoded[]>;
  /** Lets a sequence go, at any time: a step under way gives it nothing any more. */
  release(slot: number): void;
  close(): Promise<void>;
};

/** A sequence and how much of it is in the cache. */
type Sequence = { readonly tokens: number[]; readonly sampling: SamplingOptions; cached: number };

/** Loads the weights of a global state. */
export async function createDecoder(recipe: Recipe, parameters: State, options: DecoderOptions): Promise<Decoder> {
  const { slots: rows, chunk = Math.min(16, recipe.model.context) } = options;
  const execution = { ...options, threads: options.threads ?? 1 };
  const cache = createState(cacheLayout(recipe, rows));
  const one = await loadStep(recipe, parameters, { rows, length: 1 }, execution);
  const many = chunk === 1 ? one : await loadStep(recipe, parameters, { rows, length: chunk }, execution);
  const sequences: (Sequence | undefined)[] = Array.from({ length: rows });
  const pending = ({ tokens, cached }: Sequence) => Math.min(tokens.length, recipe.model.context) - cached;
  return {
    open(prompt, sampling) {
      const slot = sequences.indexOf(undefined);
      requireRoom(slot >= 0, rows);
      requirePrompt(prompt, recipe);
      requireSampling(sampling);
      sequences[slot] = { tokens: [...prompt], sampling, cached: 0 };
      return slot;
    },
    async step() {
      const busy = sequences.flatMap((sequence, slot) =>
        sequence !== undefined && pending(sequence) > 0 ? [{ slot, sequence }] : [],
      );
      if (busy.length === 0) return [];
      const loaded = busy.some(({ sequence }) => pending(sequence) > 1) ? many : one;
      for (const { slot, sequence } of busy) ask(loaded, recipe, slot, sequence);
      await loaded.executor.run([parameters, cache, loaded.request], loaded.result).catch(refused);
      const kept = busy.filter(({ slot, sequence }) => sequences[slot] === sequence);
      return kept.flatMap(({ slot, sequence }) => {
        const count = Math.min(pending(sequence), loaded.shape.length);
        keep(recipe, cache, loaded, slot, { from: sequence.cached, count });
        sequence.cached += count;
        return pending(sequence) > 0 ? [] : [decodedIn(recipe, loaded, slot, sequence)];
      });
    },
    release: (slot) => void (sequences[slot] = undefined),
    close: async () => {
      await one.executor.close();
      if (many !== one) await many.executor.close();
    },
  };
}

type LoadedStep = {
  readonly shape: StepShape;
  readonly executor: Executor;
  readonly request: State;
  readonly result: State;
};

async function loadStep(
  recipe: Recipe,
  parameters: State,
  shape: StepShape,
  options: ExecutorOptions,
): Promise<LoadedStep> {
  const program = await withWeights(stepProgram(recipe, shape), parameters, options);
  return {
    shape,
    executor: await createExecutor(program, options),
    request: createState(stepRequestLayout(shape)),
    result: createState(program.output),
  };
}

/** The program over weights that stay: what follows from them alone is computed once. */
async function withWeights(program: Program, parameters: State, options: ExecutorOptions): Promise<Program> {
  const { settled, rest } = bind(program, 0);
  const executor = await createExecutor(settled, options);
  const values = createState(settled.output);
  await executor.run([parameters], values).finally(() => executor.close());
  return rest(parameters, values);
}

/** Writes what is asked of a slot. Behind the tokens that there are it repeats the last position, which nobody reads. */
function ask({ shape, request }: LoadedStep, { model }: Recipe, slot: number, sequence: Sequence): void {
  const { tokens, cached } = sequence;
  const known = Math.min(tokens.length, model.context);
  const set = (name: string, at: number, value: number) => (request.tensors.get(name)![at] = value);
  for (let i = 0; i < shape.length; i++) {
    set('tokens', slot * shape.length + i, tokens[cached + i] ?? 0);
    set('positions', slot * shape.length + i, Math.min(cached + i, model.context - 1));
  }
  set('last', slot, slot * shape.length + Math.min(known - cached, shape.length) - 1);
}

/** Puts keys and values of a slot's new tokens into the cache, in place. */
function keep(
  { model }: Recipe,
  cache: State,
  { shape, result }: LoadedStep,
  slot: number,
  { from, count }: { from: number; count: number },
): void {
  const { heads, context } = model;
  const width = model.width / heads;
  for (const { name } of slotsOf(cache.layout)) {
    const isKey = /\.keys\d$/.test(name);
    const [into, source] = [cache.tensors.get(name)!, result.tensors.get(name)!];
    for (let head = slot * heads; head < (slot + 1) * heads; head++) {
      const start = head * shape.length * width;
      if (!isKey) into.set(source.subarray(start, start + count * width), (head * context + from) * width);
      else
        for (let i = 0; i < count; i++)
          for (let d = 0; d < width; d++)
            into[(head * width + d) * context + from + i] = source[start + i * width + d]!;
    }
  }
}

function decodedIn({ model }: Recipe, { result }: LoadedStep, slot: number, { tokens, sampling }: Sequence): Decoded {
  const { vocabulary } = model;
  const all = result.tensors.get('logits') as Float32Array<ArrayBuffer>;
  const logits = all.subarray(slot * vocabulary, (slot + 1) * vocabulary);
  requireFinite('logits', logits);
  const token = tokenOf(logits, sampling, () => drawAt(sampling.seed, tokens.length));
  tokens.push(token);
  return { slot, token, logits };
}

/** What the runtime throws at operands that have no result, such as a place in a table that is no number. */
function refused(cause: unknown): never {
  throw new SwarmlockError('the weights give no token', { code: 'FAULT', argument: 'parameters', cause });
}

/** @throws DECODER_FULL */
export function requireRoom(isRoom: boolean, slots: number): void {
  if (!isRoom) throw new SwarmlockError(`all ${slots} slots are taken`, { code: 'DECODER_FULL', argument: 'slots' });
}
