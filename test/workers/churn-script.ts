import { expect } from 'chai';

import { cheatKinds } from '../../bench/lib/churn/cheats.ts';
import { lastCheat, writeScript, type Life, type Plot } from '../../bench/lib/churn/script.ts';

const plot: Plot = {
  rounds: 20,
  seed: 1,
  founders: 5,
  guests: 3,
  lanes: 3,
  kinds: cheatKinds,
  probation: 2,
};

const seeds = Array.from({ length: 50 }, (_, seed) => seed);

describe('the script of a run with churn', () => {
  /** Miners whose process is there in a round and whose seat counts. */
  const presentIn = (script: readonly Life[], round: number) =>
    script.filter(({ joins, leaves = Infinity, killed = Infinity, returns = Infinity }) => {
      return joins < round && round <= leaves && (round < killed || round >= returns);
    });

  it('is the same for the same seed, and another one for another', () => {
    expect(writeScript(plot)).to.deep.equal(writeScript(plot));
    expect(writeScript(plot)).to.not.deep.equal(writeScript({ ...plot, seed: 2 }));
  });

  it('keeps between five and eleven miners at work, of whom honest ones are the most', () => {
    for (const seed of seeds) {
      const script = writeScript({ ...plot, seed });
      for (let round = 1; round <= plot.rounds; round += 1) {
        const present = presentIn(script, round);
        const honest = present.filter(({ cheats }) => cheats === undefined);
        expect(present.length, `round ${round} of seed ${seed}`).to.be.within(5, 11);
        expect(2 * honest.length).to.be.greaterThan(present.length);
      }
    }
  });

  it('has every kind of cheat once, in rounds in which it is a member, before the run is over', () => {
    for (const seed of seeds) {
      const script = writeScript({ ...plot, seed });
      const cheats = script.filter((life) => life.cheats !== undefined);
      expect(cheats.map(({ cheats: one }) => one!.kind)).to.have.members([...cheatKinds]);
      for (const { joins, leaves, cheats: one } of cheats) {
        expect(one!.first).to.be.greaterThan(joins);
        expect(one!.last).to.equal(leaves);
      }
      expect(lastCheat(script)).to.be.lessThan(plot.rounds);
    }
  });

  it('has some cheat at once and others when nobody looks at them for certain', () => {
    const waits = writeScript(plot).flatMap(({ joins, cheats }) => (cheats ? [cheats.first - joins - 1] : []));
    expect(waits).to.include(0);
    expect(waits.some((wait) => wait >= plot.probation)).to.equal(true);
  });
});
