import type { Hex } from 'viem';

import { SwarmlockError } from '../../../engine/errors.ts';
import type { DType, Tensor } from '../../../engine/graph/types.ts';
import { operators } from '../../../engine/ops/index.ts';
import { exactKernels, invocationOfOne, loweredOutcome, type Outcome } from '../programs.ts';
import { createProbe, type Probe } from './probe.ts';
import { batchesOf, feeds, type Batch, type Pair } from './scalar-operands.ts';

/** The operators that take one element of each operand, which the contract evaluates by `Scalars.scalar`. */
export const scalarOperators: readonly string[] = Object.keys(feeds);

/** A result as a word of 32 bits, or undefined for a fault. */
export type Result = number | undefined;

/** Faults per batch that the lowered program is tried on: it says only that there is one, so each needs its own. */
const LOWERED_FAULTS = 2;
const ATTRIBUTES = 8;

/** What the contract makes of pairs, and the gas that one took. */
export type Evaluation = { readonly results: readonly Result[]; readonly gas: number };

/** The scalar evaluators of the referee on a chain in this process. */
export type ScalarContract = {
  evaluate(op: string, batch: Batch): Promise<Evaluation>;
  close(): Promise<void>;
};

export async function createScalarContract(): Promise<ScalarContract> {
  const probe = await createProbe('test/solidity/lib/ScalarProbe.sol');
  return { evaluate: (op, batch) => evaluateByContract(probe, op, batch), close: () => probe.close() };
}

/**
 * Holds reference, lowered program and contract to the same results on seeded hostile operands. Throws at the first pair
 * on which they differ.
 */
export async function fuzzScalar(
  op: string,
  { cases, seed, contract }: { cases: number; seed: number; contract: ScalarContract },
): Promise<{ readonly cases: number; readonly faults: number; readonly gas: number }> {
  let faults = 0;
  let gas = 0;
  for (const batch of batchesOf(feeds[op]!, cases, seed)) {
    const expected = batch.pairs.map((pair) => evaluateByReference(op, batch.attributes, pair));
    const found = await contract.evaluate(op, batch);
    requireSame(op, 'the contract', batch, found.results, expected);
    requireSame(op, 'the lowered program', batch, await evaluateLowered(op, batch, expected), expected);
    faults += expected.filter((result) => result === undefined).length;
    gas = Math.max(gas, found.gas);
  }
  return { cases, faults, gas };
}

/** What the reference says of one pair: `domain` and `evaluate` of engine/ops on tensors of one element. */
export function evaluateByReference(op: string, attributes: readonly number[], pair: Pair): Result {
  const { domain, evaluate } = operators.get(op)!;
  const operands = feeds[op]!.operands.map((dtype, i) => tensorOf(dtype, [pair[i]!]));
  const output = tensorOf(resultType(op), [0]);
  try {
    domain?.(operands, output, attributes);
    evaluate(operands, output, attributes);
  } catch (error) {
    if (error instanceof SwarmlockError && error.code === 'FAULT') return undefined;
    throw error;
  }
  return wordOf(output.dtype, output.data[0]!);
}

async function evaluateByContract(probe: Probe, op: string, { attributes, pairs }: Batch): Promise<Evaluation> {
  const operands = Buffer.alloc(pairs.length * 8);
  pairs.forEach(([a, b], i) => {
    operands.writeUInt32BE(a, i * 8);
    operands.writeUInt32BE(b, i * 8 + 4);
  });
  const padded = Array.from({ length: ATTRIBUTES }, (_, i) => attributes[i] ?? 0);
  const args = [operators.get(op)!.opcode, padded, `0x${operands.toString('hex')}`];
  const [answer, gasUsed] = (await probe.call('scalars', args)) as [Hex, bigint];
  const words = Buffer.from(answer.slice(2), 'hex');
  const results = pairs.map((_, i) => (words.readUInt32BE(i * 8) === 1 ? undefined : words.readUInt32BE(i * 8 + 4)));
  return { results, gas: Number(gasUsed) / pairs.length };
}

/** All pairs that have a result in one program; of the others the first few, each in its own. */
async function evaluateLowered(op: string, batch: Batch, expected: readonly Result[]): Promise<Result[]> {
  const results = [...expected];
  const indices = expected.map((_, i) => i);
  const valid = indices.filter((i) => expected[i] !== undefined);
  const outcome = valid.length === 0 ? undefined : await lowered(op, batch, valid);
  if (outcome !== undefined) {
    const values = 'fault' in outcome ? undefined : outcome.values.findLast((value) => value !== null)!;
    valid.forEach((i, place) => (results[i] = values && wordOf(resultType(op), values[place]!)));
  }
  for (const i of indices.filter((index) => expected[index] === undefined).slice(0, LOWERED_FAULTS)) {
    // No word is NaN.
    if (!('fault' in (await lowered(op, batch, [i])))) results[i] = Number.NaN;
  }
  return results;
}

async function lowered(op: string, { attributes, pairs }: Batch, chosen: readonly number[]): Promise<Outcome> {
  const [kernel] = await exactKernels();
  const shape = [chosen.length];
  const operands = feeds[op]!.operands.map((dtype, side) => ({
    tensor: tensorOf(
      dtype,
      chosen.map((i) => pairs[i]![side]!),
    ),
    // A sum of integers is refused without bounds, which only constants have.
    held: op === 'add_i32' ? ('constant' as const) : ('input' as const),
  }));
  return loweredOutcome(invocationOfOne({ op, operands, type: { dtype: resultType(op), shape }, attributes }), kernel!);
}

/** Element type of what the operator gives. */
export function resultType(op: string): DType {
  if (op === 'quantize' || op === 'residual') return 'i8';
  return op === 'to_fixed' || op === 'add_i32' ? 'i32' : 'f32';
}

function tensorOf(dtype: DType, words: readonly number[]): Tensor {
  const bits = Uint32Array.from(words);
  const data =
    dtype === 'f32'
      ? new Float32Array(bits.buffer)
      : dtype === 'i8'
        ? Int8Array.from(words)
        : new Int32Array(bits.buffer);
  return { dtype, shape: [words.length], data };
}

/** A value as 32 bits: binary32 without -0, or two's complement. */
export function wordOf(dtype: DType, value: number): number {
  return dtype === 'f32' ? new Uint32Array(Float32Array.of(value + 0).buffer)[0]! : value >>> 0;
}

function requireSame(
  op: string,
  who: string,
  { attributes, pairs }: Batch,
  actual: readonly Result[],
  expected: readonly Result[],
): void {
  const index = expected.findIndex((result, i) => !Object.is(result, actual[i]));
  if (index === -1) return;
  const show = (word: Result) => (word === undefined ? 'a fault' : word.toString(16).padStart(8, '0'));
  const operands = pairs[index]!.map(show).join(', ');
  throw new Error(
    `${op}(${operands}; ${attributes.join(', ')}): ${who} has ${show(actual[index])}, the reference ${show(expected[index])}`,
  );
}
