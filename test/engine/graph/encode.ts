import { expect } from 'chai';
import fc from 'fast-check';
import { EMPTY, hashLeaf, merkleRoot } from '../../../engine/commit/tree.ts';
import { tensorRoot } from '../../../engine/commit/reference.ts';
import { GraphBuilder } from '../../../engine/graph/builder.ts';
import { decodeNode, DESCRIPTOR_BYTES, encodeNode, type Described } from '../../../engine/graph/descriptor.ts';
import { decodeProgram, encodeProgram, layoutRoot, programRoot } from '../../../engine/graph/encode.ts';
import type { Node, Program, Ref } from '../../../engine/graph/program.ts';
import type { StateLayout } from '../../../engine/graph/types.ts';
import { failsWith } from '../../helpers/errors.ts';
import { invocationOfOne } from '../../helpers/programs.ts';
import { applications } from '../../helpers/operators/applications.ts';
import { movements } from '../../helpers/operators/movements.ts';

const x: StateLayout = { groups: [[{ name: 'x', dtype: 'f32', shape: [4, 6] }]] };
const step: StateLayout = { groups: [[{ name: 'step', dtype: 'i32', shape: [1] }]] };
const y: StateLayout = {
  groups: [
    [{ name: 'y', dtype: 'f32', shape: [4, 6] }],
    [
      { name: 'sum', dtype: 'i32', shape: [4, 1] },
      { name: 'q', dtype: 'i8', shape: [6, 4] },
      { name: 'step', dtype: 'i32', shape: [1] },
    ],
  ],
};

/** A small program with all kinds of operands, attributes and padding. */
function example({ bits = 3, factor = 0.5 } = {}): Program {
  const graph = new GraphBuilder([x, step]);
  const value = graph.input('x');
  const scaled = graph.mul(value, factor);
  const fixed = graph.toFixed(scaled, bits, 1000);
  const q = graph.transpose(graph.quantize(scaled, graph.scalar(0.25)), [1, 0]);
  const outputs = { y: scaled, sum: graph.sumI32(fixed), q, step: graph.input('step', 1) };
  return graph.finish(y, new Map(Object.entries(outputs)));
}

/** The example with one node changed. */
function changed(op: string, change: (node: Node) => Partial<Node>): Program {
  const program = example();
  return { ...program, nodes: program.nodes.map((node) => (node?.op === op ? { ...node, ...change(node) } : node)) };
}

const node: Described = {
  op: 'slice',
  attributes: [1, 2, 3],
  inputs: [{ kind: 'input', state: 1, place: 258 }],
  type: { dtype: 'i8', shape: [5, 3] },
};

describe('program encoding', () => {
  it('writes a descriptor as its layout says', () => {
    const extents = '00000005' + '00000003' + '00000000'.repeat(4);
    const attributes = '00000001' + '00000002' + '00000003' + '00000000'.repeat(5);
    const operands = '02010000' + '00000102' + '00000000'.repeat(6);
    const expected = '0032' + '02' + '02' + extents + attributes + operands + '00000000';
    expect(Buffer.from(encodeNode(node)).toString('hex')).to.equal(expected);
    expect(expected).to.have.length(2 * DESCRIPTOR_BYTES);
  });

  for (const [op, arbitrary] of Object.entries({ ...applications, ...movements })) {
    it(`gives back every node and program of ${op}`, () => {
      fc.assert(
        fc.property(arbitrary, (application) => {
          const { program } = invocationOfOne(application);
          expect(decodeProgram(encodeProgram(program))).to.deep.equal(program);
        }),
        { numRuns: 20 },
      );
    });
  }

  it('gives the same root when the same program is built twice', () => {
    expect(programRoot(example())).to.equal(programRoot(example()));
    expect(decodeProgram(encodeProgram(example()))).to.deep.equal(example());
  });

  it('names a tensor of a state by its place in the padded tree', async () => {
    // Groups of one, two and one: each is padded to two, so the third starts at place 4.
    const { groups } = y;
    const grouped = { groups: [groups[0]!, groups[1]!.filter(({ name }) => name !== 'q'), groups[1]!.slice(1, 2)] };
    const graph = new GraphBuilder([grouped]);
    const reversed = graph.transpose(graph.input('q'), [1, 0]);
    const program = graph.finish({ groups: [[{ name: 'q', dtype: 'i8', shape: [4, 6] }]] }, new Map([['q', reversed]]));
    const [descriptor] = encodeProgram(program).descriptors;
    expect(Buffer.from(descriptor!.subarray(60, 68)).toString('hex')).to.equal('02000000' + '00000004');
    expect(decodeProgram(encodeProgram(program))).to.deep.equal(program);
    const atPadding = program.nodes.map((item) =>
      item?.op === 'transpose' ? { ...item, inputs: [{ kind: 'input', state: 0, place: 1 } satisfies Ref] } : item,
    );
    await failsWith('DESCRIPTOR_INVALID', () => decodeProgram(encodeProgram({ ...program, nodes: atPadding })));
  });

  it('is the Merkle root over descriptors, constants and layouts', () => {
    const program = example();
    const sizes = Buffer.from(
      [program.nodes.length, program.outputStart, program.constants.length, 2].map((n) => [0, 0, 0, n]).flat(),
    );
    const parts = [
      program.nodes.map((item) => (item === null ? EMPTY : hashLeaf(encodeNode(item)))),
      program.constants.map(tensorRoot),
      [hashLeaf(sizes), layoutRoot(x), layoutRoot(step), layoutRoot(y)],
    ].map((leaves) => merkleRoot(leaves));
    expect(programRoot(program)).to.equal(merkleRoot(parts));
  });

  const others: Record<string, Program> = {
    'an attribute': example({ bits: 4 }),
    'a bound among the attributes': changed('to_fixed', () => ({ attributes: [3, 999] })),
    'a permutation': changed('transpose', () => ({ attributes: [0, 1] })),
    'a shape': changed('to_fixed', ({ type }) => ({ type: { ...type, shape: [6, 4] } })),
    'an element type': changed('quantize', ({ type }) => ({ type: { ...type, dtype: 'f32' } })),
    'an operator': changed('mul', () => ({ op: 'add' })),
    'a reference to a node': changed('sum_i32', () => ({ inputs: [{ kind: 'node', index: 0 }] })),
    'the kind of a reference': changed('sum_i32', ({ inputs }) => ({
      inputs: inputs.map((ref) => ({ kind: 'constant', index: (ref as { index: number }).index })),
    })),
    'the place of a reference': changed('mul', ({ inputs }) => ({
      inputs: [{ kind: 'input', state: 0, place: 1 }, inputs[1]!],
    })),
    'the state of a reference': changed('mul', ({ inputs }) => ({
      inputs: [{ kind: 'input', state: 1, place: 0 }, inputs[1]!],
    })),
    'the order of references': changed('mul', ({ inputs }) => ({ inputs: inputs.toReversed() })),
    'a constant': example({ factor: 0.25 }),
    'the name of an input': {
      ...example(),
      inputs: [{ groups: [[{ name: 'z', dtype: 'f32', shape: [4, 6] }]] }, step],
    },
    'the grouping of the output': {
      ...example(),
      output: { groups: [[...y.groups[0]!, ...y.groups[1]!.slice(0, 1)], y.groups[1]!.slice(1)] },
    },
    'the number of padding nodes': { ...example(), nodes: [...example().nodes, null] },
    'the place of the output': { ...example(), outputStart: 0 },
  };
  for (const [what, other] of Object.entries(others)) {
    it(`gives another root when ${what} changes`, () => {
      expect(programRoot(other)).to.not.equal(programRoot(example()));
    });
  }

  it('holds 6 extents and no more', async () => {
    const of = (rank: number): Described => ({
      ...node,
      op: 'abs',
      attributes: [],
      type: { dtype: 'f32', shape: Array(rank).fill(1) },
    });
    expect(decodeNode(encodeNode(of(6)))).to.deep.equal(of(6));
    await failsWith('GRAPH_INVALID', () => encodeNode(of(7)));
  });

  it('holds 4 operands and no more', async () => {
    const of = (count: number): Described => ({
      ...node,
      inputs: Array(count).fill({ kind: 'node', index: 7 } satisfies Ref),
    });
    expect(decodeNode(encodeNode(of(4)))).to.deep.equal(of(4));
    await failsWith('GRAPH_INVALID', () => encodeNode(of(5)));
  });

  it('holds as many attributes as the operator has, each an i32', async () => {
    for (const attributes of [
      [],
      [0, 0],
      [0, 0, 0, 0],
      Array<number>(9).fill(0),
      [0, 0, 0.5],
      [0, 0, 2 ** 31],
      [0, 0, NaN],
    ]) {
      await failsWith('GRAPH_INVALID', () => encodeNode({ ...node, attributes }));
    }
    const ends = { ...node, attributes: [-(2 ** 31), 2 ** 31 - 1, 0] };
    expect(decodeNode(encodeNode(ends))).to.deep.equal(ends);
  });

  it('refuses empty extents, unknown operators and references that do not fit', async () => {
    await failsWith('GRAPH_INVALID', () => encodeNode({ ...node, type: { dtype: 'i8', shape: [0] } }));
    await failsWith('GRAPH_INVALID', () => encodeNode({ ...node, op: 'exp' }));
    await failsWith('GRAPH_INVALID', () => encodeNode({ ...node, inputs: [{ kind: 'node', index: 2 ** 32 }] }));
    await failsWith('GRAPH_INVALID', () => encodeNode({ ...node, inputs: [{ kind: 'input', state: 256, place: 0 }] }));
  });

  it('refuses every descriptor that it would not have written', async () => {
    const written = encodeNode(node);
    for (let place = 0; place < DESCRIPTOR_BYTES; place++) {
      const other = written.slice();
      other[place]! ^= 0x80;
      // A changed extent, attribute or index is another node; all else must be refused.
      const isField =
        (place >= 4 && place < 12) ||
        (place >= 28 && place < 40) ||
        (place >= 61 && place < 62) ||
        (place >= 64 && place < 68);
      if (isField) expect(encodeNode(decodeNode(other))).to.deep.equal(other);
      else await failsWith('DESCRIPTOR_INVALID', () => decodeNode(other));
    }
    await failsWith('DESCRIPTOR_INVALID', () => decodeNode(written.subarray(1)));
  });

  it('refuses to rebuild a program that refers forwards, nowhere, or to another output', async () => {
    const broken: Partial<Program>[] = [
      changed('mul', ({ inputs }) => ({ inputs: [{ kind: 'node', index: 5 }, inputs[1]!] })),
      changed('mul', ({ inputs }) => ({ inputs: [{ kind: 'input', state: 0, place: 1 }, inputs[1]!] })),
      changed('mul', ({ inputs }) => ({ inputs: [{ kind: 'input', state: 2, place: 0 }, inputs[1]!] })),
      { constants: [] },
      { outputStart: 0 },
      { nodes: [...example().nodes, null] },
      { nodes: example().nodes.toSpliced(-1, 1) },
      { output: x },
    ];
    for (const change of broken) {
      await failsWith('DESCRIPTOR_INVALID', () => decodeProgram(encodeProgram({ ...example(), ...change })));
    }
    const mistyped = changed('to_fixed', ({ type }) => ({ type: { ...type, shape: [6, 4] } }));
    await failsWith('GRAPH_INVALID', () => decodeProgram(encodeProgram(mistyped)));
  });
});
