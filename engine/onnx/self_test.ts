import { SwarmlockError } from '../errors.ts';
import { GraphBuilder } from '../graph/builder.ts';
import type { Program } from '../graph/program.ts';
import { createState, type State } from '../graph/state.ts';
import { elementCount, type StateLayout } from '../graph/types.ts';
import { createExecutor, type ExecutorOptions } from './executor.ts';
import { requireExactFloats } from './float_test.ts';
import type { Kernel } from './lowering.ts';

const ladder: readonly Kernel[] = ['u8s8', 'u8u8', 's8s8'];

/** [batch, M, K, N]: matrix by vector, odd and tile-sized extents, the longest contraction. */
const shapes = [
  [1, 1, 5, 7],
  [1, 3, 2048, 17],
  [1, 64, 64, 64],
  [1, 33, 257, 65],
  [2, 16, 128, 32],
] as const;

/** Operand patterns that reach the largest sums, so that a kernel which saturates on the way cannot pass. */
const patterns: readonly ((index: number, k: number) => number)[] = [
  () => 127,
  (_, k) => (k % 2 === 0 ? 127 : -127),
  (index) => ((index * 97 + 31) % 255) - 127,
];

type Case = { program: Program; input: State; expected: number[] };

/**
 * Picks the fastest 8-bit product kernel that is exact on this processor, by a known-answer test with worst-case operands:
 * on x86 without VNNI the fastest one saturates at 16 bits (ONNX Runtime issues 6004, 14642, 19109).
 * Throws NO_EXACT_KERNEL when none passes, and INEXACT_ARITHMETIC when even floating-point operators differ.
 */
export async function chooseKernel(options: Omit<ExecutorOptions, 'kernel'> = {}): Promise<Kernel> {
  await requireExactFloats(options);
  const cases = shapes.flatMap((shape) => patterns.map((pattern) => createCase(shape, pattern)));
  for (const kernel of ladder) {
    if (await isExact(kernel, cases, options)) return kernel;
  }
  throw new SwarmlockError('no 8-bit product kernel of ONNX Runtime is exact on this processor', {
    code: 'NO_EXACT_KERNEL',
    argument: 'provider',
    hint: 'Run on another processor or with another execution provider; results from this one would be refused.',
  });
}

/** Whether a kernel passes the known-answer test here. */
export async function isExactKernel(kernel: Kernel, options: Omit<ExecutorOptions, 'kernel'> = {}): Promise<boolean> {
  return isExact(
    kernel,
    shapes.flatMap((shape) => patterns.map((pattern) => createCase(shape, pattern))),
    options,
  );
}

async function isExact(
  kernel: Kernel,
  cases: readonly Case[],
  options: Omit<ExecutorOptions, 'kernel'>,
): Promise<boolean> {
  for (const { program, input, expected } of cases) {
    const executor = await createExecutor(program, { ...options, kernel });
    const output = createState(program.output);
    try {
      await executor.run([input], output);
    } catch {
      return false;
    } finally {
      await executor.close();
    }
    for (const values of output.tensors.values()) {
      if (expected.some((value, i) => values[i] !== value)) return false;
    }
  }
  return true;
}

/** A product in both lowerings: to i32, and with its conversion to f32 in one kernel. Sums stay below 2^24 or round alike. */
function createCase(
  [batch, m, k, n]: readonly [number, number, number, number],
  pattern: (index: number, k: number) => number,
): Case {
  const inputs: StateLayout = {
    groups: [
      [
        { name: 'a', dtype: 'f32', shape: [batch, m, k] },
        { name: 'b', dtype: 'f32', shape: [batch, n, k] },
      ],
    ],
  };
  const graph = new GraphBuilder([inputs]);
  const one = graph.scalar(1);
  const [a, b] = ['a', 'b'].map((name) => graph.quantize(graph.input(name), one)) as [
    ReturnType<typeof graph.quantize>,
    ReturnType<typeof graph.quantize>,
  ];
  const product = graph.fromI32(graph.matmulNt(a, b));
  const shape = [batch, m, n];
  const output: StateLayout = {
    groups: [
      [
        { name: 'integer', dtype: 'f32', shape },
        { name: 'fused', dtype: 'f32', shape },
      ],
    ],
  };
  const program = graph.finish(
    output,
    new Map([
      ['integer', product],
      ['fused', graph.mul(product, one)],
    ]),
  );
  const input = createState(inputs);
  for (const tensor of input.tensors.values())
    tensor.forEach((_, index) => (tensor[index] = pattern(index, index % k)));
  return { program, input, expected: expectedProduct(input, elementCount(shape), m, k, n) };
}

function expectedProduct(input: State, count: number, m: number, k: number, n: number): number[] {
  const a = input.tensors.get('a')!;
  const b = input.tensors.get('b')!;
  return Array.from({ length: count }, (_, index) => {
    const j = index % n;
    const i = Math.floor(index / n) % m;
    const item = Math.floor(index / (m * n));
    let sum = 0;
    for (let c = 0; c < k; c++) sum += a[(item * m + i) * k + c]! * b[(item * n + j) * k + c]!;
    return Math.fround(sum);
  });
}
