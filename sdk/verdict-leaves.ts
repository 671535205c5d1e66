import { encodeAbiParameters, hexToBigInt, keccak256, type Address, type Hex } from 'viem';

import { merkleRoot } from '../engine/commit/tree.ts';

/** Leaves of a trace that a verdict lists, and the levels of the tree over them. */
const LEAVES = 64;
const DEPTH = 6;

/** What the draws of a validator's verdict on a miner's claim follow from; twin of contracts/claim/rules/Draws.sol. */
export function drawSeed(validator: Address, work: bigint): Hex {
  return keccak256(encodeAbiParameters([{ type: 'address' }, { type: 'uint256' }], [validator, work]));
}

/**
 * The leaves that a verdict has to list, in order: for each a place of the trace, all alike, then a leaf of the tensor there,
 * all alike. In the padding of a trace there is none; what is listed for it is EMPTY.
 * @param counts of leaves at each place of the trace; none for padding
 */
export function drawnLeaves(
  seed: Hex,
  counts: readonly number[],
): readonly { readonly node: number; readonly leaf: number }[] {
  return Array.from({ length: LEAVES }, (_, number) => {
    const types = [{ type: 'bytes32' }, { type: 'uint256' }] as const;
    const draw = hexToBigInt(keccak256(encodeAbiParameters(types, [seed, BigInt(number)])));
    const node = Number((draw >> 128n) % BigInt(counts.length));
    const count = counts[node]!;
    return { node, leaf: count === 0 ? 0 : Number(BigInt.asUintN(128, draw) % BigInt(count)) };
  });
}

/** What a verdict says of the hashes of its leaves. */
export function leavesRoot(hashes: readonly Hex[]): Hex {
  return merkleRoot(hashes, DEPTH);
}
