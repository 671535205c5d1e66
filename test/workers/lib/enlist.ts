import { expect } from 'chai';

import { enlist, type Enlisting } from '../../../workers/lib/enlist.ts';
import { aSeat, aStake, aStanding, limits, ownerOf } from '../../helpers/runs.ts';

const enlisting: Enlisting = { role: 'miner', joiningPrice: 7n, joiningBond: 0n, workingBond: 10n };
const newcomer = aStanding(1, 'miner', {
  seat: undefined,
  stake: aStake(1, { node: undefined, free: 0n, wallet: 50n }),
});

describe('enlisting', () => {
  it('names itself as the node, deposits what is needed, and joins', () => {
    expect(enlist(newcomer, enlisting, limits)).to.deep.equal([
      { type: 'setNode' },
      { type: 'deposit', amount: 17n },
      { type: 'join', role: 'miner', maxPrice: 100n },
    ]);
  });

  it('fills the stake up to the reserve, as far as the wallet goes', () => {
    const amountWith = (reserve: bigint): unknown => {
      return enlist(newcomer, enlisting, { ...limits, reserve }).find(({ type }) => type === 'deposit');
    };
    expect(amountWith(40n)).to.deep.include({ amount: 40n });
    expect(amountWith(60n)).to.deep.include({ amount: 50n });
    expect(amountWith(5n)).to.deep.include({ amount: 17n });
  });

  it('has nothing to do as a member with enough stake', () => {
    expect(enlist(aStanding(1, 'miner'), enlisting, limits)).to.deep.equal([]);
  });

  it('counts what joining locks, and only for a joiner', () => {
    const bonded = { ...enlisting, role: 'validator', joiningBond: 30n } as const;
    const joiner = aStanding(1, 'validator', { seat: undefined, stake: aStake(1, { free: 46n, wallet: 9n }) });
    expect(enlist(joiner, bonded, limits)[0]).to.deep.equal({ type: 'deposit', amount: 1n });
    expect(enlist(aStanding(1, 'validator', { stake: aStake(1, { free: 10n }) }), bonded, limits)).to.deep.equal([]);
  });

  it('says what is lacking instead of half of it', () => {
    const poor = { ...newcomer, stake: { ...newcomer.stake, free: 3n, wallet: 13n } };
    expect(enlist(poor, enlisting, limits)).to.deep.equal([{ type: 'lackStake', needed: 17n, available: 16n }]);
    const enough = { ...newcomer, stake: { ...newcomer.stake, free: 3n, wallet: 14n } };
    expect(enlist(enough, enlisting, limits)).to.deep.include({ type: 'deposit', amount: 14n });
  });

  it('waits while a seat costs more than allowed, and says so', () => {
    const dear = { type: 'tooDear', price: 101n, most: 100n };
    expect(enlist(newcomer, { ...enlisting, joiningPrice: 101n }, limits)).to.deep.equal([dear]);
    expect(enlist({ ...newcomer, stake: aStake(1) }, { ...enlisting, joiningPrice: 100n }, limits)).to.have.length(1);
  });

  it('leaves everything to the owner when it signs for someone else', () => {
    expect(enlist({ ...newcomer, key: ownerOf(9) }, enlisting, limits)).to.deep.equal([]);
  });

  it('does not come back after its owner has left, and says so', () => {
    const left = aStanding(1, 'miner', { seat: aSeat(1, 'miner', { until: 3 }) });
    expect(enlist(left, enlisting, limits)).to.deep.equal([{ type: 'stayOut', last: 3 }]);
  });

  it('needs no seat to aggregate or challenge, whatever became of one', () => {
    const left = aStanding(1, 'miner', { seat: aSeat(1, 'miner', { until: 3 }), stake: newcomer.stake });
    const seatless = { ...enlisting, role: undefined, joiningPrice: 0n, joiningBond: 0n };
    expect(enlist(left, seatless, limits).map(({ type }) => type)).to.deep.equal(['setNode', 'deposit']);
  });

  it('takes the deposit back once nothing can be held against it any more', () => {
    const left = aStanding(1, 'miner', { seat: aSeat(1, 'miner', { until: 3 }), deposit: 77n });
    expect(enlist(left, enlisting, limits)).to.deep.equal([{ type: 'release', claimId: 77n }]);
  });
});
