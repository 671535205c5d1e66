import { expect } from 'chai';
import fc from 'fast-check';
import { treeDepth } from '../../../engine/commit/format.ts';
import { bytesFromHash, hashFromBytes, sha256, type Hash } from '../../../engine/commit/hash.ts';
import {
  EMPTY,
  emptyRoot,
  hashLeaf,
  hashNode,
  merkleProof,
  merkleRoot,
  verifyProof,
} from '../../../engine/commit/tree.ts';
import { failsWith } from '../../helpers/errors.ts';

const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hashFromBytes);
const trees = fc.array(hashes, { minLength: 1, maxLength: 40 });

function leavesOf(count: number): Hash[] {
  return Array.from({ length: count }, (_, i) => hashLeaf(Uint8Array.of(i)));
}

describe('commitments: trees of hashes', () => {
  it('have the empty leaf as the root of nothing and the leaf as the root of one', () => {
    const [leaf = EMPTY] = leavesOf(1);
    expect(merkleRoot([])).to.equal(EMPTY);
    expect(merkleRoot([leaf])).to.equal(leaf);
  });

  it('are padded to a power of two with the empty leaf', () => {
    const [a = EMPTY, b = EMPTY, c = EMPTY] = leavesOf(3);
    expect(merkleRoot([a, b, c])).to.equal(hashNode(hashNode(a, b), hashNode(c, EMPTY)));
    expect(merkleRoot([a], 2)).to.equal(hashNode(hashNode(a, EMPTY), hashNode(EMPTY, EMPTY)));
    expect(merkleRoot([], 3)).to.equal(emptyRoot(3));
  });

  it('open every leaf, under its own index only', () => {
    fc.assert(
      fc.property(trees, fc.nat(), fc.nat(), (leaves, first, second) => {
        const index = first % leaves.length;
        const other = second % leaves.length;
        const leaf = leaves[index] ?? EMPTY;
        const proof = merkleProof(leaves, index);
        const isEqual = leaves[other] === leaf && other === index;
        expect(proof).to.have.length(treeDepth(leaves.length));
        expect(verifyProof(merkleRoot(leaves), leaves.length, leaf, index, proof)).to.equal(true);
        expect(verifyProof(merkleRoot(leaves), leaves.length, leaf, other, proof)).to.equal(isEqual);
      }),
    );
  });

  it('do not open padding, indices outside, fractions, or with siblings missing, added or malformed', () => {
    const leaves = leavesOf(5);
    const root = merkleRoot(leaves);
    const proof = merkleProof(leaves, 4);
    const [leaf = EMPTY] = leaves.slice(4);
    expect(verifyProof(root, 5, leaf, 4, proof)).to.equal(true);
    expect(verifyProof(root, 5, EMPTY, 5, [leaf, ...proof.slice(1)])).to.equal(false);
    for (const index of [-4, 4.5, NaN, 12, 2 ** 32 + 4])
      expect(verifyProof(root, 5, leaf, index, proof)).to.equal(false);
    expect(verifyProof(root, 5, leaf, 4, proof.slice(0, 2))).to.equal(false);
    expect(verifyProof(root, 5, leaf, 4, [...proof, EMPTY])).to.equal(false);
    expect(verifyProof(root, 5, leaf, 4, ['0x12', ...proof.slice(1)])).to.equal(false);
  });

  it('take no inner node for a leaf of a smaller tree', () => {
    const [a = EMPTY, b = EMPTY, c = EMPTY, d = EMPTY] = leavesOf(4);
    const root = merkleRoot([a, b, c, d]);
    expect(verifyProof(root, 4, hashNode(a, b), 0, [hashNode(c, d)])).to.equal(false);
  });

  it('give no leaf the hash of a node, of the empty leaf or of a tensor', () => {
    const node = Buffer.concat([bytesFromHash(EMPTY), bytesFromHash(EMPTY)]);
    const messages = [node, Buffer.concat([Uint8Array.of(1), node]), Uint8Array.of(2), Uint8Array.of(3)];
    const others = [hashNode(EMPTY, EMPTY), EMPTY, hashFromBytes(sha256(Uint8Array.of(3)))];
    for (const message of messages) expect(others).not.to.include(hashLeaf(message));
  });

  it('bind the length of a leaf', () => {
    expect(hashLeaf(Uint8Array.of(7))).not.to.equal(hashLeaf(Uint8Array.of(7, 0)));
    expect(hashLeaf(new Uint8Array())).not.to.equal(EMPTY);
  });

  it('refuse leaves over 1,024 bytes, more leaves than fit, and hashes that are none', async () => {
    await failsWith('LEAF_TOO_LONG', () => hashLeaf(new Uint8Array(1025)));
    await failsWith('TREE_TOO_SHALLOW', () => merkleRoot(leavesOf(3), 1));
    await failsWith('INDEX_OUT_OF_RANGE', () => merkleProof(leavesOf(3), 3));
    await failsWith('HASH_INVALID', () => bytesFromHash('0xABCD'));
  });
});
