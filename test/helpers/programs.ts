import { SwarmlockError } from '../../engine/errors.ts';
import { GraphBuilder, type Value } from '../../engine/graph/builder.ts';
import type { Program } from '../../engine/graph/program.ts';
import { createState, slotsOf, type State } from '../../engine/graph/state.ts';
import type { StateLayout, Tensor, TensorType, TypedArray } from '../../engine/graph/types.ts';
import { createExecutor } from '../../engine/onnx/executor.ts';
import type { Kernel } from '../../engine/onnx/lowering.ts';
import { isExactKernel } from '../../engine/onnx/self_test.ts';
import { evaluate } from '../../engine/reference.ts';
import { createTracer } from '../../engine/trace.ts';

/** An operand of a program under test: as an input state of its own, or as a constant, which has a bound. */
export type Operand = { readonly tensor: Tensor; readonly held: 'input' | 'constant' };

/** One application of an operator to operands. */
export type Application = {
  readonly op: string;
  readonly operands: readonly Operand[];
  readonly type: TensorType;
  readonly attributes: readonly number[];
  readonly batch?: Uint32Array | undefined;
};

/** A program with the states and the batch to run it on. */
export type Invocation = {
  readonly program: Program;
  readonly states: readonly State[];
  readonly batch?: Uint32Array | undefined;
};

/** Values of all nodes, or a fault. -0 reads as +0. */
export type Outcome = { readonly fault: true } | { readonly values: readonly (readonly number[] | null)[] };

const threads = 1;
let known: Promise<readonly Kernel[]> | undefined;

/** The product kernels that this processor computes exactly. */
export function exactKernels(): Promise<readonly Kernel[]> {
  known ??= (async () => {
    const kernels: Kernel[] = [];
    for (const kernel of ['u8s8', 'u8u8', 's8s8'] as const) {
      if (await isExactKernel(kernel, { threads })) kernels.push(kernel);
    }
    return kernels;
  })();
  return known;
}

/** Builds a program over operands; `compose` gives its outputs. */
export function invocationOf(
  operands: readonly Operand[],
  compose: (graph: GraphBuilder, values: readonly Value[]) => readonly Value[],
  batch?: Uint32Array,
): Invocation {
  const held = operands.filter((operand) => operand.held === 'input').map(({ tensor }) => tensor);
  const layouts = held.map((tensor, i): StateLayout => ({ groups: [[{ name: `x${i}`, ...typeOf(tensor) }]] }));
  const graph = new GraphBuilder(layouts);
  let state = 0;
  const values = operands.map(({ tensor, held: how }) => {
    if (how === 'constant') return graph.constant(tensor.dtype, tensor.shape, tensor.data);
    state += 1;
    return graph.input(`x${state - 1}`, state - 1);
  });
  const outputs = compose(graph, values);
  const slots = outputs.map((value, i) => ({ name: `y${i}`, dtype: value.dtype, shape: value.shape }));
  // i8 slots last, so that all others are aligned.
  const ordered = slots.toSorted((a, b) => Number(a.dtype === 'i8') - Number(b.dtype === 'i8'));
  const program = graph.finish({ groups: [ordered] }, new Map(outputs.map((value, i) => [`y${i}`, value])));
  return { program, states: held.map((tensor, i) => stateOf(layouts[i]!, tensor)), batch };
}

/** A program of one operator. */
export function invocationOfOne({ op, operands, type, attributes, batch }: Application): Invocation {
  return invocationOf(operands, (graph, values) => [graph.apply(op, values, type, attributes)], batch);
}

/** What the reference evaluator says. */
export function referenceOutcome({ program, states, batch }: Invocation): Outcome {
  try {
    return { values: evaluate(program, states, batch).map((tensor) => tensor && plain(tensor.data)) };
  } catch (error) {
    return faultOf(error);
  }
}

/** What the lowered program says, every node's value checked. */
export async function loweredOutcome({ program, states, batch }: Invocation, kernel: Kernel): Promise<Outcome> {
  const tracer = await createTracer(program, { kernel, threads });
  try {
    const trace = await tracer.trace(states, batch);
    if (trace.faultAt !== undefined) return { fault: true };
    const places = program.nodes.flatMap((node, place) => (node === null ? [] : [place]));
    const tensors = new Map((await trace.tensors(places)).map((tensor, i) => [places[i]!, tensor]));
    return { values: program.nodes.map((_, place) => (tensors.has(place) ? plain(tensors.get(place)!.data) : null)) };
  } finally {
    await tracer.close();
  }
}

/** The output slots of the lowered program as it is run in normal work, in slot order. */
export async function runOutputs(
  { program, states, batch }: Invocation,
  kernel: Kernel,
): Promise<(readonly number[])[]> {
  const executor = await createExecutor(program, { kernel, threads });
  const output = createState(program.output);
  try {
    await executor.run(states, output, batch);
  } finally {
    await executor.close();
  }
  return slotsOf(program.output).map(({ name }) => plain(output.tensors.get(name)!));
}

/** The values of the output slots among those of all nodes. */
export function outputsAmong(program: Program, values: readonly (readonly number[] | null)[]): (readonly number[])[] {
  return values.slice(program.outputStart).filter((value) => value !== null);
}

/** Numbers without the sign of zeros. */
function plain(data: TypedArray): number[] {
  return Array.from(data, (value) => value + 0);
}

function typeOf({ dtype, shape }: Tensor): TensorType {
  return { dtype, shape };
}

function stateOf(layout: StateLayout, tensor: Tensor): State {
  const state = createState(layout);
  state.tensors.get(slotsOf(layout)[0]!.name)!.set(tensor.data);
  return state;
}

function faultOf(error: unknown): Outcome {
  if (error instanceof SwarmlockError && error.code === 'FAULT') return { fault: true };
  throw error;
}
