// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @notice A set of member indices 0 to 255, one bit each. No operation loops over members.
type MemberSet is uint256;

/// @dev The index that no member has: a run has 255 at most.
uint8 constant NOBODY = 255;

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
    rankOf,
    indexAt,
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

/// @dev Adds neighbouring bit fields of growing width; the last sums, of 16 fields of 16 bits, fit in 16 bits.
function count(MemberSet set) pure returns (uint256 total) {
    unchecked {
        uint256 x = MemberSet.unwrap(set);
        uint256 byOne = type(uint256).max / 3;
        uint256 byTwo = type(uint256).max / 5;
        uint256 byFour = type(uint256).max / 17;
        x = (x & byOne) + ((x >> 1) & byOne);
        x = (x & byTwo) + ((x >> 2) & byTwo);
        x = (x & byFour) + ((x >> 4) & byFour);
        x = (x & (type(uint256).max / 257)) + ((x >> 8) & (type(uint256).max / 257));
        total = (x * (type(uint256).max / 65_535)) >> 240;
    }
}

/// @dev How many members have a lower index.
function rankOf(MemberSet set, uint8 index) pure returns (uint256) {
    return set.intersect(MemberSet.wrap((uint256(1) << index) - 1)).count();
}

/// @dev The member that has `rank` members below it, by halving. Callers know that there is one.
function indexAt(MemberSet set, uint256 rank) pure returns (uint8 index) {
    uint256 rest = MemberSet.unwrap(set);
    unchecked {
        for (uint256 width = 128; width != 0; width >>= 1) {
            uint256 low = MemberSet.wrap(rest & ((uint256(1) << width) - 1)).count();
            if (rank < low) continue;
            rank -= low;
            rest >>= width;
            index += uint8(width);
        }
    }
}

/// @dev The smallest index not in the set; 256 when the set is full.
function lowestAbsent(MemberSet set) pure returns (uint256) {
    uint256 absent = ~MemberSet.unwrap(set);
    if (absent == 0) return 256;
    unchecked {
        return Math.log2(absent & (~absent + 1));
    }
}
