import { SwarmlockError } from '../errors.ts';
import { createState, slotsOf, type State } from '../graph/state.ts';
import type { StateLayout } from '../graph/types.ts';
import { domain, leafGeometry, leafSpan, tensorHeader } from './format.ts';
import { bytesFromHash, HASH_BYTES, hashFromBytes, type Hash } from './hash.ts';
import { layoutTree, stateLeaves, tensorOf } from './layout.ts';
import { committedBytes, tensorRoot } from './reference.ts';
import { EMPTY, hashLeaf, treeLevels } from './tree.ts';

/**
 * A state as it is published on chain: the messages whose hashes make its tree, a node before what is under it and the left
 * side before the right, without padding. Twin: contracts/run/Pieces.sol.
 */

const LENGTH_BYTES = 4;

/** The pieces of a state, one message each. For small states: it is hashed slowly. */
export function publicationOf(state: State): readonly Uint8Array[] {
  const pieces: Uint8Array[] = [];
  const slots = slotsOf(state.layout);
  const roots = slots.map(({ name }) => tensorRoot(tensorOf(state, name)));
  const { depth, indices } = layoutTree(state.layout);
  const slotAt = new Map(slots.map(({ name }) => [indices.get(name), name]));
  walk(treeLevels(stateLeaves(state.layout, roots), depth), pieces, (index) => {
    const tensor = tensorOf(state, slotAt.get(index)!);
    const [bytes, geometry] = [committedBytes(tensor), leafGeometry(tensor)];
    const data = Array.from({ length: geometry.leaves }, (_, leaf) => {
      const { start, length } = leafSpan(geometry, leaf);
      return bytes.subarray(start, start + length);
    });
    const levels = treeLevels(data.map(hashLeaf));
    pieces.push(Buffer.concat([tensorHeader(tensor), bytesFromHash(levels.at(-1)![0]!)]));
    walk(levels, pieces, (leaf) => pieces.push(leafMessage(data[leaf]!)));
  });
  return pieces;
}

/** Pushes the nodes of a tree in order, and lets `visit` push what stands for each leaf that is no padding. */
function walk(levels: readonly (readonly Hash[])[], pieces: Uint8Array[], visit: (leaf: number) => void): void {
  const under = (height: number, index: number): void => {
    if (levels[height]![index] === EMPTY) return;
    if (height === 0) return visit(index);
    const [left, right] = [levels[height - 1]![2 * index]!, levels[height - 1]![2 * index + 1]!];
    pieces.push(Buffer.concat([Uint8Array.of(domain.node), bytesFromHash(left), bytesFromHash(right)]));
    under(height - 1, 2 * index);
    under(height - 1, 2 * index + 1);
  };
  under(levels.length - 1, 0);
}

function leafMessage(data: Uint8Array): Uint8Array {
  const prefix = Buffer.alloc(1 + LENGTH_BYTES);
  prefix.writeUInt32BE(data.length, 1);
  return Buffer.concat([prefix, data]);
}

/** Hashes that are pending after these pieces of the tree under `root`, the next one last; as the contract keeps them. */
export function pendingAfter(root: Hash, pieces: readonly Uint8Array[]): readonly Hash[] {
  const stack = withoutPadding([root]);
  for (const piece of pieces) {
    stack.pop();
    const at = (end: number) => hashFromBytes(piece.subarray(end - HASH_BYTES, end));
    if (piece[0] === domain.node) stack.push(at(piece.length), at(piece.length - HASH_BYTES));
    else if (piece[0] === domain.tensor) stack.push(at(piece.length));
    withoutPadding(stack);
  }
  return stack;
}

function withoutPadding(stack: Hash[]): Hash[] {
  while (stack.at(-1) === EMPTY) stack.pop();
  return stack;
}

/** The state that was published by these bytes; its root is for the caller to check. @throws PUBLICATION_INVALID */
export function publishedState(layout: StateLayout, bytes: Uint8Array): State {
  const leaves = leavesOf(bytes);
  const state = createState(layout);
  for (const { name } of slotsOf(layout)) {
    const { data, ...type } = tensorOf(state, name);
    const into = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    const geometry = leafGeometry(type);
    for (let index = 0; index < geometry.leaves; index += 1) {
      const { start, length } = leafSpan(geometry, index);
      const leaf = leaves.shift();
      if (leaf?.length !== length) throw invalid('its leaves are not those of a payload');
      into.set(leaf, start);
    }
  }
  if (leaves.length > 0) throw invalid('it has more leaves than a payload');
  return state;
}

function leavesOf(bytes: Uint8Array): Uint8Array[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const leaves: Uint8Array[] = [];
  for (let at = 0; at < bytes.length;) {
    const length = messageLength(view, at);
    if (at + length > bytes.length) throw invalid('a message is cut off');
    if (bytes[at] === domain.leaf) leaves.push(bytes.subarray(at + 1 + LENGTH_BYTES, at + length));
    at += length;
  }
  return leaves;
}

function messageLength(view: DataView, at: number): number {
  const left = view.byteLength - at;
  const kind = view.getUint8(at);
  if (kind === domain.node) return 1 + 2 * HASH_BYTES;
  if (kind === domain.leaf && left >= 1 + LENGTH_BYTES) return 1 + LENGTH_BYTES + view.getUint32(at + 1);
  if (kind === domain.tensor && left >= 3) return 3 + 4 * view.getUint8(at + 2) + HASH_BYTES;
  throw invalid('a message is of no known kind');
}

function invalid(why: string): SwarmlockError {
  return new SwarmlockError(`a published payload cannot be read: ${why}`, {
    code: 'PUBLICATION_INVALID',
    argument: 'bytes',
  });
}
