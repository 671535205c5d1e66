import { expect } from 'chai';

import { isRevert, type ContractRevert } from '../../../sdk/errors.ts';

/** The refusal of a contract that `work` must meet with: by the name of the broken rule. */
export async function refused(rule: string, work: Promise<unknown>): Promise<ContractRevert> {
  try {
    await work;
  } catch (error) {
    if (!isRevert(error)) throw error;
    expect(error.rule).to.equal(rule);
    return error;
  }
  return expect.fail(`${rule} was expected, and nothing was refused`);
}
