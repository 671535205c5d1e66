import { expect } from 'chai';

import { createState } from '../../../engine/graph/state.ts';
import { memberSet } from '../../../sdk/member-set.ts';
import { createReception, receive, type ReceptionFacts } from '../../../workers/lib/reception.ts';
import {
  aDuty,
  aRun,
  aSealedRound,
  aSeat,
  aStanding,
  miners,
  parameters,
  rootOf,
  validators,
} from '../../helpers/runs.ts';

const availability = { committee: miners | validators, needed: 4, said: 0n, published: 0n, available: 0n };
const round = aSealedRound({ duties: [aDuty(1), aDuty(2), aDuty(3)], availability });
const nothing = { round: 4, members: miners, looked: miners };

const facts = (changes: Partial<ReceptionFacts> = {}): ReceptionFacts => ({
  run: aRun({ time: 1_071, status: 'sealed' }),
  round,
  moved: undefined,
  parameters,
  verified: [],
  dueFor: 0,
  tickAfter: 0,
  standing: aStanding(2, 'miner'),
  received: nothing,
  patience: 10,
  ...changes,
});
const look = (wanted: bigint) => [{ type: 'receive', round: 5, parent: rootOf(50), wanted }];
const say = (received: bigint) => [{ type: 'attest', round: 5, received }];

describe('reception', () => {
  it('looks for all payloads of the round, whatever it had of another', () => {
    expect(receive(facts())).to.deep.equal(look(miners));
  });

  it('looks again for what is missing until patience ends, then says what it has', () => {
    const received = { round: 5, members: memberSet([0, 2]), looked: miners };
    expect(receive(facts({ received, run: aRun({ time: 1_079 }) }))).to.deep.equal(look(memberSet([1])));
    expect(receive(facts({ received, run: aRun({ time: 1_080 }) }))).to.deep.equal(say(memberSet([0, 2])));
  });

  it('says nothing of a payload that it has never looked for, however late it is', () => {
    const received = { round: 5, members: memberSet([0]), looked: memberSet([0, 1]) };
    expect(receive(facts({ received, run: aRun({ time: 1_149 }) }))).to.deep.equal(look(memberSet([1, 2])));
  });

  it('is patient for a sixth of the audit window at most', () => {
    const received = { round: 5, members: 0n, looked: miners };
    const patient = { received, patience: 1_000 };
    expect(receive(facts({ ...patient, run: aRun({ time: 1_083 }) }))).to.deep.equal(look(miners));
    expect(receive(facts({ ...patient, run: aRun({ time: 1_084 }) }))).to.deep.equal(say(0n));
  });

  it('says at once that everything is there', () => {
    expect(receive(facts({ received: { round: 5, members: miners, looked: miners } }))).to.deep.equal(say(miners));
  });

  it('says nothing outside the committee, twice, before the beacon, or from the deadline on', () => {
    const silent: Partial<ReceptionFacts>[] = [
      { round: { ...round, availability: { ...availability, committee: memberSet([0, 2]) } } },
      { round: { ...round, availability: { ...availability, said: memberSet([1]) } } },
      { round: { ...round, auditDeadline: undefined } },
      { round: { ...round, status: 'audited' } },
      { run: aRun({ time: 1_150 }) },
      { standing: aStanding(2, 'miner', { seat: undefined }) },
      { standing: aStanding(2, 'miner', { seat: aSeat(2, 'miner', { since: 6 }) }) },
      { standing: aStanding(2, 'miner', { seat: aSeat(2, 'miner', { until: 4 }) }) },
    ];
    for (const changes of silent) expect(receive(facts(changes))).to.deep.equal([]);
  });

  it('counts a payload that is there and finite, and keeps it counted', async () => {
    const layout = { groups: [[{ name: 'x', dtype: 'f32', shape: [2] }]] } as const;
    const [finite, infinite] = [createState(layout), createState(layout)];
    infinite.tensors.get('x')!.set([1, Infinity]);
    const served = new Map([
      [0, { payload: finite, feedback: undefined }],
      [2, { payload: infinite, feedback: undefined }],
    ]);
    const reception = createReception({ payloads: async () => served });
    const action = { type: 'receive', round: 5, parent: rootOf(50), wanted: miners } as const;
    await reception.look(action);
    expect(reception.now()).to.deep.equal({ round: 5, members: memberSet([0]), looked: miners });
    served.clear();
    await reception.look({ ...action, wanted: memberSet([1, 2]) });
    expect(reception.now().members).to.equal(memberSet([0]));
    await reception.look({ ...action, round: 6 });
    expect(reception.now()).to.deep.equal({ round: 6, members: 0n, looked: miners });
  });
});
