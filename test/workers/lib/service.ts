import { expect } from 'chai';

import { unservedIn } from '../../../workers/lib/service.ts';
import { aDuty, aRound, aSealedRound, miners } from '../../helpers/runs.ts';
import { memberSet } from '../../../sdk/member-set.ts';

const availability = { committee: miners, needed: 2, said: miners, published: 0n, available: memberSet([1]) };
const [missing, served, spared] = [aDuty(1, { drawn: true }), aDuty(2, { drawn: true }), aDuty(3)];
const duties = [missing, served, spared];

describe('service', () => {
  it('names the drawn miners that were not available when the audit closed', () => {
    for (const status of ['audited', 'aggregated', 'settled'] as const) {
      expect(unservedIn(aRound({ status, duties, availability }))).to.deep.equal([missing.claimId]);
    }
  });

  it('names nobody while there is time to serve', () => {
    expect(unservedIn(aRound({ duties, availability }))).to.deep.equal([]);
    expect(unservedIn(aSealedRound({ duties, availability }))).to.deep.equal([]);
  });

  it('names nobody whose deposit is lost already, or free', () => {
    for (const deposit of ['voided', 'final'] as const) {
      const round = aRound({ status: 'audited', duties: [{ ...missing, deposit }], availability });
      expect(unservedIn(round)).to.deep.equal([]);
    }
  });
});
