import { expect } from 'chai';

import { memberSet } from '../../../sdk/member-set.ts';
import { verdictIdOf } from '../../../sdk/verdicts.ts';
import { absentIn, unservedIn } from '../../../workers/lib/service.ts';
import { aDuty, aRound, aSealedRound, miners } from '../../helpers/runs.ts';

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

describe('absence', () => {
  const audited = aRound({ status: 'audited', duties, availability });
  const given = [{ claimId: verdictIdOf(served.claimId, 3, 1) }];

  it('is of a validator on duty that has given no verdict on an available claim', () => {
    expect(absentIn(audited, given)).to.deep.equal([{ claimId: served.claimId, validator: 4 }]);
    expect(absentIn({ ...audited, status: 'aggregated' }, [])).to.have.length(2);
  });

  it('is of nobody before the audit is over, nor once the round is settled', () => {
    expect(absentIn({ ...audited, status: 'sealed' }, [])).to.deep.equal([]);
    expect(absentIn({ ...audited, status: 'settled' }, [])).to.deep.equal([]);
  });

  it('is of nobody where the claim is challenged or void', () => {
    for (const status of ['frozen', 'voided'] as const) {
      expect(absentIn({ ...audited, duties: [{ ...served, status }] }, [])).to.deep.equal([]);
    }
  });
});
