import { hashFromBytes, type Hash } from '../commit/hash.ts';
import { siblingsOf, type Levels } from '../commit/subtrees.ts';
import { EMPTY, hashNode, treeLevels } from '../commit/tree.ts';
import { encodeNode } from './descriptor.ts';
import { programLeaves } from './encode.ts';
import type { Program } from './program.ts';

/** The header leaf of a program and its path to the program root. */
export function headerOf(program: Program) {
  const { nodes, outputStart, constants, inputs } = program;
  const { layouts, descriptorsRoot, constantsRoot } = treesOf(program);
  const proof = [...siblingsOf(layouts, 0, 0), EMPTY, hashNode(descriptorsRoot, constantsRoot)];
  const sizes = { nodes: nodes.length, outputStart, constants: constants.length, inputs: inputs.length };
  return { ...sizes, proof };
}

/** A node's descriptor in 96 bytes; `0x` for padding. */
export function descriptorOf({ nodes }: Program, index: number): `0x${string}` {
  const node = nodes[index] ?? null;
  return node === null ? '0x' : hashFromBytes(encodeNode(node));
}

/** From the place of a node's descriptor, padding included, to the program root. @throws INDEX_OUT_OF_RANGE */
export function descriptorProof(program: Program, index: number): readonly Hash[] {
  const { descriptors, constantsRoot, layoutsRoot } = treesOf(program);
  return [...siblingsOf(descriptors, 0, index), constantsRoot, hashNode(layoutsRoot, EMPTY)];
}

/** From the tensor root of a constant to the program root. @throws INDEX_OUT_OF_RANGE */
export function constantProof(program: Program, index: number): readonly Hash[] {
  const { constants, descriptorsRoot, layoutsRoot } = treesOf(program);
  return [...siblingsOf(constants, 0, index), descriptorsRoot, hashNode(layoutsRoot, EMPTY)];
}

type ProgramTrees = {
  readonly descriptors: Levels;
  readonly constants: Levels;
  readonly layouts: Levels;
  readonly descriptorsRoot: Hash;
  readonly constantsRoot: Hash;
  readonly layoutsRoot: Hash;
};

const programTrees = new WeakMap<Program, ProgramTrees>();

function treesOf(program: Program): ProgramTrees {
  const known = programTrees.get(program);
  if (known !== undefined) return known;
  const leaves = programLeaves(program);
  const [descriptors, constants, layouts] = [leaves.descriptors, leaves.constants, leaves.layouts].map((row) =>
    treeLevels(row),
  ) as [Levels, Levels, Levels];
  const [descriptorsRoot, constantsRoot, layoutsRoot] = [descriptors, constants, layouts].map(
    (levels) => levels.at(-1)![0]!,
  ) as [Hash, Hash, Hash];
  const trees = { descriptors, constants, layouts, descriptorsRoot, constantsRoot, layoutsRoot };
  programTrees.set(program, trees);
  return trees;
}
