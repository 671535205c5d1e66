import { expect } from 'chai';

import { hashFromBytes, sha256 } from '../../../engine/commit/hash.ts';
import { pendingAfter, publicationOf, publishedState } from '../../../engine/commit/publication.ts';
import { stateRoot } from '../../../engine/commit/reference.ts';
import { createState } from '../../../engine/graph/state.ts';
import type { StateLayout } from '../../../engine/graph/types.ts';
import { failsWith } from '../../helpers/errors.ts';

/** Rows of whole leaves, rows that are cut, one leaf, and none; two groups of which one is padded. */
const layout: StateLayout = {
  groups: [
    [
      { name: 'a', dtype: 'f32', shape: [3, 512] },
      { name: 'b', dtype: 'f32', shape: [2, 300] },
      { name: 'c', dtype: 'i8', shape: [8] },
    ],
    [{ name: 'd', dtype: 'f32', shape: [0] }],
  ],
};

function aState() {
  const state = createState(layout);
  state.tensors.get('a')!.forEach((_, i, all) => (all[i] = i - 700.5));
  state.tensors.get('b')!.forEach((_, i, all) => (all[i] = -1 - i));
  state.tensors.get('c')!.set([1, -2, 3, -4, 5, -6, 7, -8]);
  return state;
}

describe('publication', () => {
  const state = aState();
  const root = stateRoot(state);
  const pieces = publicationOf(state);

  it('has each message whose hash is pending, and nothing when it is over', () => {
    pieces.forEach((piece, index) => {
      expect(pendingAfter(root, pieces.slice(0, index)).at(-1)).to.equal(hashFromBytes(sha256(piece)));
    });
    expect(pendingAfter(root, pieces)).to.deep.equal([]);
  });

  it('gives the state back', () => {
    const found = publishedState(layout, Buffer.concat(pieces));
    expect(stateRoot(found)).to.equal(root);
    expect(found.tensors).to.deep.equal(state.tensors);
  });

  it('is refused when it is cut, is of another layout, or holds something else', async () => {
    const whole = Buffer.concat(pieces);
    const leaf = pieces.find(([kind]) => kind === 0)!;
    const without = Buffer.concat(pieces.filter((piece) => piece !== leaf));
    const broken = [whole.subarray(0, -1), Buffer.concat([whole, Uint8Array.of(4)]), Buffer.concat([whole, leaf])];
    for (const bytes of [...broken, without]) {
      await failsWith('PUBLICATION_INVALID', () => publishedState(layout, bytes));
    }
  });
});
