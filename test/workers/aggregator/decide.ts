import { expect } from 'chai';

import { memberSet } from '../../../sdk/member-set.ts';
import type { RoundAggregate } from '../../../sdk/round.ts';
import { candidatesOf, decide, type AggregatorFacts } from '../../../workers/aggregator/decide.ts';
import {
  aDuty,
  anAggregate,
  aRound,
  aRun,
  aStake,
  aStanding,
  limits,
  miners,
  parameters,
  rootOf,
} from '../../helpers/runs.ts';

const duties = [aDuty(1, { drawn: true }), aDuty(2, { drawn: true }), aDuty(3)];
const availability = { committee: miners, needed: 2, said: miners, published: 0n, available: miners };
const round = aRound({ status: 'audited', aggregateDeadline: 1_140, duties, availability });

const facts = (changes: Partial<AggregatorFacts> = {}): AggregatorFacts => ({
  run: aRun({ time: 1_111, status: 'audited' }),
  round,
  moved: undefined,
  parameters,
  verified: [rootOf(50)],
  dueFor: 0,
  tickAfter: 0,
  standing: aStanding(9, 'miner', { seat: undefined }),
  limits,
  computed: [],
  claimed: [],
  releasable: [],
  ...changes,
});

const computed = [{ round: 5, candidates: miners, nextRoot: rootOf(60) }];
const typesOf = (changes: Partial<AggregatorFacts>): string[] => decide(facts(changes)).map(({ type }) => type);

describe('aggregator', () => {
  it('waits until the audit is closed', () => {
    expect(typesOf({ round: { ...round, status: 'sealed' } })).to.deep.equal([]);
  });

  it('computes the outer step over the candidates, then claims it', () => {
    expect(decide(facts())).to.deep.equal([{ type: 'aggregate', round: 5, parent: rootOf(50), candidates: miners }]);
    expect(decide(facts({ computed }))).to.deep.equal([
      { type: 'claim', round: 5, accepted: miners, nextRoot: rootOf(60) },
    ]);
  });

  const aggregated = (...aggregates: readonly RoundAggregate[]) =>
    aRound({ ...round, status: 'aggregated', aggregates });
  const wrong = { nextRoot: rootOf(66) };

  it('computes what stands, and has nothing to do when it is right', () => {
    expect(typesOf({ round: aggregated(anAggregate()) })).to.deep.equal(['aggregate']);
    expect(typesOf({ round: aggregated(anAggregate()), computed })).to.deep.equal([]);
  });

  it('claims its own beside a wrong one that stands, and not beside a right one', () => {
    expect(typesOf({ round: aggregated(anAggregate(wrong)), computed })).to.deep.equal(['claim']);
    expect(typesOf({ round: aggregated(anAggregate(wrong), anAggregate()), computed })).to.deep.equal([]);
  });

  it('leaves one alone whose members were all that were due when it was claimed', () => {
    const challenged = { ...aggregated(anAggregate()), challenged: memberSet([1]) };
    expect(typesOf({ round: challenged, computed })).to.deep.equal([]);
    const beside = { ...aggregated(anAggregate(wrong)), challenged: memberSet([1]) };
    const candidates = memberSet([0, 2]);
    expect(decide(facts({ round: beside, computed }))).to.deep.equal([
      { type: 'aggregate', round: 5, parent: rootOf(50), candidates },
    ]);
    const both = [...computed, { round: 5, candidates, nextRoot: rootOf(61) }];
    expect(decide(facts({ round: beside, computed: both }))).to.deep.equal([
      { type: 'claim', round: 5, accepted: candidates, nextRoot: rootOf(61) },
    ]);
  });

  it('claims a root once, also when its claim was challenged', () => {
    const challenged = aRound({ ...round, aggregates: [anAggregate({ stands: false })] });
    expect(typesOf({ round: challenged, computed, claimed: [rootOf(60)] })).to.deep.equal([]);
  });

  it('claims beside a challenged aggregate of somebody else, as long as there is room', () => {
    const challenged = (times: number) => {
      return aRound({ ...round, aggregates: Array(times).fill(anAggregate({ ...wrong, stands: false })) });
    };
    expect(typesOf({ round: challenged(7), computed })).to.deep.equal(['claim']);
    expect(typesOf({ round: challenged(8), computed })).to.deep.equal([]);
  });

  it('computes again when a member was challenged in the meantime', () => {
    const challenged = { ...round, challenged: memberSet([1]) };
    expect(decide(facts({ round: challenged, computed }))).to.deep.equal([
      { type: 'aggregate', round: 5, parent: rootOf(50), candidates: memberSet([0, 2]) },
    ]);
  });

  it('looks again while a payload could not be got', () => {
    expect(typesOf({ computed: [] })).to.deep.equal(['aggregate']);
    expect(typesOf({ computed: [{ ...computed[0]!, round: 4 }] })).to.deep.equal(['aggregate']);
  });

  it('verifies the parent before it builds on it', () => {
    expect(typesOf({ verified: [] })).to.deep.equal(['verify']);
  });

  it('claims nothing from the deadline on', () => {
    expect(typesOf({ computed, run: aRun({ time: 1_139 }) })).to.deep.equal(['claim']);
    expect(typesOf({ computed, run: aRun({ time: 1_140 }) })).to.deep.equal([]);
  });

  it('leaves a round alone in which nobody is left', () => {
    expect(typesOf({ round: { ...round, challenged: miners } })).to.deep.equal([]);
  });

  it('brings its bond, but takes no seat', () => {
    const stake = aStake(9, { free: 0n, wallet: 30n });
    const standing = aStanding(9, 'miner', { seat: undefined, stake });
    expect(typesOf({ standing, round: aRound() })).to.deep.equal(['deposit']);
  });

  it('frees the bonds of its final claims', () => {
    expect(decide(facts({ round: aRound(), releasable: [8n] }))).to.deep.equal([{ type: 'release', claimId: 8n }]);
  });

  it('moves the run when a step is due', () => {
    expect(typesOf({ run: aRun({ due: 'settle' }), round: aRound() })).to.deep.equal(['tick']);
  });
});

describe('candidates of an aggregate', () => {
  it('are those that are available and not challenged', () => {
    const some = { ...availability, available: memberSet([0, 2]) };
    expect(candidatesOf({ round: { ...round, availability: some } })).to.equal(memberSet([0, 2]));
    expect(candidatesOf({ round: { ...round, challenged: memberSet([2]) } })).to.equal(memberSet([0, 1]));
  });
});
