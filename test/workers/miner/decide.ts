import { expect } from 'chai';

import { memberSet } from '../../../sdk/member-set.ts';
import { decide, type EarlierWork, type MinerFacts } from '../../../workers/miner/decide.ts';
import {
  aDuty,
  anAggregate,
  aRound,
  aRun,
  aSealedRound,
  aSeat,
  aStake,
  aStanding,
  limits,
  parameters,
  rootOf,
} from '../../helpers/runs.ts';

const facts = (changes: Partial<MinerFacts> = {}): MinerFacts => ({
  run: aRun(),
  round: aRound(),
  moved: undefined,
  parameters,
  verified: [rootOf(50)],
  dueFor: 0,
  tickAfter: 0,
  standing: aStanding(1, 'miner'),
  limits,
  lineage: [],
  trained: undefined,
  ghost: undefined,
  trainingShare: 0.75,
  published: { payload: false, onChain: false, segments: [] },
  earlier: [],
  patience: 10,
  received: { round: 0, members: 0n, looked: 0n },
  ...changes,
});

const trained = { round: 5, parent: rootOf(50), lineage: [], segments: 4 };
const committed = aRound({ duties: [aDuty(1)] });
const typesOf = (changes: Partial<MinerFacts>): string[] => decide(facts(changes)).map(({ type }) => type);

describe('miner: joining', () => {
  it('stakes and joins, and has nothing else to do before it serves', () => {
    const stake = aStake(1, { free: 0n, wallet: 100n, node: undefined });
    const standing = aStanding(1, 'miner', { seat: undefined, stake });
    expect(typesOf({ standing })).to.deep.equal(['setNode', 'deposit', 'join']);
  });

  it('plays the round in which it has joined as a ghost, once, from the verified state', () => {
    const standing = aStanding(1, 'miner', { seat: aSeat(1, 'miner', { since: 6 }) });
    expect(decide(facts({ standing }))).to.deep.equal([{ type: 'playGhost', round: 5, parent: rootOf(50) }]);
    expect(typesOf({ standing, verified: [] })).to.deep.equal(['verify']);
    expect(typesOf({ standing, ghost: 4 })).to.deep.equal(['playGhost']);
    expect(typesOf({ standing, ghost: 5 })).to.deep.equal([]);
    expect(typesOf({ standing, round: aSealedRound() })).to.deep.equal([]);
  });

  it('is a ghost in a round that nobody serves in, and never commits in it', () => {
    const run = aRun({ activeMiners: 0n });
    expect(typesOf({ run })).to.deep.equal(['playGhost']);
    expect(typesOf({ run, trained, ghost: 5 })).to.deep.equal([]);
  });

  it('does not work for a bit that another seat had before', () => {
    const run = aRun({ activeMiners: memberSet([1, 2]) });
    expect(typesOf({ run, ghost: 5 })).to.deep.equal([]);
  });

  it('serves the last round before it leaves, and none after', () => {
    const leaving = (until: number) => aStanding(1, 'miner', { seat: aSeat(1, 'miner', { until }) });
    expect(typesOf({ standing: leaving(5) })).to.deep.equal(['stayOut', 'train']);
    expect(typesOf({ standing: leaving(4) })).to.deep.equal(['stayOut']);
  });

  it('fills its stake up when the next bond is not covered', () => {
    const stake = aStake(1, { free: 9n, wallet: 5n });
    expect(decide(facts({ standing: aStanding(1, 'miner', { stake }) }))[0]).to.deep.equal({
      type: 'deposit',
      amount: 1n,
    });
  });
});

describe('miner: a round', () => {
  it('verifies the state before it builds on it', () => {
    expect(typesOf({ verified: [] })).to.deep.equal(['verify']);
  });

  it('trains from the verified state, and from the local state that the chain says', () => {
    expect(decide(facts({ lineage: [3, 4] }))).to.deep.equal([
      { type: 'train', round: 5, parent: rootOf(50), lineage: [3, 4], extent: { least: 1, most: 4, until: 1_045 } },
    ]);
  });

  it('commits what it has trained', () => {
    expect(decide(facts({ trained }))).to.deep.equal([{ type: 'commit', round: 5 }]);
  });

  it('trains again when its checkpoint is of another round, state or lineage', () => {
    expect(typesOf({ trained: { ...trained, round: 4 } })).to.deep.equal(['train']);
    expect(typesOf({ trained: { ...trained, parent: rootOf(49) } })).to.deep.equal(['train']);
    expect(typesOf({ trained: { ...trained, lineage: [4] } })).to.deep.equal(['train']);
  });

  it('publishes its payload once it has committed, and does not commit again', () => {
    expect(typesOf({ trained, round: committed })).to.deep.equal(['publishPayload']);
    const published = { payload: true, onChain: false, segments: [] };
    expect(typesOf({ trained, round: committed, published })).to.deep.equal([]);
  });

  it('publishes the starts of the drawn segment and of the last one', () => {
    const round = aSealedRound({ duties: [aDuty(1, { drawn: true, segment: 1 })] });
    const published = { payload: true, onChain: false, segments: [] };
    expect(decide(facts({ trained, round, published }))).to.deep.equal([
      { type: 'publishSegments', round: 5, segments: [1, 3] },
    ]);
    expect(typesOf({ trained, round, published: { payload: true, onChain: false, segments: [1, 3] } })).to.deep.equal(
      [],
    );
  });

  it('publishes its payload on chain when half of the audit is over and the committee has not received it', () => {
    const duties = [aDuty(1)];
    const late = (time: number, changes: Partial<MinerFacts> = {}) =>
      typesOf({
        run: aRun({ time, status: 'sealed' }),
        round: aSealedRound({ duties }),
        trained,
        published: { payload: true, onChain: false, segments: [] },
        ...changes,
      });
    expect([1_109, 1_110, 1_149, 1_150].map((time) => late(time))).to.deep.equal([
      [],
      ['publishOnChain'],
      ['publishOnChain'],
      [],
    ]);
    expect(late(1_090, { published: { payload: true, onChain: true, segments: [] } })).to.deep.equal([]);
    const availability = { committee: 0n, needed: 0, said: 0n, published: 0n, available: memberSet([0]) };
    expect(late(1_090, { round: aSealedRound({ duties, availability }) })).to.deep.equal([]);
    expect(late(1_090, { round: aSealedRound({ duties: [aDuty(1, { status: 'frozen' })] }) })).to.deep.equal([]);
  });

  it('publishes nothing but the payload when another miner is drawn', () => {
    const round = aSealedRound({ duties: [aDuty(1), aDuty(2, { drawn: true })] });
    expect(typesOf({ trained, round })).to.deep.equal(['publishPayload']);
  });

  it('trains again what it has committed but lost, as much as it was, so that it can serve it', () => {
    const round = aSealedRound({ duties: [aDuty(1, { segments: 3 })] });
    const extent = { least: 3, most: 3, until: Infinity };
    const again = { type: 'train', round: 5, parent: rootOf(50), lineage: [], extent } as const;
    expect(decide(facts({ round }))).to.deep.equal([again]);
    expect(decide(facts({ round, trained }))).to.deep.equal([again]);
    expect(typesOf({ round, trained: { ...trained, segments: 3 } })).to.deep.equal(['publishPayload']);
  });

  it('serves the last segment that it has committed, whatever others have', () => {
    const round = aSealedRound({ duties: [aDuty(1, { segments: 2, drawn: true, segment: 0 })] });
    const published = { payload: true, onChain: false, segments: [] };
    expect(decide(facts({ trained: { ...trained, segments: 2 }, round, published }))).to.deep.equal([
      { type: 'publishSegments', round: 5, segments: [0, 1] },
    ]);
  });

  it('forfeits a round whose deadline has passed before it could commit', () => {
    expect(typesOf({ trained, round: aSealedRound() })).to.deep.equal([]);
    expect(typesOf({ round: aSealedRound() })).to.deep.equal([]);
  });

  it('verifies an aggregate in its window, so that it can start the next round at once', () => {
    const round = aRound({ status: 'aggregated', duties: [aDuty(1)], aggregates: [anAggregate()] });
    expect(typesOf({ trained, round, published: { payload: true, onChain: false, segments: [] } })).to.deep.equal([
      'verify',
    ]);
  });

  it('does short things before it trains', () => {
    const run = aRun({ due: 'request' });
    expect(typesOf({ run })).to.deep.equal(['tick', 'train']);
  });
});

describe('miner: pay', () => {
  const work = (round: number, changes: Partial<EarlierWork> = {}): EarlierWork => {
    return { round, claimId: BigInt(round), pay: 'pending', claim: 'standing', released: false, ...changes };
  };
  const idle = { round: aSealedRound() };

  it('claims all rounds that are final at once, and frees their bonds', () => {
    const final = { pay: 'claimable', claim: 'final' } as const;
    expect(decide(facts({ ...idle, earlier: [work(1, final), work(2, final), work(3)] }))).to.deep.equal([
      { type: 'claimShares', seat: 1, rounds: [1, 2] },
      { type: 'release', claimId: 1n },
      { type: 'release', claimId: 2n },
    ]);
  });

  it('frees the bond of final work that was not accepted, without claiming pay for it', () => {
    const earlier = [work(1, { pay: 'unearned', claim: 'final' })];
    expect(decide(facts({ ...idle, earlier }))).to.deep.equal([{ type: 'release', claimId: 1n }]);
  });

  it('waits for what is pending or frozen', () => {
    const earlier = [work(1), work(2, { pay: 'frozen', claim: 'frozen' })];
    expect(decide(facts({ ...idle, earlier }))).to.deep.equal([]);
  });

  it('collects for a seat that has left', () => {
    const standing = aStanding(1, 'miner', { seat: aSeat(1, 'miner', { until: 3 }) });
    const earlier = [work(3, { pay: 'claimable', claim: 'final' })];
    expect(typesOf({ ...idle, standing, earlier })).to.deep.equal(['claimShares', 'release', 'stayOut']);
  });
});
