import type { Hex } from 'viem';

import type { Evidence, Move, MoveType, TraceOpening } from '../../../sdk/game-moves.ts';

const word: Hex = `0x${'be'.repeat(32)}`;

/** A legal move made illegal: what is wrong with it, and the move. */
export type Mutant = { readonly title: string; readonly move: Move };
type Of<type extends MoveType> = Extract<Move, { type: type }>;

/** Numbers that no place, part or element has, and at which an index could wrap. */
const huge = [2 ** 31, 2 ** 32, 2 ** 63, 2 ** 64, 2 ** 128, 2 ** 255];

/** Every way in which a list can be wrong that was right. */
function wrongLists(list: readonly Hex[]): readonly (readonly Hex[])[] {
  const [first, ...rest] = list;
  if (first === undefined) return [[word]];
  return [rest, [...list, word], [...list, ...list], list.with(0, word), list.with(-1, word), []];
}

/** The same for bytes. */
function wrongBytes(bytes: Hex): readonly Hex[] {
  const last = bytes.at(-1) === '0' ? '1' : '0';
  return ['0x', `${bytes}00`, bytes.slice(0, -2) as Hex, `${bytes.slice(0, -1)}${last}` as Hex];
}

/** All mutants of a legal move. */
export function mutantsOf(move: Move): readonly Mutant[] {
  const found: Mutant[] = [];
  const add = (title: string, mutants: readonly object[]) => {
    mutants.forEach((change, i) => found.push({ title: `${title} ${i + 1}`, move: { ...move, ...change } as Move }));
  };
  switch (move.type) {
    case 'answerMarks':
      add(
        'part',
        [...huge, move.part + 1].map((part) => ({ part })),
      );
      add('finish', [{ finish: word }]);
      add(
        'marks',
        wrongLists(move.marks).map((marks) => ({ marks })),
      );
      add(
        'trace',
        wrongTraces(move.trace).map((trace) => ({ trace })),
      );
      break;
    case 'answerTrace':
      add(
        'trace',
        wrongTraces(move.trace).map((trace) => ({ trace })),
      );
      break;
    case 'mark':
      add(
        'marks',
        [move.marks.slice(1), [...move.marks, word], []].map((marks) => ({ marks })),
      );
      break;
    case 'split':
      add(
        'children',
        wrongLists(move.children).map((children) => ({ children })),
      );
      break;
    case 'pick':
    case 'pickNode':
      add(
        'child',
        [...huge, move.child ^ 1].map((child) => ({ child })),
      );
      add('root', [{ root: word }]);
      add(
        'siblings',
        wrongLists(move.siblings).map((siblings) => ({ siblings })),
      );
      if (move.type === 'pickNode') addDescriptor(move, add);
      break;
    case 'openTensor':
      add(
        'descriptor',
        wrongBytes(move.descriptor).map((descriptor) => ({ descriptor })),
      );
      add('tree', [{ tree: word }]);
      add(
        'children',
        wrongLists(move.children).map((children) => ({ children })),
      );
      break;
    case 'openLeaf':
      add(
        'descriptor',
        wrongBytes(move.descriptor).map((descriptor) => ({ descriptor })),
      );
      add(
        'data',
        wrongBytes(move.data).map((data) => ({ data })),
      );
      break;
    case 'openDrawn':
      add(
        'descriptor',
        wrongBytes(move.descriptor).map((descriptor) => ({ descriptor })),
      );
      add(
        'leaf proof',
        wrongLists(move.leafProof).map((leafProof) => ({ leafProof })),
      );
      add(
        'node proof',
        wrongLists(move.nodeProof).map((nodeProof) => ({ nodeProof })),
      );
      break;
    case 'prove':
      add(
        'descriptor',
        wrongBytes(move.descriptor).map((descriptor) => ({ descriptor })),
      );
      add(
        'data',
        wrongBytes(move.data).map((data) => ({ data })),
      );
      add(
        'element',
        huge.map((element) => ({ element })),
      );
      add(
        'evidence',
        wrongEvidence(move.evidence).map((evidence) => ({ evidence })),
      );
      break;
  }
  return found;
}

function addDescriptor(move: Of<'pickNode'>, add: (title: string, mutants: readonly object[]) => void): void {
  add(
    'descriptor',
    wrongBytes(move.descriptor).map((descriptor) => ({ descriptor })),
  );
  add(
    'proof',
    wrongLists(move.descriptorProof).map((descriptorProof) => ({ descriptorProof })),
  );
}

function wrongTraces(trace: TraceOpening): readonly TraceOpening[] {
  const { nodes, outputStart, constants, inputs } = trace;
  return [
    ...[nodes - 1, nodes + 1, 0, 2 ** 32 - 1].map((wrong) => ({ ...trace, nodes: wrong })),
    ...[outputStart - 1, outputStart + 1, 0, nodes, 2 ** 32 - 1].map((wrong) => ({ ...trace, outputStart: wrong })),
    ...[constants + 1, 0].map((wrong) => ({ ...trace, constants: wrong })),
    ...[inputs + 1, 0, 2 ** 32 - 1].map((wrong) => ({ ...trace, inputs: wrong })),
    { ...trace, root: word },
    ...wrongLists(trace.headerProof).map((headerProof) => ({ ...trace, headerProof })),
    ...wrongLists(trace.outputProof).map((outputProof) => ({ ...trace, outputProof })),
    ...wrongLists(trace.children).map((children) => ({ ...trace, children })),
  ];
}

function wrongEvidence(evidence: Evidence): readonly Evidence[] {
  const [first, ...rest] = evidence.operands;
  if (first === undefined) return [];
  const [leaf, ...leaves] = first.leaves;
  const wrongFirst = [
    { ...first, dtype: first.dtype ^ 3 },
    { ...first, dtype: 255 },
    { ...first, extents: [...first.extents, 1] },
    { ...first, extents: first.extents.map((extent) => extent + 1) },
    { ...first, extents: first.extents.map(() => 2 ** 32 - 1) },
    { ...first, extents: [] },
    { ...first, tree: word },
    ...wrongLists(first.siblings).map((siblings) => ({ ...first, siblings })),
    { ...first, leaves },
    { ...first, leaves: [...first.leaves, ...first.leaves] },
    ...(leaf === undefined
      ? []
      : wrongLists(leaf.siblings).map((siblings) => ({ ...first, leaves: [{ ...leaf, siblings }, ...leaves] }))),
    ...(leaf === undefined
      ? []
      : wrongBytes(leaf.data).map((data) => ({ ...first, leaves: [{ ...leaf, data }, ...leaves] }))),
  ];
  const lists = [rest, [...evidence.operands, first], [...rest, first].toReversed().slice(0, -1), []];
  return [
    ...wrongFirst.map((wrong) => ({ ...evidence, operands: [wrong, ...rest] })),
    ...lists
      .filter((operands) => operands.length !== evidence.operands.length)
      .map((operands) => ({ ...evidence, operands })),
  ];
}
