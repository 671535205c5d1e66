import { expect } from 'chai';
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
 * Holds the lowered program against the reference with every exact kernel, traced and as it is run in normal work. Returns
 * what both say.
 */
export async function expectAgreement(invocation: Invocation): Promise<Outcome> {
  const expected = referenceOutcome(invocation);
  for (const kernel of await exactKernels()) {
    expect(await loweredOutcome(invocation, kernel)).to.deep.equal(expected);
    if ('fault' in expected) continue;
    expect(await runOutputs(invocation, kernel)).to.deep.equal(outputsAmong(invocation.program, expected.values));
  }
  return expected;
}
