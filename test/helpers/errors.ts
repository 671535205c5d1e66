import { expect } from 'chai';

import { SwarmlockError } from '../../engine/errors.ts';

/** The SwarmlockError that `work` must fail with; the assertion is on its code. */
export async function failsWith(code: string, work: Promise<unknown> | (() => unknown)): Promise<SwarmlockError> {
  try {
    await (typeof work === 'function' ? work() : work);
  } catch (error) {
    if (!(error instanceof SwarmlockError)) throw error;
    expect(error.code).to.equal(code);
    return error;
  }
  return expect.fail(`expected ${code}, and nothing was thrown`);
}
