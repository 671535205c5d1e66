import ort from 'onnxruntime-node';
import { SwarmlockError } from '../errors.ts';
import { placedSlots, tensorOf, type Program } from '../graph/program.ts';
import { slotsOf, type State } from '../graph/state.ts';
import { elementCount, typedArray, type DType, type Tensor, type TensorType, type TypedArray } from '../graph/types.ts';
import { operators } from '../ops/index.ts';
import { fault } from '../ops/operator.ts';
import { BATCH, inputName, lower } from './lower.ts';
import type { Kernel } from './lowering.ts';

export type Provider = 'cpu' | 'cuda' | 'webgpu';

export type ExecutorOptions = {
  /** Where ONNX Runtime computes. Default cpu. */
  readonly provider?: Provider;
  /** Threads of one invocation; 0 lets the runtime choose. Default 0. */
  readonly threads?: number;
  /** An 8-bit kernel that this processor computes exactly, from `chooseKernel`. */
  readonly kernel: Kernel;
};

/** Computes one program, again and again. */
export type Executor = {
  readonly program: Program;
  /** Writes the program's output into `output`, whose memory must not be shared with an input. `batch` feeds `load_batch`. */
  run(inputs: readonly State[], output: State, batch?: Uint32Array): Promise<void>;
  close(): Promise<void>;
};

/**
 * Session options that could change bits are set here, and nowhere else: no graph optimisation (it reassociates and folds
 * quantisers), sequential execution, one fixed set of operators.
 */
function sessionOptions({ provider = 'cpu', threads = 0 }: ExecutorOptions): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
    graphOptimizationLevel: 'disabled',
    executionMode: 'sequential',
    interOpNumThreads: 1,
    intraOpNumThreads: threads,
    enableCpuMemArena: true,
    enableMemPattern: true,
    // Between invocations the cores belong to others: hashing, another worker.
    extra: { session: { force_spinning_stop: '1' } },
    logSeverityLevel: 4,
  };
}

const ortTypes: Record<DType, 'float32' | 'int8' | 'int32'> = {
  f32: 'float32',
  i8: 'int8',
  i32: 'int32',
  u32: 'int32',
};

/** A view of our memory as ONNX Runtime wants it; u32 goes as int32, which holds the same indices. */
function ortTensor({ dtype, shape }: TensorType, data: TypedArray): ort.Tensor {
  const view = dtype === 'u32' ? new Int32Array(data.buffer, data.byteOffset, data.length) : data;
  return new ort.Tensor(ortTypes[dtype], view as Int32Array, shape);
}

/** A state's tensors at their places, `undefined` for padding. */
type Views = readonly (ort.Tensor | undefined)[];

function viewsOver({ layout, tensors }: State): Views {
  return placedSlots(layout).map((slot) => (slot === null ? undefined : ortTensor(slot, tensors.get(slot.name)!)));
}

async function createSession(model: Uint8Array, options: ExecutorOptions): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(model, sessionOptions(options));
  } catch (cause) {
    const provider = options.provider ?? 'cpu';
    throw new SwarmlockError(`ONNX Runtime cannot run the program on ${provider}: ${(cause as Error).message}`, {
      code: 'EXECUTOR_UNAVAILABLE',
      argument: 'provider',
      hint: provider === 'cpu' ? 'Check that onnxruntime-node is installed for this platform.' : 'Use provider cpu.',
      cause,
    });
  }
}

/** Loads a program into ONNX Runtime. */
export async function createExecutor(program: Program, options: ExecutorOptions): Promise<Executor> {
  const lowered = lower(program, options.kernel);
  const session = await createSession(lowered.model, options);
  const views = new WeakMap<State, Views>();
  const viewsOf = (state: State): Views => {
    const known = views.get(state);
    if (known !== undefined) return known;
    const made = viewsOver(state);
    views.set(state, made);
    return made;
  };
  return {
    program,
    async run(inputs, output, batch) {
      const feeds = feedsOf(session, inputs.map(viewsOf), program, batch);
      const targets = viewsOf(output);
      const fetches: Record<string, ort.Tensor> = {};
      lowered.outputs.forEach((name, place) => {
        if (name !== undefined) fetches[name] = targets[place]!;
      });
      await session.run(feeds, fetches);
    },
    close: () => session.release(),
  };
}

function feedsOf(
  session: ort.InferenceSession,
  inputs: readonly Views[],
  program: Program,
  batch: Uint32Array | undefined,
): Record<string, ort.Tensor> {
  const used = new Set(session.inputNames);
  const feeds: Record<string, ort.Tensor> = {};
  inputs.forEach((tensors, state) =>
    tensors.forEach((tensor, place) => {
      if (used.has(inputName(state, place))) feeds[inputName(state, place)] = tensor!;
    }),
  );
  if (!used.has(BATCH)) return feeds;
  const { type } = program.nodes.find((node) => node?.op === 'load_batch')!;
  if (batch?.length !== elementCount(type.shape)) {
    throw new SwarmlockError(`the batch has ${batch?.length ?? 0} tokens, not [${type.shape.join(', ')}]`, {
      code: 'BATCH_SHAPE',
      argument: 'batch',
    });
  }
  return { ...feeds, [BATCH]: ortTensor(type, new Uint32Array(batch)) };
}

/**
 * One invocation with the value of every node, each checked against the faults of ARITHMETIC.md: `null` for padding. Slow
 * and large: for disputes and tests.
 */
export async function trace(
  program: Program,
  inputs: readonly State[],
  options: ExecutorOptions,
  batch?: Uint32Array,
): Promise<(Tensor | null)[]> {
  const lowered = lower(program, options.kernel, true);
  const session = await createSession(lowered.model, options);
  try {
    const results = await session.run(feedsOf(session, inputs.map(viewsOver), program, batch));
    const values = program.nodes.map((node, index) => {
      if (node === null) return null;
      const { data } = results[lowered.outputs[index]!]!;
      const { dtype, shape } = node.type;
      const array = data as TypedArray;
      return { dtype, shape, data: typedArray(dtype, array.length, array.buffer, array.byteOffset) };
    });
    checkTrace(program, inputs, values);
    return values;
  } catch (cause) {
    if (cause instanceof SwarmlockError) throw cause;
    throw new SwarmlockError(`an operator refused its operands: ${(cause as Error).message}`, { code: 'FAULT', cause });
  } finally {
    await session.release();
  }
}

/** Throws FAULT unless every operand is in its operator's domain, and every value finite or within its bound. */
function checkTrace(program: Program, inputs: readonly State[], values: readonly (Tensor | null)[]): void {
  program.nodes.forEach((node, index) => {
    if (node === null) return;
    const operands = node.inputs.map((ref) => tensorOf(program, inputs, values, ref));
    operators.get(node.op)!.domain?.(operands, node.type, node.attributes);
    checkValues(node.op, values[index]!.data, node.type.dtype, node.bound);
  });
}

/** A non-finite f32, or an integer above its bound, is a fault. */
function checkValues(op: string, values: TypedArray, dtype: DType, bound = Infinity): void {
  for (const value of values) {
    if (dtype === 'f32' && !Number.isFinite(value)) throw fault(op, `${value} is not finite`);
    if (Math.abs(value) > bound) throw fault(op, `${value} exceeds the bound ${bound}`);
  }
}

/** Throws FAULT unless every f32 of a state is finite. A value that is not stays so, so a check per segment is enough. */
export function checkFinite(state: State): void {
  for (const { name, dtype } of slotsOf(state.layout)) checkValues(name, state.tensors.get(name)!, dtype);
}
