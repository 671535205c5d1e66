import { SwarmlockError } from '../errors.ts';
import { requireFinite } from '../faults.ts';
import { bind } from '../graph/bind.ts';
import type { Program } from '../graph/program.ts';
import { createState, type State } from '../graph/state.ts';
import { createExecutor, type Executor, type ExecutorOptions } from '../onnx/executor.ts';
import type { Recipe } from '../recipe.ts';
import { createCache } from './cache.ts';
import { stepProgram, stepRequestLayout, type StepShape } from './programs.ts';
import { drawAt, requireMost, requirePrompt, requireSampling, type SamplingOptions } from './request.ts';
import { tokenOf } from './sample.ts';

export type DecoderOptions = ExecutorOptions & {
  /** Threads of one invocation. Default 1: a step is many small kernels, at each of which several threads wait. */
  readonly threads?: number;
  /** Sequences that are decoded together. */
  readonly slots: number;
  /** Tokens of each prompt that one invocation reads. Default 16. */
  readonly chunk?: number;
};

/** A token that was decoded, with its logits. */
export type Decoded = { readonly slot: number; readonly token: number; readonly logits: Float32Array };

/** Decodes several sequences together; they may come and go between any two steps. */
export type Decoder = {
  /**
   * Takes a sequence in, and gives its slot.
   * @param most tokens that it has in the end, the prompt's among them; by default the model's context, and one more
   * @throws DECODER_FULL, PROMPT_LENGTH, PROMPT_TOKEN, SEQUENCE_LENGTH, SAMPLING_INVALID
   */
  open(prompt: readonly number[], sampling: SamplingOptions, most?: number): number;
  /**
   * Takes each sequence on, after the step before is done: by a chunk of its prompt, or by a token. One whose prompt is
   * read gets its next token, until it has as many as it was opened for.
   * @throws FAULT where the weights give no finite logits
   */
  step(): Promise<readonly Decoded[]>;
  /** Lets a sequence go, at any time: a step under way gives it nothing any more. */
  release(slot: number): void;
  close(): Promise<void>;
};

/** Each size of invocation has so many times the rows of the one before: it costs the same whether its rows are used or not. */
const GROWTH = 4;
/** Rows of an invocation that reads prompts, at most: with a chunk of each it has work enough. */
const MOST_READ = 4;

/** A sequence, how much of it is in the cache, and where. */
type Sequence = {
  readonly tokens: number[];
  readonly sampling: SamplingOptions;
  readonly most: number;
  cached: number;
  row: number;
};

type DecodedIn = Omit<Decoded, 'slot'> & { readonly sequence: Sequence };

/** Loads the weights of a global state. */
export async function createDecoder(recipe: Recipe, parameters: State, options: DecoderOptions): Promise<Decoder> {
  const { slots, chunk = Math.min(16, recipe.model.context) } = options;
  const execution = { ...options, threads: options.threads ?? 1 };
  const sizes = sizesUpTo(slots);
  const load = async (length: number, most: number) => {
    const loaded: LoadedStep[] = [];
    for (const rows of sizes.filter((size) => size <= most)) {
      loaded.push(await loadStep(recipe, parameters, { rows, length }, execution));
    }
    return loaded;
  };
  const writers = await load(1, slots);
  const readers = chunk === 1 ? [] : await load(chunk, MOST_READ);
  const cache = createCache(recipe, slots);
  const sequences: (Sequence | undefined)[] = Array.from({ length: slots });
  const pending = ({ tokens, most, cached }: Sequence) => Math.min(tokens.length, most - 1) - cached;
  const open = () => sequences.filter((sequence) => sequence !== undefined);
  const freeRow = () => {
    const taken = new Set(open().map(({ row }) => row));
    return sequences.findIndex((_, row) => !taken.has(row));
  };
  /** Brings all sequences into the first rows. */
  const closeUp = (rows: number) => {
    for (const sequence of open().filter(({ row }) => row >= rows)) {
      const row = freeRow();
      cache.move(sequence.row, row);
      sequence.row = row;
    }
  };
  /** Takes some sequences on in one invocation of successive rows. */
  const invoke = async (
    loaded: LoadedStep,
    first: number,
    members: readonly Sequence[],
  ): Promise<readonly DecodedIn[]> => {
    const { executor, request, result, shape } = loaded;
    for (const sequence of members) ask(loaded, recipe, sequence.row - first, sequence);
    await executor.run([parameters, cache.view(first, shape.rows), request], result).catch(refused);
    return members.flatMap((sequence) => {
      if (!sequences.includes(sequence)) return [];
      const count = Math.min(pending(sequence), shape.length);
      const source = sequence.row - first;
      cache.keep(sequence.row, { result, length: shape.length, source, count, position: sequence.cached });
      sequence.cached += count;
      return pending(sequence) > 0 ? [] : [{ sequence, ...decodedIn(recipe, loaded, source, sequence) }];
    });
  };
  return {
    open(prompt, sampling, most = recipe.model.context + 1) {
      const slot = sequences.indexOf(undefined);
      requireRoom(slot >= 0, slots);
      requirePrompt(prompt, recipe);
      requireMost(most, prompt, recipe);
      requireSampling(sampling);
      sequences[slot] = { tokens: [...prompt], sampling, most, cached: 0, row: freeRow() };
      return slot;
    },
    async step() {
      const members = open();
      const writer = writers.find(({ shape }) => shape.rows >= members.length)!;
      closeUp(writer.shape.rows);
      const busy = members.filter((sequence) => pending(sequence) > 0);
      const reading = readers.length === 0 ? [] : busy.filter((sequence) => pending(sequence) > 1);
      const writing = busy.filter((sequence) => !reading.includes(sequence));
      const decoded: DecodedIn[] = [];
      for (const { reader, first, group } of groupsOf(readers, reading, slots)) {
        decoded.push(...(await invoke(reader, first, group)));
      }
      if (writing.length > 0) decoded.push(...(await invoke(writer, 0, writing)));
      return decoded.flatMap(({ sequence, ...found }) => {
        // It may have been released since its own invocation, and the slot be another's.
        const slot = sequences.indexOf(sequence);
        return slot < 0 ? [] : [{ slot, ...found }];
      });
    },
    release: (slot) => void (sequences[slot] = undefined),
    close: async () => {
      for (const { executor } of [...writers, ...readers]) await executor.close();
    },
  };
}

function sizesUpTo(slots: number): readonly number[] {
  const sizes: number[] = [];
  for (let rows = 1; rows < slots; rows *= GROWTH) sizes.push(rows);
  return [...sizes, slots];
}

type Group = { readonly reader: LoadedStep; readonly first: number; readonly group: readonly Sequence[] };

/** Neighbours are read together, and who has none alone. */
function groupsOf(readers: readonly LoadedStep[], reading: readonly Sequence[], slots: number): readonly Group[] {
  const largest = readers.at(-1);
  if (largest === undefined) return [];
  const { rows } = largest.shape;
  const firstOf = ({ row }: Sequence) => Math.min(row - (row % rows), slots - rows);
  return [...Map.groupBy(reading, firstOf)].map(([first, group]) =>
    group.length === 1 ? { reader: readers[0]!, first: group[0]!.row, group } : { reader: largest, first, group },
  );
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

/** Writes what is asked of a row. Behind the tokens that there are it repeats the last position, which nobody reads. */
function ask({ shape, request }: LoadedStep, { model }: Recipe, row: number, sequence: Sequence): void {
  const { tokens, cached } = sequence;
  const set = (name: string, at: number, value: number) => (request.tensors.get(name)![at] = value);
  for (let i = 0; i < shape.length; i++) {
    set('tokens', row * shape.length + i, tokens[cached + i] ?? 0);
    set('positions', row * shape.length + i, Math.min(cached + i, model.context - 1));
  }
  set('last', row, row * shape.length + Math.min(tokens.length - cached, shape.length) - 1);
}

function decodedIn(
  { model: { vocabulary } }: Recipe,
  { result }: LoadedStep,
  row: number,
  { tokens, sampling }: Sequence,
): Omit<Decoded, 'slot'> {
  const all = result.tensors.get('logits') as Float32Array<ArrayBuffer>;
  const logits = all.slice(row * vocabulary, (row + 1) * vocabulary);
  requireFinite('logits', logits);
  const token = tokenOf(logits, sampling, () => drawAt(sampling.seed, tokens.length));
  tokens.push(token);
  return { token, logits };
}

/** What the runtime throws at operands that have no result, such as a place in a table that is no number. */
function refused(cause: unknown): never {
  throw new SwarmlockError('the weights give no token', { code: 'FAULT', argument: 'parameters', cause });
}

/** @throws DECODER_FULL */
export function requireRoom(isRoom: boolean, slots: number): void {
  if (!isRoom) throw new SwarmlockError(`all ${slots} slots are taken`, { code: 'DECODER_FULL', argument: 'slots' });
}
