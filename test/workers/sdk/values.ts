import { expect } from 'chai';
import fc from 'fast-check';

import { claimIdOf, claimKinds, parseClaimId } from '../../../sdk/claims.ts';
import { hasMember, indicesOf, memberSet, without } from '../../../sdk/member-set.ts';
import { roundOfEpoch } from '../../../sdk/run.ts';

const index = fc.integer({ min: 0, max: 255 });

describe('claim ids', () => {
  it('are what the contracts make of kind, run, round and number', () => {
    const id = claimIdOf({ kind: 'aggregate', runId: 2n, round: 3, number: 4 });
    expect(id).to.equal((1n << 128n) + (2n << 64n) + (3n << 32n) + 4n);
  });

  it('give back what they were made of', () => {
    const name = fc.record({
      kind: fc.constantFrom(...claimKinds),
      runId: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
      round: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      number: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    });
    fc.assert(
      fc.property(name, (made) => {
        expect(parseClaimId(claimIdOf(made))).to.deep.equal(made);
      }),
    );
  });
});

describe('member sets', () => {
  it('give back their members in ascending order', () => {
    fc.assert(
      fc.property(fc.uniqueArray(index), (members) => {
        expect(indicesOf(memberSet(members))).to.deep.equal(members.toSorted((a, b) => a - b));
      }),
    );
  });

  it('have what they were given and lose what is taken away', () => {
    fc.assert(
      fc.property(fc.uniqueArray(index), index, (members, taken) => {
        const set = memberSet(members);
        expect(hasMember(set, taken)).to.equal(members.includes(taken));
        expect(hasMember(without(set, memberSet([taken])), taken)).to.equal(false);
      }),
    );
  });
});

describe('epochs', () => {
  it('begin with the first round', () => {
    const positions = [1, 2, 3, 4, 5].map((round) => roundOfEpoch(round, { epochRounds: 2 }));
    expect(positions).to.deep.equal([0, 1, 0, 1, 0]);
  });
});
