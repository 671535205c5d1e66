import { expect } from 'chai';

import { memberSet } from '../../../sdk/member-set.ts';
import { chainsOn, tickWhenDue, verifyAggregate, verifyState, type Progress } from '../../../workers/lib/progress.ts';
import { aDuty, anAggregate, aRound, aRun, parameters, rootOf } from '../../helpers/runs.ts';

const progress = (changes: Partial<Progress> = {}): Progress => ({
  run: aRun(),
  round: aRound(),
  moved: undefined,
  parameters,
  verified: [rootOf(50)],
  dueFor: 0,
  tickAfter: 0,
  ...changes,
});

describe('ticking', () => {
  it('moves the run when a step is due, and not otherwise', () => {
    expect(tickWhenDue(progress())).to.deep.equal([]);
    expect(tickWhenDue(progress({ run: aRun({ due: 'draw' }) }))).to.deep.equal([{ type: 'tick' }]);
  });

  it('leaves others their time to be first', () => {
    const due = { run: aRun({ due: 'settle' }), tickAfter: 5 } as const;
    expect(tickWhenDue(progress({ ...due, dueFor: 4 }))).to.deep.equal([]);
    expect(tickWhenDue(progress({ ...due, dueFor: 5 }))).to.deep.equal([{ type: 'tick' }]);
  });

  it('proves the randomness that a sealed round waits for, after the same time', () => {
    const round = aRound({ status: 'sealed', ticket: 70n });
    expect(tickWhenDue(progress({ round }))).to.deep.equal([{ type: 'prove', ticket: 70n }]);
    expect(tickWhenDue(progress({ round, dueFor: 4, tickAfter: 5 }))).to.deep.equal([]);
    expect(tickWhenDue(progress({ round, dueFor: 5, tickAfter: 5 }))).to.have.length(1);
  });

  it('proves nothing before a round asks, nor once its beacon is drawn or lost', () => {
    for (const changes of [{ ticket: 0n }, { ticket: 70n, beacon: rootOf(9) }, { ticket: 70n, beaconLost: true }]) {
      expect(tickWhenDue(progress({ round: aRound({ status: 'sealed', ...changes }) }))).to.deep.equal([]);
    }
    const round = aRound({ status: 'sealed', ticket: 70n });
    expect(tickWhenDue(progress({ round, run: aRun({ due: 'draw' }) }))).to.deep.equal([{ type: 'tick' }]);
  });
});

describe('verifying states', () => {
  it('has nothing to recompute when it holds the state', () => {
    expect(verifyState(progress())).to.deep.equal([]);
  });

  it('starts from the recipe when no round has moved the state', () => {
    expect(verifyState(progress({ verified: [] }))).to.deep.equal([
      { type: 'verify', root: rootOf(50), from: undefined },
    ]);
  });

  it('recomputes the last aggregate that moved the state, however long ago', () => {
    const aggregate = anAggregate({ accepted: memberSet([0, 2]), nextRoot: rootOf(50) });
    const moved = aRound({ number: 3, status: 'settled', parent: rootOf(30), aggregates: [aggregate] });
    expect(verifyState(progress({ verified: [rootOf(30)], moved }))).to.deep.equal([
      { type: 'verify', root: rootOf(50), from: { round: 3, parent: rootOf(30), accepted: memberSet([0, 2]) } },
    ]);
  });

  it('recomputes a standing aggregate while it may be challenged, once', () => {
    const round = aRound({ status: 'aggregated', aggregates: [anAggregate()] });
    const [action] = verifyAggregate(progress({ round }));
    expect(action).to.deep.include({ type: 'verify', root: rootOf(60) });
    expect(verifyAggregate(progress({ round, verified: [rootOf(60)] }))).to.deep.equal([]);
  });

  it('recomputes the first that stands', () => {
    const aggregates = [anAggregate({ stands: false }), anAggregate({ nextRoot: rootOf(61) }), anAggregate()];
    const [action] = verifyAggregate(progress({ round: aRound({ status: 'aggregated', aggregates }) }));
    expect(action).to.deep.include({ type: 'verify', root: rootOf(61) });
  });

  it('leaves an aggregate alone that does not stand', () => {
    const round = aRound({ status: 'audited', aggregates: [anAggregate({ stands: false })] });
    expect(verifyAggregate(progress({ round }))).to.deep.equal([]);
  });
});

describe('chaining of local state', () => {
  const before = aRound({
    number: 6,
    status: 'settled',
    aggregates: [anAggregate({ accepted: memberSet([0, 1]) })],
    duties: [aDuty(1), aDuty(2, { status: 'voided' }), aDuty(3)],
  });

  it('goes on from accepted work', () => {
    expect(chainsOn(before, 1, parameters)).to.equal(true);
  });

  it('starts from zero after work that was voided, excluded or never committed', () => {
    expect(chainsOn(before, 2, parameters)).to.equal(false);
    expect(chainsOn(before, 3, parameters)).to.equal(false);
    expect(chainsOn(before, 4, parameters)).to.equal(false);
  });

  it('starts from zero in the first round of an epoch', () => {
    expect(chainsOn({ ...before, number: 7 }, 1, parameters)).to.equal(true);
    expect(chainsOn({ ...before, number: 8 }, 1, parameters)).to.equal(false);
  });

  it('starts from zero after a round that settled on nothing', () => {
    expect(chainsOn({ ...before, aggregate: undefined }, 1, parameters)).to.equal(false);
  });
});
