import { expect } from 'chai';

import { rootOfTensor } from '../../../engine/commit/fast.ts';
import { bytesFromHash } from '../../../engine/commit/hash.ts';
import { committedBytes } from '../../../engine/commit/reference.ts';
import { rootFromProof } from '../../../engine/commit/tree.ts';
import { descriptorOf } from '../../../engine/evidence.ts';
import type { Move } from '../../../sdk/game-moves.ts';
import type { Notes, Rule } from '../../../workers/lib/game/facts.ts';
import {
  openTheDrawnLeaf,
  openTheLeaf,
  openTheTensor,
  showTheStart,
  splitTheTensor,
  splitTheTrace,
  takeFirstContestedPart,
  traceOwn,
} from '../../../workers/lib/game/claimant.ts';
import { levelsOfTrace, toHex } from '../../../workers/lib/game/walk.ts';
import {
  aTensor,
  aTrace,
  gameFacts,
  HEIGHT,
  openedTrace,
  program,
  tensorNotes,
  UNEVEN,
  WIDE,
  type GameChanges,
} from '../../helpers/games.ts';
import { pretendedPrograms } from '../../helpers/actors.ts';
import { rootOf } from '../../helpers/runs.ts';

const trace = aTrace();
const noRoots = { roots: new Map() };
const decide = (rule: Rule, changes: GameChanges) => rule(gameFacts(changes));
/** The move that a rule makes of these notes. */
const moveOf = <Type extends Move['type']>(rule: Rule, type: Type, changes: GameChanges) => {
  const ruling = decide(rule, changes);
  if (ruling?.type !== type) return expect.fail(`${ruling?.type} instead of ${type}`);
  return ruling as Extract<Move, { type: Type }>;
};

describe('claimant: the start of a round', () => {
  it('shows it as soon as it has worked it out', () => {
    const at = { stage: 'start', subject: 'start' } as const;
    expect(decide(showTheStart, { at })).to.deep.equal({ type: 'prepare', what: 'start' });
    const commitment = {
      parent: rootOf(1),
      startRoot: rootOf(2),
      segmentRoots: [],
      payloadRoot: rootOf(3),
      payloadBytes: 4n,
    };
    const start = { commitment, first: rootOf(4), rest: rootOf(5), before: commitment, beforeParameters: rootOf(6) };
    const move = moveOf(showTheStart, 'answerStart', { at, notes: { ...noRoots, start } });
    expect(move).to.deep.equal({ type: 'answerStart', ...start, programs: pretendedPrograms });
  });
});

describe('claimant: marks', () => {
  /** Steps 4 to 8 in parts of one step. */
  const at = { stage: 'marks', subject: 'segment', first: 4, end: 8, finish: rootOf(108) } as const;
  const marks = [rootOf(105), rootOf(106), rootOf(107)];
  const own = (...wrong: readonly number[]): Notes => {
    const roots = new Map([5, 6, 7].map((step) => [step, rootOf(wrong.includes(step) ? 900 + step : 100 + step)]));
    return { roots, trace: aTrace({}, { first: 4 }) };
  };

  it('are held against own states first', () => {
    const ruling = decide(takeFirstContestedPart, { at, openedWith: marks });
    expect(ruling).to.deep.equal({ type: 'prepare', what: 'roots', steps: [5, 6, 7] });
  });

  it('are contested where the first one differs, with the own end of that part and its trace', () => {
    const ruling = decide(takeFirstContestedPart, { at, openedWith: marks, notes: own(6, 7) });
    expect(ruling).to.deep.equal({ type: 'prepare', what: 'trace', first: 5 });
    const notes = { ...own(6, 7), trace: aTrace({}, { first: 5 }) };
    const move = moveOf(takeFirstContestedPart, 'answerMarks', { at, openedWith: marks, notes });
    expect([move.part, move.finish]).to.deep.equal([1, rootOf(906)]);
    expect(move.marks).to.deep.equal(marks);
    expect(move.trace.children).to.deep.equal(openedTrace(trace));
  });

  it('leave the last part when they all agree: its end is the claimed one', () => {
    const notes = { ...own(), trace: aTrace({}, { first: 7 }) };
    const move = moveOf(takeFirstContestedPart, 'answerMarks', { at, openedWith: marks, notes });
    expect([move.part, move.finish]).to.deep.equal([3, rootOf(108)]);
  });

  it('of long parts need no trace yet', () => {
    const long = { ...at, first: 0, end: 130 };
    const ends = Array.from({ length: 43 }, (_, part) => 3 * (part + 1));
    const roots = new Map(ends.map((step) => [step, rootOf(step)]));
    const wrong = ends.map((step) => rootOf(step === 6 ? 999 : step));
    const move = moveOf(takeFirstContestedPart, 'answerMarks', { at: long, openedWith: wrong, notes: { roots } });
    expect([move.part, move.finish, move.trace.nodes]).to.deep.equal([1, rootOf(6), 0]);
  });

  it('are those of the last mark, not of the opening, once there are new ones', () => {
    const brought = { marks: [rootOf(905), rootOf(106), rootOf(107)] };
    const notes = { ...own(), trace: aTrace({}, { first: 4 }) };
    const move = moveOf(takeFirstContestedPart, 'answerMarks', { at, openedWith: marks, brought, notes });
    expect([move.part, move.marks]).to.deep.equal([0, brought.marks]);
  });
});

describe('claimant: trace and tensor', () => {
  it('gives its trace, with what shows that the last places are the claimed state', () => {
    expect(decide(traceOwn, {})).to.deep.equal({ type: 'prepare', what: 'trace', first: 0 });
    const { trace: shown } = moveOf(traceOwn, 'answerTrace', { notes: { ...noRoots, trace } });
    const levels = levelsOfTrace(trace);
    expect(shown).to.include({ root: levels.at(-1)![0], nodes: 16, outputStart: 8, constants: 0, inputs: 2 });
    expect(rootFromProof(levels[3]![1]!, 1, shown.outputProof)).to.equal(shown.root);
    expect(shown.children).to.deep.equal(trace.nodes);
  });

  it('names no state after the trace of a verdict', () => {
    const { trace: shown } = moveOf(traceOwn, 'answerTrace', {
      at: { subject: 'trace' },
      notes: { ...noRoots, trace },
    });
    expect(shown.outputProof).to.deep.equal([]);
  });

  it('opens what it is asked for, and nothing else', () => {
    const at = { stage: 'nodes', height: 2, index: 3 } as const;
    const { children } = moveOf(splitTheTrace, 'split', { at, notes: { ...noRoots, trace } });
    expect(children).to.deep.equal(trace.nodes.slice(12, 16));
    expect(decide(splitTheTrace, { at: { ...at, first: 3 }, notes: { ...noRoots, trace } })).to.include({ first: 3 });
  });

  it('opens the tensor of the chosen node with its first levels', () => {
    const at = { stage: 'tensor', node: UNEVEN, height: 4 } as const;
    const wanted = { type: 'prepare', what: 'tensor', node: UNEVEN };
    expect(decide(openTheTensor, { at, notes: { ...noRoots, trace } })).to.deep.equal(wanted);
    const other = { ...noRoots, trace, tensor: tensorNotes(WIDE) };
    expect(decide(openTheTensor, { at, notes: other })).to.deep.equal(wanted);
    const tensor = tensorNotes(UNEVEN);
    const move = moveOf(openTheTensor, 'openTensor', { at, notes: { ...noRoots, trace, tensor } });
    expect(move.tree).to.equal(tensor.levels[HEIGHT]![0]);
    expect(move.descriptor).to.equal(descriptorOf(program, UNEVEN));
    expect(move.children).to.deep.equal(tensor.levels[0]);
    const split = moveOf(splitTheTensor, 'split', {
      at: { ...at, height: 1, index: 5 },
      notes: { ...noRoots, trace, tensor },
    });
    expect(split.children).to.deep.equal(tensor.levels[0]!.slice(10, 12));
  });

  it('lists the drawn leaves of a verdict in place of the first levels', () => {
    const leaves = Array.from({ length: 64 }, (_, i) => rootOf(i));
    const at = { subject: 'leaves' } as const;
    const { trace: shown } = moveOf(traceOwn, 'answerTrace', {
      at,
      notes: { ...noRoots, trace: { ...trace, leaves } },
    });
    expect(shown).to.deep.include({ root: levelsOfTrace(trace).at(-1)![0], outputProof: [], children: leaves });
  });

  it('shows a drawn leaf in its trace, unless it is not the listed one', () => {
    const tensor = tensorNotes(UNEVEN);
    const root = rootOfTensor(program.nodes[UNEVEN]!.type, bytesFromHash(tensor.levels[HEIGHT]![0]!));
    const own = aTrace({ [UNEVEN]: root });
    const leaf = tensor.levels[0]![7]!;
    const at = { stage: 'drawn', subject: 'leaves', node: UNEVEN, index: 7, subtree: leaf } as const;
    expect(decide(openTheDrawnLeaf, { at, notes: { ...noRoots, trace: own } })).to.deep.equal({
      type: 'prepare',
      what: 'tensor',
      node: UNEVEN,
    });
    const notes = { ...noRoots, trace: own, tensor };
    const move = moveOf(openTheDrawnLeaf, 'openDrawn', { at, notes });
    expect(move.descriptor).to.equal(descriptorOf(program, UNEVEN));
    expect(rootFromProof(leaf, 7, move.leafProof)).to.equal(tensor.levels[HEIGHT]![0]);
    expect(rootFromProof(root, UNEVEN, move.nodeProof)).to.equal(levelsOfTrace(own).at(-1)![0]);
    expect(decide(openTheDrawnLeaf, { at: { ...at, subtree: rootOf(1) }, notes })).to.equal(undefined);
  });

  it('opens the chosen leaf', () => {
    const at = { stage: 'leaf', node: UNEVEN, index: 7 } as const;
    const wanted = { type: 'prepare', what: 'leaf', node: UNEVEN, leaf: 7 };
    expect(decide(openTheLeaf, { at, notes: { ...noRoots, trace } })).to.deep.equal(wanted);
    const data = committedBytes(aTensor(UNEVEN)).slice(7 * 1024, 8 * 1024);
    const elsewhere = { ...noRoots, trace, leaf: { node: UNEVEN, leaf: 6, data } };
    expect(decide(openTheLeaf, { at, notes: elsewhere })).to.deep.equal(wanted);
    const move = moveOf(openTheLeaf, 'openLeaf', {
      at,
      notes: { ...noRoots, trace, leaf: { node: UNEVEN, leaf: 7, data } },
    });
    expect(move).to.deep.equal({ type: 'openLeaf', descriptor: descriptorOf(program, UNEVEN), data: toHex(data) });
  });
});
