import { subtreeRoot, tensorSource } from './commit/fast.ts';
import { leafGeometry, leafSpan } from './commit/format.ts';
import { hashFromBytes, type Hash } from './commit/hash.ts';
import { EMPTY } from './commit/tree.ts';
import { derivationOf } from './graph/derived.ts';
import type { Program, Ref } from './graph/program.ts';
import { bytesPerElement, typedArray, type TypedArray } from './graph/types.ts';

/** One leaf of a trace: a place of the trace, and a leaf of the tensor there. */
export type LeafPlace = { readonly node: number; readonly leaf: number };

/** How many leaves the tensor at each place of a program's trace has; none for padding. */
export function leafCounts({ nodes }: Pick<Program, 'nodes'>): readonly number[] {
  return nodes.map((node) => (node === null ? 0 : leafGeometry(node.type).leaves));
}

/** Hashes of some leaves of one trace, taken while the values are there that they follow from. EMPTY for padding. */
export type LeafHashes = {
  readonly hashes: readonly Hash[];
  /** Takes those that follow from the values which `holds` names. */
  take(holds: (base: Ref) => boolean): void;
};

/** @param held the elements of a value that is there */
export function leafHashes(
  program: Program,
  places: readonly LeafPlace[],
  held: (base: Ref) => TypedArray,
): LeafHashes {
  const hashes: Hash[] = places.map(() => EMPTY);
  const bases = places.map(({ node: index }) =>
    program.nodes[index] === null ? undefined : derivationOf(program, { kind: 'node', index }).base,
  );
  return {
    hashes,
    take(holds) {
      bases.forEach((base, i) => {
        if (base !== undefined && holds(base)) hashes[i] = leafHash(program, places[i]!, held(base));
      });
    },
  };
}

/** Writes out one leaf of a node's result, which repeats the elements of `base`, and hashes it. */
function leafHash(program: Program, { node: index, leaf }: LeafPlace, base: TypedArray): Hash {
  const { dtype, shape } = program.nodes[index]!.type;
  const { stretch } = derivationOf(program, { kind: 'node', index });
  const { start, length } = leafSpan(leafGeometry({ dtype, shape }), leaf);
  const size = bytesPerElement[dtype];
  const data = typedArray(dtype, length / size);
  for (let i = 0; i < data.length; i += 1) data[i] = base[Math.floor((start / size + i) / stretch) % base.length]!;
  return hashFromBytes(subtreeRoot(tensorSource({ dtype, shape: [data.length], data }), 0, 1, 0));
}
