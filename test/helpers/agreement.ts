import { expect } from 'chai';
import type { Program } from '../../engine/graph/program.ts';
import {
  exactKernels,
  loweredOutcome,
  outputsAmong,
  referenceOutcome,
  runOutputs,
  type Invocation,
  type Outcome,
} from './programs.ts';

/**
 * Holds the lowered program against the reference with every exact kernel if it has products, traced and as it is run in normal work. Returns
 * what both say.
 */
export async function expectAgreement(invocation: Invocation): Promise<Outcome> {
  const expected = referenceOutcome(invocation);
  const kernels = await exactKernels();
  const hasProduct = invocation.program.nodes.some((node) => node?.op === 'matmul_nt');
  for (const kernel of hasProduct ? kernels : kernels.slice(0, 1)) {
    expectSameTrace(invocation.program, await loweredOutcome(invocation, kernel), expected);
    if ('fault' in expected) continue;
    expect(await runOutputs(invocation, kernel)).to.deep.equal(outputsAmong(invocation.program, expected.values));
  }
  return expected;
}

/** Names the first node that differs. */
function expectSameTrace({ nodes }: Program, actual: Outcome, expected: Outcome): void {
  if ('fault' in actual || 'fault' in expected) {
    expect(actual).to.deep.equal(expected);
    return;
  }
  expected.values.forEach((values, index) => {
    expect(actual.values[index], `node ${index}: ${JSON.stringify(nodes[index])}`).to.deep.equal(values);
  });
}
