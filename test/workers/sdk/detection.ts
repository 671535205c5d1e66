import { expect } from 'chai';
import { keccak256, toHex } from 'viem';

import { convictions, foundWhenDrawn, simulate } from '../../../bench/detection.ts';
import { auditedSegments, drawOf } from '../../../sdk/draw.ts';
import { convictedWithin } from '../../../sdk/economics.ts';

const settings = { rounds: 200, seats: 50, auditRate: 0.1, steps: 30, segments: 15, seed: 7 };

describe('the draw', () => {
  const parameters = { auditRate: 1_000, probationRounds: 2, segments: 4 };
  const at = (number: number, beaconLost = false) =>
    drawOf({ beacon: keccak256(toHex(number)), beaconLost, runId: 1n, number, seat: 3, since: 10 }, parameters);

  it('is certain in probation and when the beacon is lost', () => {
    expect([at(10).drawn, at(11).drawn]).to.deep.equal([true, true]);
    const numbers = Array.from({ length: 100 }, (_, i) => i + 12);
    expect(numbers.some((number) => at(number).drawn)).to.equal(true);
    expect(numbers.every((number) => at(number).drawn)).to.equal(false);
    expect(numbers.every((number) => at(number, true).drawn)).to.equal(true);
  });

  it('takes each segment but the last, which is audited anyway', () => {
    const segments = new Set(Array.from({ length: 100 }, (_, i) => at(i).segment));
    expect([...segments].toSorted((a, b) => a - b)).to.deep.equal([0, 1, 2]);
    expect(auditedSegments({ drawn: true, segment: 1 }, parameters)).to.deep.equal([1, 3]);
    expect(auditedSegments({ drawn: true, segment: 0 }, { segments: 1 })).to.deep.equal([0]);
  });
});

describe('the bench of detection', () => {
  it('finds cheats as often as the formula says, within four standard errors', () => {
    const { drawn, found } = simulate(settings);
    expect(drawn / (settings.rounds * settings.seats)).to.be.closeTo(0.1, 4 * 0.003);
    const all = Array.from({ length: 30 }, (_, first) => ({ first, length: 1 }));
    expect(foundWhenDrawn(all, settings)).to.equal(1);
    for (const cheat of ['everyStep', 'lastStep'] as const) {
      const { rate, error } = convictions(found[cheat], 10);
      expect(rate, cheat).to.be.closeTo(convictedWithin(10, 0.1), 4 * error);
    }
    const { rate, error } = convictions(found.oneStepInTen, 10);
    expect(rate).to.be.closeTo(convictedWithin(10, 0.1 * foundWhenDrawn(tenths, settings)), 4 * error);
  });

  const tenths = [0, 10, 20].map((first) => ({ first, length: 10 }));

  it('knows the chance that an audit finds one wrong step in ten', () => {
    // The last segment is wrong with 1/5; else three others of fourteen are.
    expect(foundWhenDrawn(tenths, settings)).to.be.closeTo(1 / 5 + (4 / 5) * (3 / 14), 1e-12);
    expect(foundWhenDrawn([{ first: 29, length: 1 }], settings)).to.equal(1);
    expect(foundWhenDrawn([{ first: 0, length: 1 }], settings)).to.be.closeTo(1 / 14, 1e-12);
    expect(foundWhenDrawn([{ first: 0, length: 1 }], { steps: 30, segments: 1 })).to.equal(1);
  });

  it('counts a cheat from where the one before it has ended', () => {
    const history = Uint8Array.from([0, 1, 0, 0, 0, 0, 1]);
    expect(convictions([history], 2).rate).to.equal(1 / 3);
    expect(convictions([history], 1).rate).to.equal(2 / 7);
  });
});
