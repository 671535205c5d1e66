import { expect } from 'chai';

import { createPace } from '../../../workers/miner/pace.ts';

const extent = { least: 2, most: 8, until: 1_000 };

describe('the pace of a miner', () => {
  it('lets it do all segments while it is not known', () => {
    expect(createPace().plan(extent, 999, 0)).to.equal(8);
  });

  it('fits as many segments as end in time, and not one more', () => {
    const pace = createPace();
    pace.note(100);
    expect([600, 601].map((time) => pace.plan(extent, time, 0))).to.deep.equal([4, 3]);
    expect([600, 601].map((time) => pace.plan(extent, time, 3))).to.deep.equal([7, 6]);
  });

  it('keeps within the bounds of the run, and never takes back what is done', () => {
    const pace = createPace();
    pace.note(100);
    expect(pace.plan(extent, 0, 0)).to.equal(8);
    expect(pace.plan(extent, 2_000, 0)).to.equal(2);
    expect(pace.plan(extent, 1_000, 5)).to.equal(5);
  });

  it('expects the slower of the last two segments', () => {
    const pace = createPace();
    const planned = [100, 400, 100, 100].map((seconds) => {
      pace.note(seconds);
      return pace.plan(extent, 200, 0);
    });
    expect(planned).to.deep.equal([8, 2, 2, 8]);
  });
});
