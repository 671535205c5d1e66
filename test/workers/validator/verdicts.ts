import { expect } from 'chai';

import { memberSet } from '../../../sdk/member-set.ts';
import { sealTree, verdictIdOf, verdictWord, type RevealedVerdict, type Verdict } from '../../../sdk/verdicts.ts';
import { decide, type Found, type Judgement, type ValidatorFacts } from '../../../workers/validator/decide.ts';
import {
  aDuty,
  aRound,
  aRun,
  aSealedRound,
  aStake,
  aStanding,
  limits,
  ownerOf,
  parameters,
  rootOf,
} from '../../helpers/runs.ts';

const first = aDuty(1, { drawn: true, segment: 1 });
const second = aDuty(2, { drawn: true, segment: 3 });
const round = aSealedRound({ duties: [first, second, aDuty(3)] });
const salt = rootOf(90);

const found = (duty: { segment: number }, root = 80): Found => {
  const leaves = new Map([4, 5].map((seat) => [ownerOf(seat), rootOf(root + seat)]));
  return { segment: duty.segment, before: rootOf(root), trace: rootOf(root + 1), leaves };
};
const right = (duty: { claimId: bigint; segment: number }): Judgement => {
  return { claimId: duty.claimId, outcome: 'match', found: found(duty) };
};
const verdictOf = (seat: number, duty: { claimId: bigint; segment: number }, what = found(duty)): Verdict => {
  return { validator: ownerOf(seat), work: duty.claimId, ...what, leaves: what.leaves.get(ownerOf(seat))! };
};
const revealed = (verdict: Verdict): RevealedVerdict => {
  const index = Number(BigInt(verdict.validator) - 0xa1n);
  return { claimId: verdictIdOf(verdict.work, index, 0), word: verdictWord(verdict), verdict };
};

const judgements = [right(first), right(second)];
const verdicts = [verdictOf(4, first), verdictOf(4, second)];
const { root, proofs } = sealTree(verdicts, salt);
const open = { phase: 'sealing', sealers: 0n, roots: { duty: undefined, standIn: undefined } } as const;
const sealed = { sealers: memberSet([3]), roots: { duty: root, standIn: undefined } };
const revealing = { ...sealed, phase: 'revealing' } as const;
const seal = { salt, verdicts };
const seals = { duty: seal };

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
  judgements,
  sealing: open,
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
const typesOf = (changes: Partial<ValidatorFacts>): string[] => decide(facts(changes)).map(({ type }) => type);
const report = { type: 'report', round: 5, audited: memberSet([0, 1]) };

describe('validator: sealing', () => {
  it('keeps a verdict on each claim that it found right, once all drawn ones are judged', () => {
    expect(decide(facts())).to.deep.equal([{ type: 'prepareSeal', round: 5, part: 'duty', verdicts }]);
    expect(typesOf({ judgements: [right(first)] })).to.deep.equal(['audit']);
    const late = [right(first), { claimId: second.claimId, outcome: 'missing' }] as const;
    expect(typesOf({ judgements: late, run: aRun({ time: 1_079 }) })).to.deep.equal(['audit']);
    expect(typesOf({ judgements: late, run: aRun({ time: 1_080 }) })).to.deep.equal(['audit', 'prepareSeal']);
  });

  it('has nothing to say about a claim that differs, and does not wait for its challenge', () => {
    const wrong = { claimId: second.claimId, outcome: 'differs', wrong: { subject: 'payload', segment: 0 } } as const;
    const actions = decide(facts({ judgements: [right(first), wrong], accused: [second.claimId] }));
    expect(actions).to.deep.equal([{ type: 'prepareSeal', round: 5, part: 'duty', verdicts: [verdicts[0]] }]);
  });

  it('seals what is kept, also before it has judged anything again', () => {
    const expected = { type: 'seal', round: 5, root };
    expect(decide(facts({ seals }))).to.deep.equal([expected]);
    expect(decide(facts({ seals, judgements: [] }))).to.deep.include(expected);
  });

  it('seals once', () => {
    expect(typesOf({ seals, sealing: { ...sealed, phase: 'sealing' } })).to.deep.equal([]);
  });

  it('does not seal when it is too late, and reports without', () => {
    const closed = { ...open, phase: 'revealing' } as const;
    expect(decide(facts({ sealing: closed }))).to.deep.equal([report]);
    expect(decide(facts({ sealing: closed, seals }))).to.deep.equal([report]);
  });
});

describe('validator: standing in', () => {
  const duties = [first, { ...second, validators: memberSet([4]), standIns: memberSet([3]) }];
  const own = sealTree([verdicts[0]!], salt);
  const other = sealTree([verdicts[1]!], salt);
  const standingIn = { ...sealed, phase: 'standingIn', roots: { duty: own.root, standIn: undefined } } as const;
  const kept = { duty: { salt, verdicts: [verdicts[0]!] } };
  const both = { ...kept, standIn: { salt, verdicts: [verdicts[1]!] } };
  const where = { round: { ...round, duties } };

  it('seals what it has found for those who were absent, apart from its own', () => {
    const expected = { type: 'prepareSeal', round: 5, part: 'standIn', verdicts: [verdicts[1]] };
    expect(decide(facts({ ...where, sealing: standingIn, seals: kept }))).to.deep.equal([expected]);
    expect(decide(facts({ ...where, sealing: standingIn, seals: both }))).to.deep.equal([
      { type: 'seal', round: 5, root: other.root },
    ]);
    const done = { ...standingIn, roots: { duty: own.root, standIn: other.root } };
    expect(typesOf({ ...where, sealing: done, seals: both })).to.deep.equal([]);
  });

  it('reveals both', () => {
    const roots = { duty: own.root, standIn: other.root };
    const actions = decide(facts({ ...where, sealing: { ...standingIn, phase: 'revealing', roots }, seals: both }));
    expect(actions).to.deep.equal(verdicts.map((verdict) => ({ type: 'reveal', round: 5, verdict, salt, proof: [] })));
  });

  it('is silent when it came too late itself', () => {
    const late = { ...standingIn, roots: { duty: undefined, standIn: undefined } };
    const round = aSealedRound({ duties: [first] });
    expect(typesOf({ round, judgements: [right(first)], sealing: late })).to.deep.equal([]);
  });
});

describe('validator: revealing', () => {
  const reveals = verdicts.map((verdict, i) => ({ type: 'reveal', round: 5, verdict, salt, proof: proofs[i] }));

  it('waits with its report while others may seal', () => {
    expect(typesOf({ seals, sealing: { ...sealed, phase: 'sealing' } })).to.deep.equal([]);
  });

  it('reveals all that it has sealed, then reports', () => {
    expect(decide(facts({ seals, sealing: revealing }))).to.deep.equal(reveals);
    const half = [revealed(verdicts[0]!)];
    expect(decide(facts({ seals, sealing: revealing, revealed: half }))).to.deep.equal([reveals[1]]);
    const all = verdicts.map(revealed);
    expect(decide(facts({ seals, sealing: revealing, revealed: all }))).to.deep.equal([report]);
  });

  it('does not take what another has revealed for its own', () => {
    const others = [revealed(verdictOf(5, first)), revealed(verdictOf(5, second))];
    expect(decide(facts({ seals, sealing: revealing, revealed: others }))).to.deep.equal(reveals);
  });

  it('reveals after a restart without judging again', () => {
    const types = typesOf({ seals, sealing: revealing, judgements: [] });
    expect(types).to.deep.equal(['audit', 'audit', 'reveal', 'reveal']);
  });

  it('reveals as much as it has stake for, and still reports', () => {
    const poor = (free: bigint) => aStanding(4, 'validator', { stake: aStake(4, { free }) });
    const one = decide(facts({ seals, sealing: revealing, standing: poor(29n) })).filter(
      ({ type }) => type === 'reveal',
    );
    expect(one).to.deep.equal([reveals[0]]);
    expect(typesOf({ seals, sealing: revealing, standing: poor(14n) })).to.deep.equal(['lackStake', 'report']);
  });

  it('reveals nothing when what is kept is not what was sealed', () => {
    const other = { ...revealing, roots: { duty: rootOf(7), standIn: undefined } };
    expect(decide(facts({ seals, sealing: other }))).to.deep.equal([report]);
    expect(decide(facts({ seals: {}, sealing: revealing }))).to.deep.equal([report]);
  });

  it('reveals nothing once the audit is closed', () => {
    const closed = aRound({ status: 'audited', duties: [first, second] });
    expect(decide(facts({ round: closed, seals, sealing: { ...sealed, phase: 'none' } }))).to.deep.equal([]);
  });

  it('takes its bonds back', () => {
    const releasable = [verdictIdOf(first.claimId, 3, 0)];
    const none = aRound({ status: 'audited' });
    expect(decide(facts({ round: none, releasable }))).to.deep.equal([{ type: 'release', claimId: releasable[0] }]);
  });

  it('takes the pay of all its verdicts at once', () => {
    const claimable = [first, second].map(({ claimId }) => verdictIdOf(claimId, 3, 0));
    const none = aRound({ status: 'audited' });
    const expected = [{ type: 'claimVerdictShares', claimIds: claimable }];
    expect(decide(facts({ round: none, claimable }))).to.deep.equal(expected);
  });

  it('deposits enough for a bond on each drawn claim', () => {
    const stake = aStake(4, { free: 15n, wallet: 1_000n });
    const actions = decide(facts({ judgements: [], standing: aStanding(4, 'validator', { stake }) }));
    expect(actions).to.deep.include({ type: 'deposit', amount: 30n });
  });
});

describe('validator: the verdicts of others', () => {
  const accused = (verdict: Verdict, changes: Partial<ValidatorFacts> = {}) =>
    decide(facts({ seals, sealing: revealing, revealed: [...verdicts.map(revealed), revealed(verdict)], ...changes }))
      .filter(({ type }) => type === 'accuse')
      .map((action) => (action.type === 'accuse' ? action.accusation : undefined));
  const { claimId } = revealed(verdictOf(5, first));

  it('are let stand where they agree with its own', () => {
    expect(accused(verdictOf(5, first))).to.deep.equal([]);
  });

  it('are brought to the game by what differs first', () => {
    const trace = { ...found(first), trace: rootOf(99) };
    expect(accused(verdictOf(5, first, trace))).to.deep.equal([{ claimId, subject: 'trace', segment: 0 }]);
    const leaves = { ...verdictOf(5, first), leaves: rootOf(97) };
    expect(accused(leaves)).to.deep.equal([{ claimId, subject: 'leaves', segment: 0 }]);
    const before = { ...trace, before: rootOf(98) };
    expect(accused(verdictOf(5, first, before))).to.deep.equal([{ claimId, subject: 'before', segment: 0 }]);
  });

  it('are accused once', () => {
    expect(accused(verdictOf(5, first, found(first, 70)), { accused: [claimId] })).to.deep.equal([]);
  });

  it('are held against what is kept, too, after a restart and when the audit is closed', () => {
    const wrong = verdictOf(5, first, found(first, 70));
    const closed = aRound({ status: 'audited', duties: [first, second] });
    expect(accused(wrong, { judgements: [], round: closed })).to.deep.equal([
      { claimId, subject: 'before', segment: 0 },
    ]);
  });

  it('are not judged where there is nothing to hold them against', () => {
    const wrong = verdictOf(5, first, found(first, 70));
    expect(accused(wrong, { judgements: [], seals: {} })).to.deep.equal([]);
  });

  it('are not judged by their leaves where only its own are known', () => {
    const wrong = { ...verdictOf(5, first), leaves: rootOf(97) };
    expect(accused(wrong, { judgements: [] })).to.deep.equal([]);
  });

  it('are those of others, and on the same segment', () => {
    expect(accused(verdictOf(4, first, found(first, 70)))).to.deep.equal([]);
    expect(accused(verdictOf(5, first, found(second, 70)))).to.deep.equal([]);
  });
});
