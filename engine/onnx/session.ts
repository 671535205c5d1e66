import ort from 'onnxruntime-node';
import { SwarmlockError } from '../errors.ts';
import { placedSlots, type Program } from '../graph/program.ts';
import type { Tensors } from '../graph/state.ts';
import { elementCount, type DType, type TensorType, type TypedArray } from '../graph/types.ts';
import { BATCH } from './lower.ts';
import type { Kernel } from './lowering.ts';

export type Provider = 'cpu' | 'cuda' | 'webgpu';

export type ExecutorOptions = {
  /** Where ONNX Runtime computes. Default cpu. */
  readonly provider?: Provider;
  /** Threads of one invocation; 0 lets the runtime choose. Default 0. */
  readonly threads?: number;
  /** An 8-bit kernel that this processor computes exactly, from `chooseKernel`. */
  readonly kernel: Kernel;
  /** Slots of the output that an executor need not compute. */
  readonly unwanted?: readonly string[];
};

/**
 * Session options that could change bits are set here, and nowhere else: no graph optimisation (it reassociates and folds
 * quantisers), sequential execution, one fixed set of operators.
 */
function sessionOptions(
  { provider = 'cpu', threads = 0 }: ExecutorOptions,
  isSharing: boolean,
): ort.InferenceSession.SessionOptions {
  return {
    executionProviders: provider === 'cpu' ? ['cpu'] : [provider, 'cpu'],
    graphOptimizationLevel: 'disabled',
    executionMode: 'sequential',
    interOpNumThreads: 1,
    intraOpNumThreads: threads,
    enableCpuMemArena: true,
    // A pattern keeps one more block of memory for each session, and a trace has dozens.
    enableMemPattern: !isSharing,
    // Between invocations, and during those beside which others work, the cores belong to them: hashing, another worker.
    extra: { session: { force_spinning_stop: '1', intra_op: { allow_spinning: isSharing ? '0' : '1' } } },
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
export function ortTensor({ dtype, shape }: TensorType, data: TypedArray): ort.Tensor {
  const view = dtype === 'u32' ? new Int32Array(data.buffer, data.byteOffset, data.length) : data;
  return new ort.Tensor(ortTypes[dtype], view as Int32Array, shape);
}

/** A state's tensors at their places, `undefined` for padding. */
export type Views = readonly (ort.Tensor | undefined)[];

export function viewsOver({ layout, tensors }: Tensors): Views {
  return placedSlots(layout).map((slot) => (slot === null ? undefined : ortTensor(slot, tensors.get(slot.name)!)));
}

/** Loads a model; `isSharing` when other work goes on while it computes. @throws EXECUTOR_UNAVAILABLE */
export async function createSession(
  model: Uint8Array,
  options: ExecutorOptions,
  isSharing = false,
): Promise<ort.InferenceSession> {
  try {
    return await ort.InferenceSession.create(model, sessionOptions(options, isSharing));
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

/** Runs a session, which writes its outputs into the tensors `fetches`. */
export async function runInto(
  session: ort.InferenceSession,
  feeds: Readonly<Record<string, ort.Tensor>>,
  fetches: Readonly<Record<string, ort.Tensor>>,
): Promise<void> {
  const bufferOf = ({ data }: ort.Tensor) => (data as TypedArray).buffer;
  const own = new Set(Object.values(fetches).map(bufferOf));
  const returned = await session.run(feeds, fetches);
  // The binding also returns copies. They would wait for the garbage collector, and make it run again and again.
  for (const buffer of Object.values(returned).map(bufferOf)) if (!own.has(buffer)) buffer.transfer(0);
}

/** The batch as a feed, if the program reads one. @throws BATCH_SHAPE */
export function batchFeed(program: Program, batch: Uint32Array | undefined): Record<string, ort.Tensor> {
  const type = program.nodes.find((node) => node?.op === 'load_batch')?.type;
  if (type === undefined) return {};
  if (batch?.length === elementCount(type.shape)) return { [BATCH]: ortTensor(type, new Uint32Array(batch)) };
  throw new SwarmlockError(`the batch has ${batch?.length ?? 0} tokens, not [${type.shape.join(', ')}]`, {
    code: 'BATCH_SHAPE',
    argument: 'batch',
  });
}
