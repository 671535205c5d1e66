import { expect } from 'chai';
import { leafGeometry, treeDepth } from '../../engine/commit/format.ts';
import { bytesFromHash, hashFromBytes, sha256, type Hash } from '../../engine/commit/hash.ts';
import { stateRoot, tensorRoot } from '../../engine/commit/reference.ts';
import { EMPTY, hashLeaf, rootFromProof, treeLevels } from '../../engine/commit/tree.ts';
import { loadBatch } from '../../engine/data/batch.ts';
import { createDataset } from '../../engine/data/dataset.ts';
import {
  descriptorOf,
  descriptorProof,
  evidenceOf,
  firstDifference,
  headerOf,
  outputProof,
  type Evidence,
  type LeafEvidence,
  type OperandEvidence,
} from '../../engine/evidence.ts';
import { programRoot } from '../../engine/graph/encode.ts';
import type { Ref } from '../../engine/graph/program.ts';
import type { Shape, Tensor } from '../../engine/graph/types.ts';
import { initialParameters } from '../../engine/nn/initial.ts';
import { chooseKernel } from '../../engine/onnx/self_test.ts';
import { operators } from '../../engine/ops/index.ts';
import { payloadProgram, trainingProgram } from '../../engine/programs.ts';
import { createTracer, type Trace, type Tracer } from '../../engine/trace.ts';
import { parametersState, startState } from '../../engine/training.ts';
import { failsWith } from '../helpers/errors.ts';
import { tinyRecipe } from '../helpers/recipes.ts';

const dataset = createDataset('the quick brown fox jumps over the lazy dog, '.repeat(200), { context: 16 });
const recipe = tinyRecipe({
  dataset: { root: dataset.root, trainTokens: dataset.train.length, heldOutTokens: dataset.heldOut.length },
});
const invocation = { seed: `0x${'5a'.repeat(32)}`, participant: `0x${'b7'.repeat(20)}`, step: 3 } as const;
const batch = loadBatch(dataset, { ...invocation, rows: recipe.batch, context: recipe.model.context });
const start = startState(recipe, initialParameters(recipe));
const program = trainingProgram(recipe);

/** The root that an operand's tree leads to, by what the referee knows: the kind of the operand, and its index. */
function rootOf({ dtype, extents, tree, siblings }: OperandEvidence, ref: Ref): Hash {
  const header = Buffer.alloc(3 + 4 * extents.length);
  header.set([3, dtype, extents.length]);
  extents.forEach((extent, axis) => header.writeUInt32BE(extent, 3 + 4 * axis));
  const place = ref.kind === 'input' ? ref.place : ref.index;
  // The constants are the second of a program's three trees.
  const isConstant = ref.kind === 'constant';
  const index = isConstant ? place + 2 ** (siblings.length - 2) : place;
  return rootFromProof(hashFromBytes(sha256(header, bytesFromHash(tree))), index, siblings);
}

/** The leaves of an operand are those from `first` on, under its tree. */
function expectLeaves(
  { tree, leaves }: OperandEvidence,
  type: { dtype: Tensor['dtype']; shape: Shape },
  first: number,
) {
  const depth = treeDepth(leafGeometry(type).leaves);
  leaves.forEach((leaf, i) => expect(folded(leaf, first + i, depth)).to.equal(tree));
}

function folded({ data, siblings }: LeafEvidence, index: number, depth: number): Hash {
  expect(siblings).to.have.length(depth);
  return rootFromProof(hashLeaf(Buffer.from(data.slice(2), 'hex')), index, siblings);
}

describe('evidence of a final check', function () {
  this.timeout(60_000);

  let tracer: Tracer;
  let trace: Trace;
  before(async () => {
    tracer = await createTracer(program, { kernel: await chooseKernel({ threads: 1 }), threads: 1 });
    trace = await tracer.trace([start], batch);
  });
  after(() => tracer.close());

  const sources = { inputs: [start], dataset, batch: invocation };
  const roots = (ref: Ref) => ({ node: trace.root, input: stateRoot(start), constant: programRoot(program) })[ref.kind];

  for (const op of new Set(program.nodes.flatMap((node) => node?.op ?? []))) {
    it(`opens what ${op} reads, under the trace, the state and the program`, async () => {
      const indices = program.nodes.flatMap((node, index) => (node?.op === op ? [index] : []));
      for (const index of new Set([indices[0]!, indices.at(-1)!])) {
        const node = program.nodes[index]!;
        const elements = node.type.shape.reduce((a, b) => a * b, 1);
        const tensors = await trace.operands(index);
        for (const element of new Set([0, elements >> 1, elements - 1])) {
          const { operands } = await evidenceOf(trace, sources, index, element);
          expect(operands).to.have.length(node.inputs.length);
          const ranges = operators.get(op)!.reads(element, tensors, node);
          operands.forEach((operand, i) => {
            expect(rootOf(operand, node.inputs[i]!)).to.equal(roots(node.inputs[i]!));
            expect(operand.leaves.length > 0).to.equal(ranges[i]!.count > 0);
            expectLeaves(operand, tensors[i]!, firstLeaf(tensors[i]!, ranges[i]!.start));
            expectCovers(operand, tensors[i]!, ranges[i]!);
          });
        }
      }
    });
  }

  it('opens the token of a batch in the dataset', async () => {
    const node = program.nodes.findIndex((candidate) => candidate?.op === 'load_batch');
    for (const element of [0, 20, batch.length - 1]) {
      const { operands, tokens } = await evidenceOf(trace, sources, node, element);
      expect(operands).to.deep.equal([]);
      const { vocabulary, trainTokens, heldOutTokens, trainRoot, heldOutRoot, leaf } = tokens;
      const header = Buffer.alloc(21);
      header[0] = 4;
      header.writeUInt32BE(vocabulary, 1);
      header.writeBigUInt64BE(trainTokens, 5);
      header.writeBigUInt64BE(heldOutTokens, 13);
      expect(hashFromBytes(sha256(header, bytesFromHash(trainRoot), bytesFromHash(heldOutRoot)))).to.equal(
        dataset.root,
      );
      const found = Array.from({ length: Math.ceil(dataset.train.length / 1024) }, (_, i) => i).filter(
        (i) => rootFromProof(hashLeaf(Buffer.from(leaf.data.slice(2), 'hex')), i, leaf.siblings) === trainRoot,
      );
      expect(found).to.have.length(1);
      expect([...Buffer.from(leaf.data.slice(2), 'hex')]).to.include(batch[element]);
    }
    await failsWith('EVIDENCE_MISSING', evidenceOf(trace, { inputs: [start] }, node, 0));
    await failsWith('EVIDENCE_MISSING', evidenceOf(trace, { inputs: [start], dataset }, node, 0));
  });

  it('opens operands in another trace that is equal before the node', async () => {
    const places = [901, 902, 1_023, 1_024, 1_100].filter((index) => program.nodes[index] !== null);
    for (const index of places) {
      // What comes from the node on is the other side's.
      const theirs = trace.nodes.map((root, i) => (i < index || root === EMPTY ? root : tensorRoot(single(i))));
      const levels = treeLevels(theirs);
      const siblings = levels.slice(0, -1).map((level, height) => level[Math.floor(index / 2 ** height) ^ 1]!);
      const path = { root: theirs[index]!, siblings };
      const { operands } = await evidenceOf(trace, { ...sources, path }, index, 0);
      operands.forEach((operand, i) => {
        const ref = program.nodes[index]!.inputs[i]!;
        expect(rootOf(operand, ref)).to.equal(ref.kind === 'node' ? levels.at(-1)![0] : roots(ref));
      });
      expect(firstDifference(trace.nodes, theirs)).to.equal(index);
    }
    expect(firstDifference(trace.nodes, trace.nodes)).to.equal(undefined);
  });

  it('opens a state inside a larger one whose first group it is', async () => {
    const payload = payloadProgram(recipe);
    const parent = initialParameters(recipe);
    const other = await createTracer(payload, { kernel: 's8s8', threads: 1 });
    const traced = await other.trace([parent, parametersState(recipe, start)]);
    const node = payload.nodes.findIndex((candidate) => candidate?.op === 'sub');
    const { operands } = await evidenceOf(traced, { inputs: [parent, start] }, node, 5);
    const { inputs } = payload.nodes[node]!;
    expect(rootOf(operands[0]!, inputs[0]!)).to.equal(stateRoot(parent));
    expect(rootOf(operands[1]!, inputs[1]!)).to.equal(stateRoot(start));
    await other.close();
  });

  it('shows the header, the descriptors and the output of a program', () => {
    const root = programRoot(program);
    const { nodes, outputStart, constants, inputs, proof } = headerOf(program);
    const header = Buffer.alloc(16);
    [nodes, outputStart, constants, inputs].forEach((value, i) => header.writeUInt32BE(value, 4 * i));
    // The layouts are the third of the three trees.
    expect(rootFromProof(hashLeaf(header), 2 * 2 ** (proof.length - 2), proof)).to.equal(root);
    for (const index of [0, 5, program.nodes.indexOf(null), program.nodes.length - 1, program.nodes.length]) {
      const bytes = descriptorOf(program, index);
      const leaf = bytes === '0x' ? EMPTY : hashLeaf(Buffer.from(bytes.slice(2), 'hex'));
      expect(rootFromProof(leaf, index, descriptorProof(program, index))).to.equal(root);
    }
    const depth = treeDepth(program.nodes.length - program.outputStart);
    const subtree = treeLevels(trace.nodes)[depth]![program.outputStart / 2 ** depth]!;
    expect(rootFromProof(subtree, program.outputStart / 2 ** depth, outputProof(trace))).to.equal(trace.root);
  });
});

function single(value: number): Tensor {
  return { dtype: 'f32', shape: [1], data: Float32Array.of(value) };
}

const sizeOf = ({ dtype }: Tensor): number => (dtype === 'i8' ? 1 : 4);

function firstLeaf(tensor: Tensor, element: number): number {
  const byte = element * sizeOf(tensor);
  const { rowBytes, leavesPerRow } = leafGeometry(tensor);
  return Math.floor(byte / rowBytes) * leavesPerRow + Math.floor((byte % rowBytes) / 1024);
}

/** The leaves hold the range, and none of them could be left out. */
function expectCovers(
  { leaves }: Evidence['operands'][number],
  tensor: Tensor,
  { start: first, count }: { start: number; count: number },
): void {
  if (count === 0) return;
  const content = Buffer.concat(leaves.map(({ data }) => Buffer.from(data.slice(2), 'hex')));
  const size = sizeOf(tensor);
  const { rowBytes } = leafGeometry(tensor);
  const inRow = ((first * size) % rowBytes) % 1024;
  const wanted = tensor.data.slice(first, first + count).map((value) => value + 0);
  const bytes = Buffer.from(wanted.buffer, wanted.byteOffset, wanted.byteLength);
  expect(content.subarray(inRow, inRow + count * size).equals(bytes)).to.equal(true);
  expect(leaves).to.have.length(Math.ceil((inRow + count * size) / 1024));
}
