import { expect } from 'chai';
import { fastTensorRoot } from '../../../engine/commit/fast.ts';
import { leafGeometry } from '../../../engine/commit/format.ts';
import type { Hash } from '../../../engine/commit/hash.ts';
import { createHasher } from '../../../engine/commit/hasher.ts';
import { stateRoot, tensorRoot } from '../../../engine/commit/reference.ts';
import { EMPTY, hashLeaf, hashNode } from '../../../engine/commit/tree.ts';
import type { DType, Shape, TensorType } from '../../../engine/graph/types.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { patternState, patternTensor } from '../../helpers/tensors.ts';

type Vectors = {
  empty: Hash;
  node: Hash;
  leaves: { data: string; hash: Hash }[];
  tensors: { dtype: DType; shape: Shape; leaves: number; root: Hash }[];
  states: { groups: TensorType[][]; root: Hash }[];
};

const vectors = fixture<Vectors>('commitments');

describe('commitments: golden vectors', () => {
  it('hashes leaves, nodes and the empty leaf as another program does', () => {
    expect(EMPTY).to.equal(vectors.empty);
    expect(hashNode(EMPTY, hashLeaf(new Uint8Array()))).to.equal(vectors.node);
    for (const { data, hash } of vectors.leaves) expect(hashLeaf(Buffer.from(data.slice(2), 'hex'))).to.equal(hash);
  });

  for (const { dtype, shape, leaves, root } of vectors.tensors) {
    it(`commits to ${dtype} [${shape.join(', ')}] in ${leaves} leaves`, () => {
      const tensor = patternTensor(dtype, shape);
      expect(leafGeometry(tensor).leaves).to.equal(leaves);
      expect(tensorRoot(tensor)).to.equal(root);
      expect(fastTensorRoot(tensor)).to.equal(root);
    });
  }

  for (const { groups, root } of vectors.states) {
    it(`commits to a state of groups of ${groups.map((group) => group.length).join(', ')}`, async () => {
      const state = patternState(groups);
      expect(stateRoot(state)).to.equal(root);
      expect(await createHasher({ threads: 1 }).stateRoot(state)).to.equal(root);
    });
  }
});
