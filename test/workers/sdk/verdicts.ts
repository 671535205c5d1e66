import { expect } from 'chai';
import fc from 'fast-check';
import { concatHex, encodeAbiParameters, keccak256, parseAbiParameters, zeroHash, type Hex } from 'viem';

import { claimIdOf, parseClaimId } from '../../../sdk/claims.ts';
import { sealTree, verdictIdOf, verdictWord, type Verdict } from '../../../sdk/verdicts.ts';
import { ownerOf, rootOf } from '../../helpers/runs.ts';

const parameters = parseAbiParameters('address, uint256, uint8, bytes32, bytes32, bytes32, bytes32');
const fieldsOf = ({ validator, work, segment, before, trace, leaves }: Verdict) =>
  [validator, work, segment, before, trace, leaves] as const;

/** As OpenZeppelin's MerkleProof goes up. */
function climb(leaf: Hex, proof: readonly Hex[]): Hex {
  return proof.reduce(
    (node, sibling) => keccak256(concatHex(node < sibling ? [node, sibling] : [sibling, node])),
    leaf,
  );
}

const verdictsOf = (count: number): Verdict[] =>
  Array.from({ length: count }, (_, i) => {
    const work = claimIdOf({ kind: 'work', runId: 1n, round: 2, number: i + 1 });
    const roots = { before: rootOf(i), trace: rootOf(1_000 + i), leaves: rootOf(2_000 + i) };
    return { validator: ownerOf(9), work, segment: i % 4, ...roots };
  });

describe('the tree of a seal', () => {
  it('has a proof for each verdict, whose leaf is hashed twice', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 40 }), fc.integer({ min: 0, max: 1_000 }), (count, number) => {
        const verdicts = verdictsOf(count);
        const salt = rootOf(number);
        const { root, proofs } = sealTree(verdicts, salt);
        for (const [index, verdict] of verdicts.entries()) {
          const leaf = keccak256(keccak256(encodeAbiParameters(parameters, [...fieldsOf(verdict), salt])));
          expect(climb(leaf, proofs[index]!)).to.equal(root);
        }
      }),
    );
  });

  it('is another one with another salt, or another trace', () => {
    const verdicts = verdictsOf(2);
    const { root } = sealTree(verdicts, zeroHash);
    expect(sealTree(verdicts, rootOf(1)).root).not.to.equal(root);
    expect(sealTree([verdicts[0]!, { ...verdicts[1]!, trace: zeroHash }], zeroHash).root).not.to.equal(root);
  });
});

describe('the claim of a verdict', () => {
  it('is named by its round and the indices of validator and miner', () => {
    const work = claimIdOf({ kind: 'work', runId: 7n, round: 3, number: 12 });
    expect(parseClaimId(verdictIdOf(work, 5, 2))).to.deep.equal({
      kind: 'verdict',
      runId: 7n,
      round: 3,
      number: 0x502,
    });
  });

  it('says all that the verdict says', () => {
    const [verdict] = verdictsOf(1);
    const expected = keccak256(
      encodeAbiParameters(parseAbiParameters('address, uint256, uint8, bytes32, bytes32, bytes32'), fieldsOf(verdict!)),
    );
    expect(verdictWord(verdict!)).to.equal(expected);
  });
});
