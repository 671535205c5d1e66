import { fastLeafRoot, joinSubtrees } from '../commit/fast.ts';
import { dtypeCodes, treeDepth } from '../commit/format.ts';
import { bytesFromHash, hashFromBytes, type Hash } from '../commit/hash.ts';
import { tensorRoot } from '../commit/reference.ts';
import { EMPTY, hashLeaf, merkleRoot } from '../commit/tree.ts';
import { operators } from '../ops/index.ts';
import { constantInfo, rule, type ValueInfo } from '../ops/operator.ts';
import { decodeNode, encodeNode, requireDescribable, requireDescriptor, type Described } from './descriptor.ts';
import { MAX_FINAL_CHECK_GAS, requireAffordable } from './final_check.ts';
import { placedSlots, type Node, type Program, type Ref } from './program.ts';
import { sameShape, type StateLayout, type StateSlot } from './types.ts';

const EMPTY_BYTES = bytesFromHash(EMPTY);

/** A program as data: what its root commits to. `null` is padding. */
export type EncodedProgram = Pick<Program, 'constants' | 'inputs' | 'output' | 'outputStart'> & {
  readonly descriptors: readonly (Uint8Array | null)[];
};

/** Throws GRAPH_INVALID when a node exceeds what a descriptor can hold. */
export function encodeProgram({ nodes, constants, inputs, output, outputStart }: Program): EncodedProgram {
  return { descriptors: nodes.map((node) => node && encodeNode(node)), constants, inputs, output, outputStart };
}

/**
 * Merkle root over [descriptors, constants, layouts]: leaf i of the descriptors is that of node i (EMPTY for padding),
 * leaf i of the constants the tensor root of constant i, and the layouts are a leaf of sizes, the input layouts in order
 * and the output layout.
 */
export function programRoot(program: Program): Hash {
  const { nodes, constants } = program;
  const descriptors = nodes.map((node) => (node === null ? EMPTY_BYTES : fastLeafRoot(encodeNode(node))));
  const tree = joinSubtrees(descriptors, 0, treeDepth(nodes.length));
  return merkleRoot([hashFromBytes(tree), merkleRoot(constants.map(tensorRoot)), merkleRoot(layoutLeaves(program))]);
}

/** The leaves of a program's three trees, by the obvious route. */
export function programLeaves(program: Program): Record<'descriptors' | 'constants' | 'layouts', readonly Hash[]> {
  return {
    descriptors: program.nodes.map((node) => (node === null ? EMPTY : hashLeaf(encodeNode(node)))),
    constants: program.constants.map(tensorRoot),
    layouts: layoutLeaves(program),
  };
}

function layoutLeaves(program: Program): readonly Hash[] {
  return [hashLeaf(encodeSizes(program)), ...program.inputs.map(layoutRoot), layoutRoot(program.output)];
}

/** The header, first leaf of the layouts: u32 BE nodes, first output node, constants, input states. */
export function encodeSizes({ nodes, outputStart, constants, inputs }: Program): Uint8Array {
  return words(nodes.length, outputStart, constants.length, inputs.length);
}

const layoutRoots = new WeakMap<StateLayout, Hash>();

/**
 * Commitment to names and types of a state, over [sizes of the groups, slots]. The leaf of a slot is at the place of its
 * tensor in the state's own tree.
 */
export function layoutRoot(layout: StateLayout): Hash {
  const known = layoutRoots.get(layout);
  if (known !== undefined) return known;
  const leaves = placedSlots(layout).map((slot) => (slot === null ? EMPTY : hashLeaf(encodeSlot(slot))));
  const root = merkleRoot([hashLeaf(words(...layout.groups.map((group) => group.length))), merkleRoot(leaves)]);
  layoutRoots.set(layout, root);
  return root;
}

/** u8 element type, u8 rank, u32 BE extents, name in UTF-8. */
function encodeSlot({ name, dtype, shape }: StateSlot): Uint8Array {
  const text = Buffer.from(name, 'utf8');
  rule(text.length >= 1 && text.length <= 255, 'layout', `the name ${name} has ${text.length} bytes, not 1 to 255`);
  return Buffer.concat([Uint8Array.of(dtypeCodes[dtype], shape.length), words(...shape), text]);
}

/** u32 BE each. */
function words(...values: readonly number[]): Uint8Array {
  const bytes = Buffer.alloc(4 * values.length);
  values.forEach((value, i) => bytes.writeUInt32BE(value, 4 * i));
  return bytes;
}

/**
 * Rebuilds a program from its descriptors and checks all of it: that every descriptor has a meaning, that operands come
 * before their use, that the last nodes are the output state, and that no final check could cost more than `mostGas`. Throws DESCRIPTOR_INVALID or GRAPH_INVALID.
 */
export function decodeProgram(encoded: EncodedProgram, mostGas = MAX_FINAL_CHECK_GAS): Program {
  const { descriptors, constants, inputs, output, outputStart } = encoded;
  const nodes: (Node | null)[] = [];
  for (const descriptor of descriptors) nodes.push(descriptor && bound(encoded, nodes, decodeNode(descriptor)));
  requireOutput(nodes, output, outputStart);
  requireAffordable({ nodes, constants, inputs }, mostGas);
  return { nodes, constants, inputs, output, outputStart };
}

/** The node with the bound that its operator derives, if the operator accepts it. */
function bound(encoded: EncodedProgram, earlier: readonly (Node | null)[], node: Described): Node {
  requireDescribable(node);
  const operands = node.inputs.map((ref) => operandInfo(encoded, earlier, ref));
  const largest = operators.get(node.op)!.check(operands, node);
  return largest === undefined ? node : { ...node, bound: largest };
}

function operandInfo({ constants, inputs }: EncodedProgram, earlier: readonly (Node | null)[], ref: Ref): ValueInfo {
  if (ref.kind === 'constant') {
    const constant = constants[ref.index];
    requireDescriptor(constant !== undefined, `there is no constant ${ref.index}`);
    return constantInfo(constant);
  }
  if (ref.kind === 'input') {
    const layout = inputs[ref.state];
    const slot = layout && placedSlots(layout)[ref.place];
    requireDescriptor(slot != null, `there is no slot at place ${ref.place} of state ${ref.state}`);
    return { dtype: slot.dtype, shape: slot.shape };
  }
  const node = earlier[ref.index];
  requireDescriptor(node !== undefined && node !== null, `node ${ref.index} is not an earlier one`);
  return node.bound === undefined ? node.type : { ...node.type, bound: node.bound };
}

/** The output state's slots are the last nodes, at the places of its tree. */
function requireOutput(nodes: readonly (Node | null)[], output: StateLayout, start: number): void {
  const places = placedSlots(output);
  requireDescriptor(nodes.length === start + places.length, 'the output is not the last nodes');
  requireDescriptor(start % places.length === 0, 'the output is not a subtree of the trace');
  places.forEach((slot, i) => {
    const node = nodes[start + i] ?? null;
    const fits =
      node === null || slot === null
        ? node === slot
        : node.type.dtype === slot.dtype && sameShape(node.type.shape, slot.shape);
    requireDescriptor(fits, `node ${start + i} is not the slot ${slot?.name ?? 'that is padding'}`);
  });
}
