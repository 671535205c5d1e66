// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {LibBit} from "solady/src/utils/LibBit.sol";

/// @notice A set of member indices 0 to 255, one bit each. No operation loops over members.
type MemberSet is uint256;

using {
    has,
    with,
    without,
    intersect,
    unite,
    minus,
    isWithin,
    isEmpty,
    equals,
    count,
    lowestAbsent
} for MemberSet global;

function has(MemberSet set, uint8 index) pure returns (bool) {
    return (MemberSet.unwrap(set) >> index) & 1 == 1;
}

function with(MemberSet set, uint8 index) pure returns (MemberSet) {
    return MemberSet.wrap(MemberSet.unwrap(set) | (uint256(1) << index));
}

function without(MemberSet set, uint8 index) pure returns (MemberSet) {
    return MemberSet.wrap(MemberSet.unwrap(set) & ~(uint256(1) << index));
}

function intersect(MemberSet a, MemberSet b) pure returns (MemberSet) {
    return MemberSet.wrap(MemberSet.unwrap(a) & MemberSet.unwrap(b));
}

function unite(MemberSet a, MemberSet b) pure returns (MemberSet) {
    return MemberSet.wrap(MemberSet.unwrap(a) | MemberSet.unwrap(b));
}

function minus(MemberSet a, MemberSet b) pure returns (MemberSet) {
    return MemberSet.wrap(MemberSet.unwrap(a) & ~MemberSet.unwrap(b));
}

function isWithin(MemberSet a, MemberSet b) pure returns (bool) {
    return MemberSet.unwrap(a) & ~MemberSet.unwrap(b) == 0;
}

function isEmpty(MemberSet set) pure returns (bool) {
    return MemberSet.unwrap(set) == 0;
}

function equals(MemberSet a, MemberSet b) pure returns (bool) {
    return MemberSet.unwrap(a) == MemberSet.unwrap(b);
}

function count(MemberSet set) pure returns (uint256) {
    return LibBit.popCount(MemberSet.unwrap(set));
}

/// @dev The smallest index not in the set; 256 when the set is full.
function lowestAbsent(MemberSet set) pure returns (uint256) {
    return LibBit.ffs(~MemberSet.unwrap(set));
}
