import { expect } from 'chai';
import fc from 'fast-check';

import { merkleRoot } from '../../../engine/commit/tree.ts';
import { claimIdOf } from '../../../sdk/claims.ts';
import { drawnLeaves, drawSeed, leavesRoot } from '../../../sdk/verdict-leaves.ts';
import { ownerOf, rootOf } from '../../helpers/runs.ts';

const work = claimIdOf({ kind: 'work', runId: 1n, round: 1, number: 2 });

describe('the leaves that a verdict lists', () => {
  it('are drawn as the contract draws them', () => {
    // What test/solidity/game/Leaves.t.sol has, too.
    const seed = drawSeed(`0x${'10000002'.padStart(40, '0')}`, work);
    expect(seed).to.equal('0xa2f46ebdaf67c0b114fe28fcaa2a6894aab0e9c6ff846ee140a8d47b7e9283e7');
    const drawn = drawnLeaves(
      seed,
      Array.from({ length: 384 }, () => 300),
    );
    expect([0, 1, 5, 63].map((number) => drawn[number])).to.deep.equal([
      { node: 351, leaf: 57 },
      { node: 15, leaf: 190 },
      { node: 213, leaf: 25 },
      { node: 276, leaf: 223 },
    ]);
  });

  it('are others for each validator and each claim', () => {
    const seeds = [drawSeed(ownerOf(1), work), drawSeed(ownerOf(2), work), drawSeed(ownerOf(1), work + 1n)];
    const draws = seeds.map((seed) => JSON.stringify(drawnLeaves(seed, [4_000, 50, 600])));
    expect(new Set(draws).size).to.equal(3);
  });

  it('are 64 leaves that there are, and none of padding', () => {
    const counts = fc.array(fc.nat(5), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(fc.nat(), counts, (number, leaves) => {
        const drawn = drawnLeaves(rootOf(number), leaves);
        expect(drawn).to.have.length(64);
        for (const { node, leaf } of drawn) expect(leaf).to.be.within(0, Math.max(0, leaves[node]! - 1));
      }),
    );
  });

  it('are drawn from all places alike, and from all leaves of one', () => {
    const places = [0, 0, 0];
    const leaves = [0, 0];
    for (let round = 0; round < 100; round += 1) {
      for (const { node, leaf } of drawnLeaves(rootOf(round), [1, 2, 500])) {
        places[node]! += 1;
        if (node === 1) leaves[leaf]! += 1;
      }
    }
    for (const count of places) expect(count / 6_400).to.be.closeTo(1 / 3, 0.03);
    expect(leaves[0]! / places[1]!).to.be.closeTo(1 / 2, 0.04);
  });

  it('are claimed by the root of the tree over them', () => {
    const hashes = Array.from({ length: 64 }, (_, i) => rootOf(i));
    expect(leavesRoot(hashes)).to.equal(merkleRoot(hashes));
  });
});
