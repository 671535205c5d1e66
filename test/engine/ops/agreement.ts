import { expect } from 'chai';
import fc from 'fast-check';
import { operators } from '../../../engine/ops/index.ts';
import { expectAgreement } from '../../helpers/agreement.ts';
import { invocationOfOne } from '../../helpers/programs.ts';
import { applications } from '../../helpers/operators/applications.ts';
import { movements } from '../../helpers/operators/movements.ts';
import { updates } from '../../helpers/operators/updates.ts';

describe('lowered operators', function () {
  this.timeout(60_000);
  const known = { ...applications, ...movements, ...updates };

  it('are each compared with the reference', () => {
    expect(Object.keys(known).toSorted()).to.deep.equal([...operators.keys()].toSorted());
  });

  for (const [op, arbitrary] of Object.entries(known)) {
    it(`${op} has the values and the faults of its reference`, async () => {
      const property = fc.asyncProperty(arbitrary, async (application) => {
        await expectAgreement(invocationOfOne(application));
      });
      await fc.assert(property, { numRuns: 100 });
    });
  }
});
