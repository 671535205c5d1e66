// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {MemberSet} from "../types/MemberSet.sol";

/// @dev Counts have this many binary digits.
uint256 constant TALLY_DIGITS = 5;

/// @notice How often each member was named, in slices: bit i of `digits[k]` is binary digit k of member i's count. Naming
/// any number of members is one addition, and so is asking who was named often enough.
struct Tally {
    MemberSet[TALLY_DIGITS] digits;
}

using {name, namedAtLeast} for Tally global;

/// @dev Reverts (panic 0x32) when a member would be named 32 times.
function name(Tally storage tally, MemberSet members) {
    MemberSet carry = members;
    for (uint256 k = 0; !carry.isEmpty(); ++k) {
        MemberSet digit = tally.digits[k];
        tally.digits[k] = digit.unite(carry).minus(digit.intersect(carry));
        carry = digit.intersect(carry);
    }
}

/// @notice Members named at least so often.
/// @param least below 32
function namedAtLeast(Tally storage tally, uint256 least) view returns (MemberSet) {
    MemberSet above;
    MemberSet equal = MemberSet.wrap(type(uint256).max);
    for (uint256 k = TALLY_DIGITS; k != 0;) {
        MemberSet digit = tally.digits[--k];
        if ((least >> k) & 1 == 1) {
            equal = equal.intersect(digit);
        } else {
            above = above.unite(equal.intersect(digit));
            equal = equal.minus(digit);
        }
    }
    return above.unite(equal);
}
