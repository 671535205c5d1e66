import { committedBytes } from '../../../engine/commit/reference.ts';
import { leafGeometry, leafSpan } from '../../../engine/commit/format.ts';
import { tensorTree } from '../../../engine/commit/subtrees.ts';
import type { Tensor } from '../../../engine/graph/types.ts';
import type { Position } from '../../../sdk/game.ts';
import type { LeafNotes, Notes, TensorNotes, Wanted } from './facts.ts';
import type { Testimony, Witness } from './witness.ts';

/** What one side has worked out for one game so far; lost with the process, and worked out again. */
export type Session = {
  readonly notes: Notes;
  /** Works out what a rule has asked for, and notes it. */
  workOut(position: Position, want: Wanted, signal: AbortSignal): Promise<void>;
};

export function openSession(witness: Witness): Session {
  let notes: Notes = { roots: new Map() };
  let testimony: Testimony | undefined;
  let tensor: { readonly node: number; readonly value: Tensor } | undefined;
  const tensorOf = async (node: number): Promise<Tensor | undefined> => {
    if (tensor?.node === node) return tensor.value;
    const value = await testimony!.tensor(node);
    if (value !== undefined) tensor = { node, value };
    return value;
  };
  const work = async (position: Position, want: Wanted, signal: AbortSignal): Promise<Partial<Notes>> => {
    switch (want.what) {
      case 'start':
        return { start: await witness.start(signal) };
      case 'roots':
        return { roots: new Map([...notes.roots, ...(await witness.roots(want.steps, signal))]) };
      case 'trace':
        testimony = await witness.testify(position, want.first, signal);
        tensor = undefined;
        return { trace: testimony.notes };
      case 'tensor':
        return { tensor: await treeOf(testimony!, want.node, await tensorOf(want.node)) };
      case 'leaf':
        return { leaf: leafOf(want.node, (await tensorOf(want.node))!, want.leaf) };
      case 'proof': {
        const { node, element, path } = want;
        return { proof: { node, element, ...(await testimony!.proof(node, element, path)) } };
      }
    }
  };
  return {
    get notes() {
      return notes;
    },
    async workOut(position, want, signal) {
      notes = { ...notes, ...(await work(position, want, signal)) };
    },
  };
}

async function treeOf(testimony: Testimony, node: number, tensor: Tensor | undefined): Promise<TensorNotes> {
  if (tensor === undefined) return { node, levels: [], faultElement: await testimony.faultElement(node) };
  return { node, levels: tensorTree(tensor), faultElement: undefined };
}

function leafOf(node: number, tensor: Tensor, leaf: number): LeafNotes {
  const { start, length } = leafSpan(leafGeometry(tensor), leaf);
  return { node, leaf, data: committedBytes(tensor).slice(start, start + length) };
}
