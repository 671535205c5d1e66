import { expect } from 'chai';

import { committedBytes } from '../../../engine/commit/reference.ts';
import { EMPTY, merkleRoot, rootFromProof } from '../../../engine/commit/tree.ts';
import { descriptorOf, descriptorProof } from '../../../engine/evidence.ts';
import { programRoot } from '../../../engine/graph/encode.ts';
import { leafCounts } from '../../../engine/leaf-places.ts';
import type { Move } from '../../../sdk/game-moves.ts';
import { drawnLeaves } from '../../../sdk/verdict-leaves.ts';
import {
  markOwnStates,
  nameWrongElement,
  pickLeftmostDifference,
  pickWrongLeaf,
  pickWrongListedLeaf,
} from '../../../workers/lib/game/challenger.ts';
import { demandOf } from '../../../workers/lib/game/demand.ts';
import { noEvidence } from '../../../workers/lib/game/elements.ts';
import type { Notes, Rule } from '../../../workers/lib/game/facts.ts';
import { childrenBelow, levelsOfTrace, pathInTrace, toHex } from '../../../workers/lib/game/walk.ts';
import {
  aPlayedGame,
  aPosition,
  aTensor,
  aTrace,
  aTurn,
  gameFacts,
  HEIGHT,
  openedTrace,
  program,
  tall,
  tensorNotes,
  UNEVEN,
  type GameChanges,
} from '../../helpers/games.ts';
import { pretendedPrograms } from '../../helpers/actors.ts';
import { rootOf } from '../../helpers/runs.ts';

const trace = aTrace();
const notes: Notes = { roots: new Map(), trace };
const decide = (rule: Rule, changes: GameChanges) => rule(gameFacts({ side: 'challenger', ...changes }));

describe('challenger: marking', () => {
  const at = { stage: 'mark', first: 4, end: 8 } as const;

  it('marks its own states inside the span', () => {
    expect(decide(markOwnStates, { at })).to.deep.equal({ type: 'prepare', what: 'roots', steps: [5, 6, 7] });
    const roots = new Map([5, 6, 7].map((step) => [step, rootOf(step)]));
    const expected = { type: 'mark', marks: [rootOf(5), rootOf(6), rootOf(7)] };
    expect(decide(markOwnStates, { at, notes: { roots } })).to.deep.equal(expected);
  });
});

describe('challenger: walking down the trace', () => {
  const at = { stage: 'chooseNodes', height: HEIGHT } as const;
  const against = (others: Parameters<typeof aTrace>[0], own = notes) =>
    decide(pickLeftmostDifference, { at, brought: { children: openedTrace(aTrace(others)) }, notes: own });

  it('has a trace of its own first', () => {
    const ruling = decide(pickLeftmostDifference, { at, notes: { roots: new Map() } });
    expect(ruling).to.deep.equal({ type: 'prepare', what: 'trace', first: 0 });
  });

  it('chooses the leftmost node that differs, with its descriptor', () => {
    const ruling = against({ 3: rootOf(1), 9: rootOf(2) });
    expect(ruling).to.include({ type: 'pickNode', child: 3, root: rootOf(1), descriptor: descriptorOf(program, 3) });
    const claimed = levelsOfTrace(aTrace({ 3: rootOf(1), 9: rootOf(2) }));
    const { siblings } = ruling as { siblings: readonly `0x${string}`[] };
    expect(rootFromProof(rootOf(1), 3, siblings)).to.equal(claimed.at(-1)![0]);
  });

  it('names padding that is not empty as padding', () => {
    const ruling = against({ 6: rootOf(1) }) as Extract<ReturnType<typeof against>, { type: 'pickNode' }>;
    expect([ruling.child, ruling.descriptor]).to.deep.equal([6, '0x']);
    expect(rootFromProof(EMPTY, 6, descriptorProof(program, 6))).to.equal(programRoot(program));
    expect(ruling.descriptorProof).to.deep.equal(descriptorProof(program, 6));
  });

  it('goes into the leftmost subtree that differs while there are levels left', () => {
    const claimed = levelsOfTrace(aTrace({ 101: rootOf(1), 300: rootOf(2) }, { program: tall }));
    const own = { ...notes, trace: aTrace({}, { program: tall }) };
    const top = { stage: 'chooseNodes', height: 11 } as const;
    const ruling = decide(pickLeftmostDifference, { at: top, brought: { children: claimed[5]! }, notes: own });
    expect(ruling).to.include({ type: 'pick', child: 3, root: claimed[5]![3] });
    const below = { stage: 'chooseNodes', height: 5, index: 3 } as const;
    const brought = { children: childrenBelow(claimed, 5, 3) };
    const last = decide(pickLeftmostDifference, { at: below, brought, notes: own });
    expect(last).to.include({ type: 'pickNode', child: 5, descriptor: descriptorOf(tall, 101) });
  });

  it('takes a node without a result as one that differs, whatever is claimed of it', () => {
    const faulty = { ...notes, trace: aTrace({}, { faultAt: 4 }) };
    expect(against({}, faulty)).to.include({ type: 'pickNode', child: 4 });
    expect(against({ 2: rootOf(1) }, faulty)).to.include({ type: 'pickNode', child: 2 });
    const high = { ...notes, trace: aTrace({}, { program: tall, faultAt: 40 }) };
    const children = levelsOfTrace(aTrace({}, { program: tall }))[5]!;
    const top = { stage: 'chooseNodes', height: 11 } as const;
    const ruling = decide(pickLeftmostDifference, { at: top, brought: { children }, notes: high });
    expect(ruling).to.include({ type: 'pick', child: 1 });
  });

  it('has nothing to say where nothing differs', () => {
    expect(against({})).to.equal(undefined);
  });
});

describe('challenger: walking down a tensor', () => {
  const at = { stage: 'chooseChunks', node: UNEVEN, height: HEIGHT } as const;
  const own: Notes = { ...notes, tensor: tensorNotes(UNEVEN) };

  it('chooses a leaf that differs', () => {
    expect(decide(pickWrongLeaf, { at, notes })).to.deep.equal({ type: 'prepare', what: 'tensor', node: UNEVEN });
    const [children] = tensorNotes(UNEVEN, { 700: -1 }).levels;
    const ruling = decide(pickWrongLeaf, { at, brought: { children: children! }, notes: own });
    expect(ruling).to.include({ type: 'pick', child: 2, root: children![2] });
  });

  it('chooses padding that is not empty', () => {
    const children = tensorNotes(UNEVEN).levels[0]!.with(15, rootOf(1));
    const ruling = decide(pickWrongLeaf, { at, brought: { children }, notes: own });
    expect(ruling).to.include({ type: 'pick', child: 15 });
  });

  it('chooses the leaf of the element that has no result', () => {
    const faulty: Notes = { ...notes, tensor: { node: UNEVEN, levels: [], faultElement: 256 * 7 + 3 } };
    const { levels } = tensorNotes(UNEVEN);
    const ruling = decide(pickWrongLeaf, { at, brought: { children: levels[0]! }, notes: faulty });
    expect(ruling).to.include({ type: 'pick', child: 7 });
  });
});

describe('challenger: the leaves of a verdict', () => {
  const at = { stage: 'chooseLeaf', subject: 'leaves', height: 6, second: rootOf(3) } as const;
  const leaves = Array.from({ length: 64 }, (_, i) => rootOf(i));
  const own: Notes = { ...notes, trace: { ...trace, leaves } };
  const drawn = drawnLeaves(rootOf(3), leafCounts(program));
  const against = (number: number) => {
    const children = leaves.with(number, rootOf(999)).with(63, rootOf(998));
    const ruling = decide(pickWrongListedLeaf, { at, brought: { children }, notes: own });
    expect(ruling).to.include({ type: 'pickNode', child: number, root: rootOf(999) });
    const move = ruling as Extract<Move, { type: 'pickNode' }>;
    expect(rootFromProof(rootOf(999), number, move.siblings)).to.equal(merkleRoot(children));
    expect(move.descriptorProof).to.deep.equal(descriptorProof(program, drawn[number]!.node));
    return move;
  };

  it('are its own first', () => {
    const ruling = decide(pickWrongListedLeaf, { at, notes: { roots: new Map() } });
    expect(ruling).to.deep.equal({ type: 'prepare', what: 'trace', first: 0 });
  });

  it('are picked where the first one differs, with the node that is drawn for it', () => {
    const number = drawn.findIndex(({ node }) => node === UNEVEN);
    const move = against(number);
    expect(move.descriptor).to.equal(descriptorOf(program, UNEVEN));
    expect(demandOf(aPosition(at), move, program)).to.deep.equal({ stage: 'drawn', height: 0 });
  });

  it('are nothing where padding is drawn', () => {
    const move = against(drawn.findIndex(({ node }) => program.nodes[node] === null));
    expect(move.descriptor).to.equal('0x');
    expect(demandOf(aPosition(at), move, program)).to.equal(undefined);
  });

  it('are let stand where none differs', () => {
    expect(decide(pickWrongListedLeaf, { at, brought: { children: leaves }, notes: own })).to.equal(undefined);
  });
});

describe('challenger: the last word', () => {
  const leaf = 2;
  const at = { stage: 'prove', node: UNEVEN, index: leaf } as const;
  const bytes = (others: Record<number, number> = {}) => committedBytes(aTensor(UNEVEN, others)).slice(2_048, 3_072);
  const own: Notes = { ...notes, tensor: tensorNotes(UNEVEN), leaf: { node: UNEVEN, leaf, data: bytes() } };
  const against = (data: Uint8Array, held = own, before: GameChanges['before'] = []) =>
    decide(nameWrongElement, { at, brought: { leaf: toHex(data) }, notes: held, before });

  it('names the first element that differs, with what the referee needs', () => {
    const claimed = aTrace({ [UNEVEN]: rootOf(1) });
    const root = levelsOfTrace(claimed).at(-1)![0]!;
    const before = [
      aTurn(aPosition({ stage: 'chooseNodes', height: HEIGHT, trace: root }), { children: openedTrace(claimed) }),
      aTurn(aPosition({ stage: 'tensor', node: UNEVEN, height: HEIGHT, trace: root })),
    ];
    const wrong = bytes({ 515: -1, 600: -1 });
    const wanted = against(wrong, own, before);
    expect(wanted).to.deep.include({ type: 'prepare', what: 'proof', node: UNEVEN, element: 515 });
    const path = pathInTrace(aPlayedGame(before))!;
    expect(rootFromProof(path.root, UNEVEN, path.siblings)).to.equal(root);
    expect(wanted).to.deep.include({ path });
    const proof = { node: UNEVEN, element: 515, evidence: noEvidence, sources: [] };
    expect(against(wrong, { ...own, proof })).to.deep.equal({
      type: 'prove',
      descriptor: descriptorOf(program, UNEVEN),
      data: toHex(wrong),
      element: 3,
      evidence: noEvidence,
      sources: [],
      programs: pretendedPrograms,
    });
  });

  for (const [what, value] of [
    ['is not a number', NaN],
    ['is not finite', -Infinity],
  ] as const) {
    it(`needs no evidence against what ${what}`, () => {
      expect(against(bytes({ 512: value }))).to.deep.include({ type: 'prove', element: 0, evidence: noEvidence });
    });
  }

  it('compares with a leaf of its own', () => {
    const ruling = against(bytes(), { ...own, leaf: { node: UNEVEN, leaf: 1, data: bytes() } });
    expect(ruling).to.deep.equal({ type: 'prepare', what: 'leaf', node: UNEVEN, leaf });
  });

  it('names the element that has no result, whatever the leaf says', () => {
    const faulty: Notes = { ...notes, tensor: { node: UNEVEN, levels: [], faultElement: 530 } };
    const ruling = against(bytes(), faulty, [
      aTurn(aPosition({ stage: 'chooseNodes', height: HEIGHT }), { children: openedTrace(trace) }),
      aTurn(aPosition({ stage: 'tensor', node: UNEVEN })),
    ]);
    expect(ruling).to.deep.include({ what: 'proof', element: 530 });
  });

  it('has nothing to say against a leaf that is right', () => {
    expect(against(bytes())).to.equal(undefined);
  });
});
