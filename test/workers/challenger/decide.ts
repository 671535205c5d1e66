import { expect } from 'chai';

import { decide, type ChallengerFacts, type Judgement, type Watched } from '../../../workers/challenger/decide.ts';
import { aRound, aRun, aStake, aStanding, limits, parameters, rootOf } from '../../helpers/runs.ts';

const standing = aStanding(9, 'miner', { seat: undefined });
const facts = (changes: Partial<ChallengerFacts> = {}): ChallengerFacts => ({
  run: aRun(),
  round: aRound(),
  moved: undefined,
  parameters,
  verified: [rootOf(50)],
  dueFor: 0,
  tickAfter: 0,
  standing,
  limits,
  watched: [],
  judgements: [],
  accused: [],
  ...changes,
});

const claim = (claimId: bigint, changes: Partial<Watched> = {}): Watched => {
  return { claimId, kind: 'work', round: 5, left: 100, ...changes };
};
const right = (claimId: bigint): Judgement => ({ claimId, wrong: undefined, missing: false });
const missing = (claimId: bigint): Judgement => ({ claimId, wrong: undefined, missing: true });
const wrong = (claimId: bigint): Judgement => {
  return { claimId, wrong: { claimId, subject: 'segment', segment: 1 }, missing: false };
};
const judged = (changes: Partial<ChallengerFacts>): bigint | undefined =>
  decide(facts(changes)).flatMap((action) => (action.type === 'judge' ? [action.claimId] : []))[0];

describe('challenger: watching', () => {
  it('recomputes one claim at a time: what is final first comes first', () => {
    const watched = [claim(1n), claim(2n, { left: 20 }), claim(3n, { left: 20, kind: 'aggregate' })];
    expect(judged({ watched })).to.equal(3n);
    expect(judged({ watched, judgements: [right(3n)] })).to.equal(2n);
    expect(judged({ watched, judgements: [right(3n), wrong(2n)] })).to.equal(1n);
    expect(judged({ watched, judgements: [right(1n), right(2n), right(3n)] })).to.equal(undefined);
  });

  it('goes through rounds from the first one on, where all become final together', () => {
    const watched = [claim(1n, { round: 6 }), claim(2n, { round: 5 }), claim(3n, { round: 6, kind: 'verdict' })];
    expect(judged({ watched })).to.equal(3n);
    expect(judged({ watched: watched.slice(0, 2) })).to.equal(2n);
  });

  it('looks again for what was missing, after everything else', () => {
    const watched = [claim(1n, { left: 1 }), claim(2n)];
    expect(judged({ watched, judgements: [missing(1n)] })).to.equal(2n);
    expect(judged({ watched, judgements: [missing(1n), right(2n)] })).to.equal(1n);
  });

  it('brings what is wrong to the game, once', () => {
    const judgements = [right(1n), wrong(2n)];
    expect(decide(facts({ judgements }))).to.deep.equal([
      { type: 'accuse', accusation: { claimId: 2n, subject: 'segment', segment: 1 } },
    ]);
    expect(decide(facts({ judgements, accused: [2n] }))).to.deep.equal([]);
  });

  it('takes no seat, and has a challenge bond free', () => {
    const poor = aStanding(9, 'miner', { seat: undefined, stake: aStake(9, { free: 0n, wallet: 100n }) });
    expect(decide(facts({ standing: poor }))).to.deep.equal([{ type: 'deposit', amount: parameters.challengeBond }]);
  });

  it('verifies the state on which others build', () => {
    expect(decide(facts({ verified: [] })).map(({ type }) => type)).to.deep.equal(['verify']);
  });
});
