// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {ClaimId} from "../../types/ClaimId.sol";

/// @title Which leaves of a trace a verdict lists. Twin: sdk/verdict-leaves.ts.
/// @notice Each leaf is drawn in two steps by the halves of one number: a place of the trace, all alike, then a leaf of the
/// tensor there, all alike. So every node counts the same, however large its result; one that only shows another's result in
/// another shape has leaves of its own. A place of padding has no tensor: what is listed for it is EMPTY.
library Draws {
    /// @notice Levels of the tree over the listed leaves: there are 64.
    uint8 internal constant DEPTH = 6;

    /// @notice What all draws of a validator's verdict on a miner's claim follow from.
    function seed(address validator, ClaimId work) internal pure returns (bytes32) {
        return keccak256(abi.encode(validator, work));
    }

    /// @param number of the listed leaf, from 0
    /// @param places of the trace, padding included
    function place(bytes32 seed_, uint256 number, uint256 places) internal pure returns (uint256) {
        return (_draw(seed_, number) >> 128) % places;
    }

    /// @param leaves of the tensor at the drawn place
    function leaf(bytes32 seed_, uint256 number, uint256 leaves) internal pure returns (uint256) {
        return uint128(_draw(seed_, number)) % leaves;
    }

    function _draw(bytes32 seed_, uint256 number) private pure returns (uint256) {
        return uint256(keccak256(abi.encode(seed_, number)));
    }
}
