// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MemberSet} from "../types/MemberSet.sol";

/// @dev Shortfalls have this many binary digits: a round has at most 16 segments, and a commit at least one.
uint256 constant SHORTFALL_DIGITS = 4;

/// @notice By how many segments each member's commit falls short of the run's, in slices: bit i of `digits[k]` is binary
/// digit k of member i's. Who does all segments writes nothing, and a sum over any number of members is four counts.
struct Shortfalls {
    MemberSet[SHORTFALL_DIGITS] digits;
}

using {note, shortfallOf, sum} for Shortfalls global;

/// @notice Notes a member's shortfall, once.
/// @param shortfall below 16
function note(Shortfalls storage shortfalls, uint8 index, uint256 shortfall) {
    for (uint256 k = 0; shortfall >> k != 0; ++k) {
        if ((shortfall >> k) & 1 == 1) shortfalls.digits[k] = shortfalls.digits[k].with(index);
    }
}

function shortfallOf(Shortfalls storage shortfalls, uint8 index) view returns (uint256 shortfall) {
    for (uint256 k = 0; k < SHORTFALL_DIGITS; ++k) {
        if (shortfalls.digits[k].has(index)) shortfall |= uint256(1) << k;
    }
}

/// @notice Of these members together.
function sum(Shortfalls storage shortfalls, MemberSet members) view returns (uint256 total) {
    for (uint256 k = 0; k < SHORTFALL_DIGITS; ++k) {
        total += shortfalls.digits[k].intersect(members).count() << k;
    }
}
