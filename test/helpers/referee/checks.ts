import { decodeErrorResult, type Hex } from 'viem';

import { fastTensorRoot } from '../../../engine/commit/fast.ts';
import { stateRoot } from '../../../engine/commit/reference.ts';
import { EMPTY, merkleRoot } from '../../../engine/commit/tree.ts';
import type { BatchOf } from '../../../engine/data/batch.ts';
import type { Dataset } from '../../../engine/data/dataset.ts';
import { descriptorOf, evidenceOf, type Evidence } from '../../../engine/evidence.ts';
import { programRoot } from '../../../engine/graph/encode.ts';
import { tensorOf } from '../../../engine/graph/program.ts';
import type { Tensor } from '../../../engine/graph/types.ts';
import type { Trace } from '../../../engine/trace.ts';
import { refereeAbi } from '../../../sdk/abi/referee.ts';
import type { Invocation } from '../programs.ts';
import { createProbe } from './probe.ts';

export const ZERO: Hex = `0x${'00'.repeat(32)}`;

/** Arguments of `IReferee.evaluate`. */
export type Check = {
  readonly descriptor: Hex;
  readonly element: bigint;
  readonly context: {
    readonly program: Hex;
    readonly trace: Hex;
    readonly inputs: readonly Hex[];
    readonly dataset: Hex;
    readonly seed: Hex;
    readonly participant: Hex;
    readonly step: number;
  };
  readonly evidence: Evidence;
};

/** Which batch of which dataset `load_batch` gave. */
export type BatchSource = Pick<BatchOf, 'seed' | 'participant' | 'step'> & { readonly dataset: Dataset };

const noBatch = { seed: ZERO, participant: `0x${'00'.repeat(20)}`, step: 0 } as const;

/** The final check of one element of a node, given the values of the nodes before it. */
export async function checkOf(
  invocation: Invocation,
  values: readonly (Tensor | null)[],
  node: number,
  element: number,
  batch?: BatchSource,
): Promise<Check> {
  const { program, states } = invocation;
  const trace = traceOf(invocation, values);
  const inputs = program.nodes[node]!.inputs.map((ref) =>
    ref.kind === 'input' ? stateRoot(states[ref.state]!) : ZERO,
  );
  const { seed, participant, step } = batch ?? noBatch;
  const dataset = batch?.dataset;
  return {
    descriptor: descriptorOf(program, node),
    element: BigInt(element),
    context: {
      program: programRoot(program),
      trace: trace.root,
      inputs,
      dataset: dataset?.root ?? ZERO,
      seed,
      participant,
      step,
    },
    evidence: await evidenceOf(trace, { inputs: states, dataset, batch }, node, element),
  };
}

/** A trace whose values are known. */
function traceOf({ program, states }: Invocation, values: readonly (Tensor | null)[]): Trace {
  const nodes = program.nodes.map((_, i) => (values[i] ? fastTensorRoot(values[i]) : EMPTY));
  return {
    program,
    nodes,
    root: merkleRoot(nodes),
    faultAt: undefined,
    leaves: [],
    tensors: async (wanted) => wanted.map((i) => values[i]!),
    tensor: async (i) => values[i]!,
    operands: async (i) => program.nodes[i]!.inputs.map((ref) => tensorOf(program, states, values, ref)),
  };
}

/** What the referee says of an element: a word of 32 bits, that there is none, or why it refuses the evidence. */
export type Answer =
  { readonly word: number } | { readonly fault: true } | { readonly error: string; readonly args: readonly unknown[] };

/** The referee on a chain in this process. */
export type RefereeContract = {
  /** Throws for lack of gas. */
  evaluate(check: Check, gas?: number): Promise<Answer>;
  /** Gas of an evaluation as a transaction of its own. */
  gasOf(check: Check): Promise<number>;
  close(): Promise<void>;
};

export async function createReferee(): Promise<RefereeContract> {
  const probe = await createProbe('contracts/claim/referee/Referee.sol');
  return {
    async evaluate({ descriptor, element, context, evidence }, gas) {
      try {
        const finding = await probe.call('evaluate', [descriptor, element, context, evidence], gas);
        const { fault, bits } = finding as { fault: boolean; bits: number };
        return fault ? { fault } : { word: bits };
      } catch (error) {
        return refusalOf(error);
      }
    },
    gasOf({ descriptor, element, context, evidence }) {
      return probe.gasOf('evaluate', [descriptor, element, context, evidence]);
    },
    close: () => probe.close(),
  };
}

/** The named error of a revert; a panic is `Panic`. Anything else is thrown on. */
function refusalOf(error: unknown): Answer {
  const { data } = error as { data?: Hex };
  if (data === undefined || data === '0x') throw error;
  const refusal: { errorName: string; args?: readonly unknown[] | undefined } = decodeErrorResult({
    abi: refereeAbi,
    data,
  });
  return { error: refusal.errorName, args: refusal.args ?? [] };
}
