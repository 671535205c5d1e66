// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

import {MemberSet} from "../types/MemberSet.sol";

/// @notice `seats` of the members, each set of them as likely as any other; all of them when there are no more.
/// @dev Draws without putting back: each draw names a rank among those that are left. At most 31 draws.
function drawCommittee(MemberSet members, uint256 seats, bytes32 seed) pure returns (MemberSet committee) {
    uint256 left = members.count();
    if (left <= seats) return members;
    for (uint256 draw = 0; draw < seats; ++draw) {
        uint256 rank = uint256(keccak256(abi.encode(seed, draw))) % left--;
        uint8 index = members.indexAt(rank);
        members = members.without(index);
        committee = committee.with(index);
    }
}

/// @notice How many of a committee must agree, in the proportion of `needed` to `seats`, rounded up: of 24 seats 16, and
/// of three members two.
function neededUp(uint256 members, uint256 needed, uint256 seats) pure returns (uint256) {
    return Math.ceilDiv(members * needed, seats);
}
