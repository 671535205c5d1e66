import { expect } from 'chai';

import { memberSet } from '../../../sdk/member-set.ts';
import { claimIdOf } from '../../../sdk/claims.ts';
import type { VerdictPhase } from '../../../sdk/verdicts.ts';
import { decide, type Judgement, type Outcome, type ValidatorFacts } from '../../../workers/validator/decide.ts';
import {
  aDuty,
  anAggregate,
  aRound,
  aRun,
  aSealedRound,
  aStanding,
  limits,
  parameters,
  rootOf,
} from '../../helpers/runs.ts';

const first = aDuty(1, { drawn: true, segment: 1 });
const second = aDuty(2, { drawn: true, segment: 3 });
const spared = aDuty(3);
const round = aSealedRound({ duties: [first, second, spared] });

const facts = (changes: Partial<ValidatorFacts> = {}): ValidatorFacts => ({
  run: aRun({ time: 1_071, status: 'sealed' }),
  round,
  moved: undefined,
  parameters,
  verified: [rootOf(50)],
  dueFor: 0,
  tickAfter: 0,
  standing: aStanding(4, 'validator'),
  limits,
  judgements: [],
  sealing: { phase: 'sealing', sealers: 0n, roots: { duty: undefined, standIn: undefined } },
  seals: {},
  revealed: [],
  releasable: [],
  claimable: [],
  accused: [],
  unserved: [],
  absent: [],
  patience: 10,
  received: { round: 0, members: 0n, looked: 0n },
  ...changes,
});

/** The segment root that differs is the drawn one. */
const wrong = { subject: 'segment', segment: 1 } as const;
const judged = ({ claimId }: { claimId: bigint }, outcome: Outcome): Judgement => {
  return { claimId, outcome, ...(outcome === 'differs' ? { wrong } : {}) };
};
const typesOf = (changes: Partial<ValidatorFacts>): string[] => decide(facts(changes)).map(({ type }) => type);

describe('validator: auditing', () => {
  it('waits for the beacon', () => {
    expect(typesOf({ round: aRound({ duties: [aDuty(1)] }) })).to.deep.equal([]);
    expect(typesOf({ round: aRound({ status: 'sealed', duties: [aDuty(1)] }) })).to.deep.equal([]);
  });

  it('re-executes the drawn segment and the last one of each drawn claim', () => {
    expect(decide(facts())).to.deep.equal([
      { type: 'audit', round: 5, duty: first, segments: [1, 3] },
      { type: 'audit', round: 5, duty: second, segments: [3] },
    ]);
  });

  it('audits everyone when the beacon was lost', () => {
    const lost = aSealedRound({ beacon: undefined, beaconLost: true, duties: [first] });
    expect(typesOf({ round: lost })).to.deep.equal(['audit']);
  });

  it('audits only what it is on duty for', () => {
    const duties = [first, { ...second, validators: memberSet([4]) }, spared];
    expect(decide(facts({ round: { ...round, duties } }))).to.deep.equal([
      { type: 'audit', round: 5, duty: first, segments: [1, 3] },
    ]);
  });

  it('has nothing to do where only others are on duty', () => {
    const duties = [{ ...first, validators: memberSet([4]) }, spared];
    expect(typesOf({ round: { ...round, duties } })).to.deep.equal([]);
  });

  it('audits what it stands in for, once it is known who was absent', () => {
    const duties = [{ ...first, validators: memberSet([4]), standIns: memberSet([3]) }];
    const at = (phase: VerdictPhase) => ({
      round: { ...round, duties },
      sealing: { phase, sealers: memberSet([3]), roots: { duty: rootOf(9), standIn: undefined } },
    });
    expect(typesOf(at('sealing'))).to.deep.equal([]);
    expect(typesOf(at('standingIn'))).to.deep.equal(['audit']);
  });

  it('judges a claim once', () => {
    const actions = decide(facts({ judgements: [judged(first, 'match')] }));
    expect(actions).to.deep.equal([{ type: 'audit', round: 5, duty: second, segments: [3] }]);
  });

  it('does nothing as a validator that is not active, or has reported', () => {
    expect(typesOf({ run: aRun({ time: 1_071, activeValidators: memberSet([4]) }) })).to.deep.equal([]);
    expect(typesOf({ round: { ...round, reported: memberSet([3]) } })).to.deep.equal([]);
  });

  it('verifies the state first when it does not hold it', () => {
    expect(typesOf({ verified: [] })).to.deep.equal(['verify', 'audit', 'audit']);
  });
});

describe('validator: challenging and reporting', () => {
  it('reports whom it has audited when all drawn claims are judged', () => {
    const judgements = [judged(first, 'match'), judged(second, 'match')];
    expect(decide(facts({ judgements }))).to.deep.equal([{ type: 'report', round: 5, audited: memberSet([0, 1]) }]);
  });

  it('closes the audit at once when nobody was drawn', () => {
    const none = aSealedRound({ duties: [spared] });
    expect(decide(facts({ round: none }))).to.deep.equal([{ type: 'report', round: 5, audited: 0n }]);
  });

  it('brings a difference to the game once, and reports only when the challenge is on chain', () => {
    const judgements = [judged(first, 'differs'), judged(second, 'match')];
    expect(decide(facts({ judgements }))).to.deep.equal([
      { type: 'accuse', accusation: { claimId: first.claimId, ...wrong } },
    ]);
    const accused = [first.claimId];
    expect(decide(facts({ judgements, accused }))).to.deep.equal([]);
    const frozen = aSealedRound({ duties: [{ ...first, status: 'frozen' }, second, spared] });
    expect(decide(facts({ round: frozen, judgements, accused }))).to.deep.equal([
      { type: 'report', round: 5, audited: memberSet([0, 1]) },
    ]);
  });

  it('looks also at a claim that somebody else has challenged, and at none that has lost', () => {
    const challenged = (status: 'frozen' | 'voided') => aSealedRound({ duties: [{ ...first, status }] });
    expect(typesOf({ round: challenged('frozen') })).to.deep.equal(['audit']);
    expect(decide(facts({ round: challenged('voided') }))).to.deep.equal([{ type: 'report', round: 5, audited: 0n }]);
  });

  it('leaves it to one to say that nobody is on duty', () => {
    const none = aSealedRound({ duties: [spared], reported: memberSet([4]) });
    expect(typesOf({ round: none })).to.deep.equal([]);
  });

  it('accuses also after the audit has closed', () => {
    const closed = aRound({ status: 'audited', duties: [first] });
    expect(typesOf({ round: closed, judgements: [judged(first, 'differs')] })).to.deep.equal(['accuse']);
  });

  it('looks again for what a miner has not served, until its patience ends', () => {
    const judgements = [judged(first, 'missing'), judged(second, 'match')];
    expect(typesOf({ judgements, run: aRun({ time: 1_079 }) })).to.deep.equal(['audit']);
    expect(decide(facts({ judgements, run: aRun({ time: 1_080 }) }))).to.deep.include({
      type: 'report',
      round: 5,
      audited: memberSet([1]),
    });
  });

  it('is not so patient that it could not seal in time', () => {
    const judgements = [judged(first, 'missing'), judged(second, 'match')];
    const patient = { judgements, patience: 1_000 };
    expect(typesOf({ ...patient, run: aRun({ time: 1_083 }) })).to.deep.equal(['audit']);
    expect(typesOf({ ...patient, run: aRun({ time: 1_084 }) })).to.deep.equal(['audit', 'report']);
  });

  it('no longer reports from the deadline on', () => {
    const judgements = [judged(first, 'match'), judged(second, 'match')];
    expect(typesOf({ judgements, run: aRun({ time: 1_149 }) })).to.deep.equal(['report']);
    expect(typesOf({ judgements, run: aRun({ time: 1_150 }) })).to.deep.equal([]);
  });
});

describe('validator: aggregates', () => {
  const aggregate = anAggregate();
  const standing = aRound({ status: 'aggregated', aggregates: [aggregate] });

  it('recomputes a standing aggregate, and again while a payload is missing', () => {
    const { claimId, accepted, nextRoot } = aggregate;
    const expected = { type: 'auditAggregate', round: 5, claimId, parent: rootOf(50), accepted, nextRoot };
    expect(decide(facts({ round: standing }))).to.deep.equal([expected]);
    const judgements = [judged(aggregate, 'missing')];
    expect(decide(facts({ round: standing, judgements }))).to.deep.equal([expected]);
  });

  it('recomputes each that stands beside another', () => {
    const [second, third] = [2, 3].map((number) => {
      return anAggregate({ claimId: claimIdOf({ kind: 'aggregate', runId: 1n, round: 5, number }) });
    });
    const aggregates = [aggregate, second!, { ...third!, stands: false }];
    const actions = decide(facts({ round: aRound({ status: 'aggregated', aggregates }) }));
    expect(actions.map((action) => 'claimId' in action && action.claimId)).to.deep.equal([
      aggregate.claimId,
      second!.claimId,
    ]);
  });

  it('is silent about an aggregate that it finds right', () => {
    const judgements = [judged(aggregate, 'match')];
    expect(typesOf({ round: standing, judgements })).to.deep.equal([]);
  });

  it('brings a wrong one to the game, once', () => {
    const judgements = [judged(aggregate, 'differs')];
    expect(typesOf({ round: standing, judgements })).to.deep.equal(['accuse']);
    expect(typesOf({ round: standing, judgements, accused: [aggregate.claimId] })).to.deep.equal([]);
  });
});
