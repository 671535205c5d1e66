import { derivationOf, type Derived } from '../graph/derived.ts';
import type { Program, Ref } from '../graph/program.ts';
import type { TensorType, TypedArray } from '../graph/types.ts';
import { leafGeometry, LEAF_BYTES } from './format.ts';
import type { Hasher } from './hasher.ts';
import { planParts, type Part, type Plan } from './plan.ts';
import { tiledRoot } from './tiled.ts';

/** A tree that one or more nodes have: elements that follow from those of another value, and how they are cut. */
export type Content = Derived & { readonly type: TensorType };

/** The different trees of a program's nodes: most reshapes have that of another node. */
export type Contents = {
  readonly all: readonly Content[];
  /** Number of the content of each node; undefined for padding. */
  readonly ofNode: readonly (number | undefined)[];
};

export function contentsOf(program: Program): Contents {
  const all: Content[] = [];
  const known = new Map<string, number>();
  const ofNode = program.nodes.map((node, index) => {
    if (node === null) return undefined;
    const derived = derivationOf(program, { kind: 'node', index });
    const isItself = derived.stretch === 1 && derived.tile === 1;
    const { rowBytes, leavesPerRow, leaves } = leafGeometry(node.type);
    // Rows of whole leaves are cut like one long row.
    const row = leavesPerRow === leaves || rowBytes % LEAF_BYTES === 0 ? 'whole' : rowBytes;
    const key = JSON.stringify([derived, node.type.dtype, row, isItself ? 0 : leaves]);
    const number = known.get(key) ?? all.push({ ...derived, type: node.type }) - 1;
    known.set(key, number);
    return number;
  });
  return { all, ofNode };
}

/** How some contents are hashed whose bases lie in one buffer. */
export type Schedule = { readonly plan: Plan; readonly inPlan: readonly number[]; readonly tiled: readonly number[] };

/** A schedule for the contents `numbers`; `offsetOf` says where a base starts. */
export function scheduleOf(contents: Contents, numbers: readonly number[], offsetOf: (base: Ref) => number): Schedule {
  const isTiled = (number: number) => contents.all[number]!.tile > 1;
  const inPlan = numbers.filter((number) => !isTiled(number));
  const parts = inPlan.map((number): Part => {
    const { base, type, stretch } = contents.all[number]!;
    return { ...type, offset: offsetOf(base), stretch };
  });
  return { plan: planParts(parts), inPlan, tiled: numbers.filter(isTiled) };
}

/** Hashes what a schedule names into `roots`. Says whether all f32 elements were finite. */
export async function hashContents(
  hasher: Hasher,
  contents: Contents,
  { plan, inPlan, tiled }: Schedule,
  bytes: Uint8Array,
  valueOf: (base: Ref) => TypedArray,
  roots: Uint8Array[],
): Promise<boolean> {
  for (const number of tiled) {
    const { type, base, stretch } = contents.all[number]!;
    roots[number] = tiledRoot(type, valueOf(base), stretch);
  }
  const done = await hasher.treeRoots(bytes, plan);
  inPlan.forEach((number, i) => (roots[number] = done.roots[i]!));
  return done.isFinite;
}
