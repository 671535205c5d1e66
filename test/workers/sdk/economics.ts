import { expect } from 'chai';

import { cheats, convictedWithin, economicsOf, type Prices } from '../../../sdk/economics.ts';
import { failsWith } from '../../helpers/errors.ts';

const prices: Prices = {
  roundCost: 12,
  roundShares: 100,
  sharePrice: 0.2,
  outsideGain: 50,
  colluding: 0.25,
  auditRate: 0.1,
  segments: 16,
  probationRounds: 1,
  rounds: 20,
};

describe('the economics of cheating', () => {
  it('ask for S > (C + G) / (p (1 - r)) - R, and for twice that as only half of a bond is burned', () => {
    const { forfeit, bond, cheats: found } = economicsOf(prices);
    expect(forfeit).to.be.closeTo(2 * 20, 1e-9);
    expect(found.everyStep.bond).to.be.closeTo(2 * ((12 + 50) / (0.1 * 0.75) - 40), 1e-9);
    expect(bond).to.equal(found.everyStep.bond);
  });

  it('make cheating until a conviction neither a gain nor a loss at exactly that bond', () => {
    const { forfeit, cheats: found } = economicsOf(prices);
    for (const cheat of cheats) {
      const { saved, detection, bond } = found[cheat];
      const caught = detection * (1 - prices.colluding);
      let gain = 0;
      for (let round = 0; round < 50_000; round += 1) gain += (1 - caught) ** round * (saved + prices.outsideGain);
      expect(gain - (bond / 2 + forfeit), cheat).to.be.closeTo(0, 1e-6);
    }
  });

  it('find a cheat that is in the last segment in every audit, and a step elsewhere in one segment of the others', () => {
    const { cheats: found } = economicsOf(prices);
    expect(found.everyStep.detection).to.equal(0.1);
    expect(found.lastStep.detection).to.equal(0.1);
    expect(found.oneStep.detection).to.be.closeTo(0.1 / 15, 1e-12);
    expect(economicsOf({ ...prices, segments: 1 }).cheats.oneStep.detection).to.equal(0.1);
  });

  it('convict a cheat in every step within 10 rounds with 65%, and within 20 with 88%', () => {
    expect(convictedWithin(10, 0.1)).to.be.closeTo(0.6513, 1e-4);
    expect(convictedWithin(20, 0.1)).to.be.closeTo(0.8784, 1e-4);
    const { convicted } = economicsOf({ ...prices, colluding: 0 }).cheats.everyStep;
    expect(convicted).to.equal(convictedWithin(20, 0.1));
  });

  it('count as forfeited what has not vested right after probation, at most the rounds that vest at a time', () => {
    const unvested = (changes: Partial<Prices>) => economicsOf({ ...prices, ...changes }).unvestedRounds;
    expect(economicsOf(prices).vestingRounds).to.equal(10);
    expect(unvested({ probationRounds: 0 })).to.equal(1);
    expect(unvested({ probationRounds: 9 })).to.equal(10);
    expect(unvested({ probationRounds: 100 })).to.equal(10);
    expect(economicsOf({ ...prices, auditRate: 0.3 }).vestingRounds).to.equal(4);
  });

  it('ask for no bond where the pay alone deters', () => {
    expect(economicsOf({ ...prices, sharePrice: 1_000 }).bond).to.equal(0);
  });

  it('take every bound and refuse what lies beyond it, by name', async () => {
    const bounds: readonly (readonly [keyof Prices, readonly number[], readonly number[]])[] = [
      ['roundCost', [0, 1e12], [-1, Infinity, NaN]],
      ['roundShares', [0], [-1]],
      ['sharePrice', [0], [-0.1]],
      ['outsideGain', [0], [-1]],
      ['colluding', [0, 0.999], [-0.1, 1]],
      ['auditRate', [0.0001, 1], [0, 1.01, NaN]],
      ['segments', [1, 16], [0, 17, 1.5]],
      ['probationRounds', [0, 255], [-1, 256]],
      ['rounds', [1, 1_000_000], [0, 1_000_001, 2.5]],
    ];
    for (const [field, right, wrong] of bounds) {
      for (const value of right) expect(economicsOf({ ...prices, [field]: value }).bond).to.be.at.least(0);
      for (const value of wrong) {
        const error = await failsWith('ECONOMICS_INVALID', () => economicsOf({ ...prices, [field]: value }));
        expect(error.argument).to.equal(field);
      }
    }
  });
});
