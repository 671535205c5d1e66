import { expect } from 'chai';
import { stateRoot, tensorRoot } from '../../../engine/commit/reference.ts';
import { childrenOf, siblingsOf, stateTree, subtreeAt, tensorTree } from '../../../engine/commit/subtrees.ts';
import { EMPTY, emptyRoot, merkleRoot, rootFromProof, treeLevels } from '../../../engine/commit/tree.ts';
import { rootOfTensor } from '../../../engine/commit/fast.ts';
import { bytesFromHash, type Hash } from '../../../engine/commit/hash.ts';
import { createState } from '../../../engine/graph/state.ts';
import type { Tensor } from '../../../engine/graph/types.ts';
import { failsWith } from '../../helpers/errors.ts';

const leaves = Array.from({ length: 21 }, (_, i): Hash => `0x${(i + 1).toString(16).padStart(64, '0')}`);
const levels = treeLevels(leaves);

describe('subtrees', () => {
  it('have as children what they are the roots of, padding included', () => {
    for (let height = 0; height < levels.length; height++) {
      for (let index = 0; index < levels[height]!.length; index++) {
        for (let count = 0; count <= height; count++) {
          const children = childrenOf(levels, height, index, count);
          expect(children).to.have.length(2 ** count);
          expect(merkleRoot(children)).to.equal(subtreeAt(levels, height, index));
        }
      }
    }
    expect(subtreeAt(levels, 0, 21)).to.equal(EMPTY);
    expect(subtreeAt(levels, 3, 3)).to.equal(emptyRoot(3));
  });

  it('are led to any subtree above by their siblings', () => {
    for (let height = 0; height < levels.length; height++) {
      for (let index = 0; index < levels[height]!.length; index++) {
        for (let top = height; top < levels.length; top++) {
          const siblings = siblingsOf(levels, height, index, top);
          const above = Math.floor(index / 2 ** (top - height));
          const root = rootFromProof(subtreeAt(levels, height, index), index, siblings);
          expect(root).to.equal(subtreeAt(levels, top, above));
        }
        expect(siblingsOf(levels, height, index)).to.have.length(levels.length - 1 - height);
      }
    }
  });

  it('are refused where there are none', async () => {
    await failsWith('INDEX_OUT_OF_RANGE', () => subtreeAt(levels, 6, 0));
    await failsWith('INDEX_OUT_OF_RANGE', () => subtreeAt(levels, 5, 1));
    await failsWith('INDEX_OUT_OF_RANGE', () => childrenOf(levels, 2, 0, 3));
    await failsWith('INDEX_OUT_OF_RANGE', () => siblingsOf(levels, 0, 32));
    await failsWith('INDEX_OUT_OF_RANGE', () => siblingsOf(levels, 0, 0, 6));
  });

  it('make up the trees of tensors and states', () => {
    const tensor: Tensor = {
      dtype: 'f32',
      shape: [5, 300],
      data: Float32Array.from({ length: 1_500 }, (_, i) => i - 7),
    };
    const tree = tensorTree(tensor);
    expect(tree[0]).to.have.length(16);
    expect(rootOfTensor(tensor, bytesFromHash(tree.at(-1)![0]!))).to.equal(tensorRoot(tensor));
    const slot = { name: 'x', dtype: 'f32', shape: [3] } as const;
    const state = createState({ groups: [[slot], [{ ...slot, name: 'y' }], [{ ...slot, name: 'z' }]] });
    state.tensors.get('y')!.set([1, -0, 3]);
    expect(stateTree(state).at(-1)![0]).to.equal(stateRoot(state));
    expect(stateTree(state)[0]).to.have.length(4);
  });
});
