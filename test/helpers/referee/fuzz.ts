import { expect } from 'chai';
import fc from 'fast-check';

import { SwarmlockError } from '../../../engine/errors.ts';
import { elementCount, typedArray, type Tensor, type TensorType } from '../../../engine/graph/types.ts';
import { operators } from '../../../engine/ops/index.ts';
import { rowOf } from '../../../engine/ops/updates.ts';
import { evaluate } from '../../../engine/reference.ts';
import { exactKernels, invocationOf, loweredOutcome, type Application, type Invocation } from '../programs.ts';
import { casesOf, type Case } from './applications.ts';
import { checkOf, type Answer, type BatchSource, type RefereeContract } from './checks.ts';
import { scalarOperators, wordOf } from './scalar-fuzz.ts';

/** The operators whose evaluators read more than one element of each operand, or not the same one. */
export const otherOperators = [...operators.keys()].filter((op) => !scalarOperators.includes(op));

/** Elements of one application that the contract recomputes: the first, the last, and some between. */
const ELEMENTS = 5;

export type FuzzOptions = {
  readonly cases: number;
  readonly seed: number;
  readonly referee: RefereeContract;
  readonly onCase?: (done: number) => void;
};

/** What a run has covered. */
export type Covered = { readonly cases: number; readonly elements: number; readonly faults: number };

/**
 * Holds reference, lowered program and contract to the same results on seeded random applications. Throws at the first
 * difference, shrunk to a small one, with its seed, shapes and values.
 */
export async function fuzzOperator(op: string, { cases, seed, referee, onCase }: FuzzOptions): Promise<Covered> {
  let [done, elements, faults] = [0, 0, 0];
  const arbitrary = fc.tuple(casesOf(op), fc.array(fc.nat(), { minLength: ELEMENTS - 2, maxLength: ELEMENTS - 2 }));
  const property = fc.asyncProperty(arbitrary, async ([one, choices]) => {
    const count = elementCount(one.application.type.shape);
    const chosen = new Set([0, count - 1, ...choices.map((choice) => choice % count)]);
    const found = await expectThreeTwins(one, [...chosen], referee);
    elements += chosen.size;
    if (found === 'fault') faults += 1;
    done += 1;
    onCase?.(done);
  });
  await fc.assert(property, { numRuns: cases, seed, endOnFailure: false });
  return { cases, elements, faults };
}

/** Holds the three twins of an application to the same elements. */
async function expectThreeTwins(
  { application, batch }: Case,
  elements: readonly number[],
  referee: RefereeContract,
): Promise<'value' | 'fault'> {
  const invocation = throughNodes(application);
  const values = referenceValues(invocation);
  await expectLowered(application, invocation, values);
  for (const element of elements) {
    const answer = await answerOf(application, element, referee, batch, invocation);
    expect(answer, `the contract, element ${element}`).to.deep.equal(expectedAt(application, element));
  }
  return values === undefined ? 'fault' : 'value';
}

/** What the contract says of an element. */
export async function answerOf(
  application: Application,
  element: number,
  referee: RefereeContract,
  batch?: BatchSource,
  invocation: Invocation = throughNodes(application),
): Promise<Answer> {
  const { program, states } = invocation;
  const node = nodeOf(application.op, invocation);
  const earlier = evaluate({ ...program, nodes: program.nodes.slice(0, node) }, states, invocation.batch);
  return referee.evaluate(await checkOf(invocation, earlier, node, element, batch));
}

/** A program of the operator in which its first operand is the result of a node. */
function throughNodes({ op, operands, type, attributes, batch }: Application): Invocation {
  const compose: Parameters<typeof invocationOf>[1] = (graph, values) => {
    const through = values.map((value, i) =>
      i === 0 ? graph.apply('reshape', [value], { dtype: value.dtype, shape: value.shape }) : value,
    );
    return [graph.apply(op, through, type, attributes)];
  };
  return invocationOf(operands, compose, batch);
}

/** The node of the operator; output nodes are copies. */
function nodeOf(op: string, { program }: Invocation): number {
  return program.nodes.slice(0, program.outputStart).findLastIndex((node) => node?.op === op);
}

function referenceValues({ program, states, batch }: Invocation): (Tensor | null)[] | undefined {
  return unlessFault(() => evaluate(program, states, batch));
}

function unlessFault<T>(compute: () => T): T | undefined {
  try {
    return compute();
  } catch (error) {
    if (error instanceof SwarmlockError && error.code === 'FAULT') return undefined;
    throw error;
  }
}

async function expectLowered(
  { op }: Application,
  invocation: Invocation,
  values: readonly (Tensor | null)[] | undefined,
): Promise<void> {
  const kernels = await exactKernels();
  for (const kernel of op === 'matmul_nt' ? kernels : kernels.slice(0, 1)) {
    const outcome = await loweredOutcome(invocation, kernel);
    const last = 'fault' in outcome ? undefined : outcome.values[nodeOf(op, invocation)];
    const expected = values && Array.from(values[nodeOf(op, invocation)]!.data, (value) => value + 0);
    expect(last, `lowered with ${kernel}`).to.deep.equal(expected);
  }
}

/** What the reference says of one element, from nothing but what the element is computed from. */
function expectedAt({ op, operands, type, attributes, batch }: Application, element: number): Answer {
  if (batch !== undefined) return { word: batch[element]! };
  const tensors = operands.map(({ tensor }) => tensor);
  const { dtype, shape } = type;
  if (op === 'gather' || op === 'one_hot') {
    const index = tensors.at(-1)!;
    const width = elementCount(shape) / index.data.length;
    const single = elementOf(index, Math.floor(element / width));
    const parts = op === 'gather' ? [tensors[0]!, single] : [single];
    return answerOfReference(op, parts, { dtype, shape: [1, width] }, attributes, element % width);
  }
  if (op === 'fused') {
    const parts = tensors.map((tensor) => elementOf(tensor, element));
    return answerOfReference(op, parts, { dtype, shape: [1] }, attributes, 0);
  }
  if (op === 'pack_chunk' || op === 'scatter_chunk') {
    const width = shape.at(-1)!;
    const row = Math.floor(element / width);
    const parts = tensors.map((tensor) => ({ ...tensor, shape: [1, tensor.shape.at(-1)!], data: rowOf(tensor, row) }));
    return answerOfReference(op, parts, { dtype, shape: [1, width] }, attributes, element % width);
  }
  return answerOfReference(op, tensors, type, attributes, element);
}

function elementOf({ dtype, data }: Tensor, element: number): Tensor {
  return { dtype, shape: [1], data: data.subarray(element, element + 1) };
}

/** One element of what the operator makes of these operands; a fault if it makes nothing of any of them. */
function answerOfReference(
  op: string,
  operands: readonly Tensor[],
  type: TensorType,
  attributes: readonly number[],
  element: number,
): Answer {
  const { domain, evaluate: compute } = operators.get(op)!;
  const output = { ...type, data: typedArray(type.dtype, elementCount(type.shape)) };
  const found = unlessFault(() => {
    domain?.(operands, output, attributes);
    compute(operands, output, attributes);
    return output.data[element]!;
  });
  return found === undefined ? { fault: true } : { word: wordOf(type.dtype, found) };
}
