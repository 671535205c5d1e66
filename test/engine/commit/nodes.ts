import { expect } from 'chai';
import fc from 'fast-check';
import { subtreeRoot, tensorSource } from '../../../engine/commit/fast.ts';
import { leafSpan, treeDepth } from '../../../engine/commit/format.ts';
import { bytesFromHash, hashFromBytes, type Hash } from '../../../engine/commit/hash.ts';
import { digestAt, hashNodes, ROW, setDigest } from '../../../engine/commit/nodes.ts';
import { EMPTY, hashLeaf, hashNode, merkleRoot } from '../../../engine/commit/tree.ts';
import { fixture } from '../../helpers/fixtures.ts';
import { patternTensor } from '../../helpers/tensors.ts';

const hashes = fc.uint8Array({ minLength: 32, maxLength: 32 }).map(hashFromBytes);
const rows = (most: number) => fc.array(hashes, { minLength: 2, maxLength: most });

function setHash(place: number, hash: Hash): void {
  setDigest(place, Buffer.from(bytesFromHash(hash)).toString('latin1'));
}

/** The nodes over a row of hashes, an odd last one being left out. */
function nodesOver(row: readonly Hash[]): Hash[] {
  const count = Math.floor(row.length / 2);
  row.forEach((hash, place) => setHash(place, hash));
  hashNodes(count);
  return Array.from({ length: count }, (_, place) => hashFromBytes(digestAt(place)));
}

const expected = (row: readonly Hash[]) =>
  Array.from({ length: Math.floor(row.length / 2) }, (_, i) => hashNode(row[2 * i]!, row[2 * i + 1]!));

describe('commitments: nodes, four at a time', () => {
  it('are what another program says, in each lane', () => {
    const { node } = fixture<{ node: Hash }>('commitments');
    const pair = [EMPTY, hashLeaf(new Uint8Array())];
    expect(nodesOver([...pair, ...pair, ...pair, ...pair])).to.deep.equal([node, node, node, node]);
  });

  it('are those of their own two children, whatever the other lanes and earlier rows hold', () => {
    fc.assert(
      fc.property(rows(24), (row) => {
        expect(nodesOver(row)).to.deep.equal(expected(row));
      }),
    );
    fc.assert(
      fc.property(rows(8), fc.nat(), hashes, (row, at, other) => {
        const changed = row.with(at % row.length, other);
        const before = nodesOver(row);
        nodesOver(changed).forEach((node, i) => {
          if (i !== Math.floor((at % row.length) / 2)) expect(node).to.equal(before[i]);
        });
      }),
    );
  });

  it('fill a whole row', () => {
    const row = Array.from({ length: ROW }, (_, i) => hashLeaf(Uint8Array.of(i)));
    expect(nodesOver(row)).to.deep.equal(expected(row));
  });

  it('lead to the root of any number of leaves, at any depth', () => {
    const source = tensorSource(patternTensor('i8', [1_025 * 1_024 + 5]));
    const leaves = Array.from({ length: source.geometry.leaves }, (_, index) => {
      const { start, length } = leafSpan(source.geometry, index);
      return hashLeaf(source.bytes.subarray(start, start + length));
    });
    const small = Array.from({ length: 71 }, (_, count) => count);
    const checked = [
      ...small.map((count) => [count, treeDepth(count)] as const),
      ...small.map((count) => [count, treeDepth(count) + 1 + (count % 3)] as const),
      ...[255, 256, 257, 511, 513, 1_025].map((count) => [count, treeDepth(count)] as const),
    ];
    for (const [count, depth] of checked) {
      const from = count % 3 === 0 ? 0 : leaves.length - count;
      const root = merkleRoot(leaves.slice(from, from + count), depth);
      expect(hashFromBytes(subtreeRoot(source, from, count, depth)), `${count} at ${depth}`).to.equal(root);
    }
  });
});
