import { SwarmlockError } from '../errors.ts';
import { GraphBuilder, type Value } from '../graph/builder.ts';
import type { Program } from '../graph/program.ts';
import { createState, slotsOf, type State } from '../graph/state.ts';
import type { StateLayout } from '../graph/types.ts';
import { evaluate } from '../reference.ts';
import { createExecutor, type ExecutorOptions } from './executor.ts';

const SMALLEST = 2 ** -149;
/** Subnormals, ties, neighbours of powers of two, and numbers whose quotients and roots are inexact. */
const subnormal = [1, 3, 2 ** 23 - 1, 2 ** 23].map((n) => n * SMALLEST);
const near = [1 / 3, 0.5, 1 - 2 ** -24, 1, 1 + 2 ** -23, 1.5, 2.5, 3, 63.5, 126.5, 127.5];
const large = [2 ** 22 + 0.5, 2 ** 23 - 0.5, 2 ** 24 - 1, 2 ** 60, 1.7 * 2 ** 60];
const operands = [0, ...subnormal, 2 ** -101, ...near, ...large].flatMap((x) => [x, -x]);
const others = [1 / 3, 3, -127, 0.1, 2 ** -24, 1 + 2 ** -23, 2 ** 60, 2 ** -60, 1 / 127, -1.9, 2 ** 100 - 2 ** 77];

/** Every operator that computes, on all pairs of these; none of them faults. */
function floatCase(): { program: Program; input: State } {
  const shape = [operands.length * others.length];
  const input = (name: string) => ({ name, dtype: 'f32' as const, shape });
  const layout: StateLayout = { groups: [[input('x'), input('y')]] };
  const graph = new GraphBuilder([layout]);
  const [x, y] = [graph.input('x'), graph.input('y')];
  const tame = graph.min(graph.max(x, -4000), 4000);
  const fixed = graph.toFixed(tame, 12, 2 ** 24);
  const half = graph.mul(x, 0.5);
  const coarse = graph.scalar(1);
  const fine = graph.scalar(2 ** -100);
  const values: Record<string, Value> = {
    add: graph.add(x, half),
    sub: graph.sub(half, y),
    mul: graph.mul(half, graph.min(y, 9)),
    div: graph.div(x, y),
    sqrt: graph.sqrt(graph.abs(x)),
    max: graph.max(x, y),
    min: graph.min(x, y),
    neg: graph.neg(x),
    floor: graph.floor(x),
    rint: graph.rint(x),
    pow2ceil: graph.pow2ceil(graph.abs(x)),
    from_i32: graph.fromI32(graph.addI32(fixed, fixed)),
    exp2i: graph.exp2i(graph.toFixed(tame, 0, 4000)),
    quantize: graph.quantize(x, coarse),
    residual: graph.residual(x, coarse),
    'quantize under the smallest scale': graph.quantize(x, fine),
    'residual under the smallest scale': graph.residual(x, fine),
    // Of equal magnitudes, zeros among them, the first ones.
    topk_chunk: graph.topkChunk(x, Math.ceil(x.shape[0]! / 3)),
    sort_lanes: graph.sortLanes(graph.reshape(x, [others.length, operands.length])),
  };
  const slots = Object.entries(values).map(([name, { dtype, shape: of }]) => ({ name, dtype, shape: of }));
  const program = graph.finish({ groups: [slots] }, new Map(Object.entries(values)));
  const state = createState(layout);
  state.tensors.get('x')!.forEach((_, i, all) => (all[i] = operands[i % operands.length]!));
  state.tensors.get('y')!.forEach((_, i, all) => (all[i] = others[Math.floor(i / operands.length)]!));
  return { program, input: state };
}

/**
 * Compares the floating-point operators with the reference on hostile values: an execution provider may flush subnormals,
 * divide by reciprocals or fuse. Throws INEXACT_ARITHMETIC, naming the first value that differs.
 */
export async function requireExactFloats(options: Omit<ExecutorOptions, 'kernel'> = {}): Promise<void> {
  const { program, input } = floatCase();
  const expected = evaluate(program, [input]).slice(program.outputStart);
  const output = createState(program.output);
  // There is no product here, so any kernel does.
  const executor = await createExecutor(program, { ...options, kernel: 's8s8' });
  try {
    await executor.run([input], output);
  } finally {
    await executor.close();
  }
  const wrong = slotsOf(program.output).find(({ name }, slot) =>
    output.tensors.get(name)!.some((value, i) => value !== expected[slot]!.data[i]),
  );
  if (wrong === undefined) return;
  const provider = options.provider ?? 'cpu';
  throw new SwarmlockError(`ONNX Runtime on ${provider} computes other bits than the arithmetic: ${wrong.name}`, {
    code: 'INEXACT_ARITHMETIC',
    argument: 'provider',
    hint: 'Run on another processor or with another execution provider; results from this one would be refused.',
  });
}
