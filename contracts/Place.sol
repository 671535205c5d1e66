// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

import {Create2} from "@openzeppelin/contracts/utils/Create2.sol";

/// @notice Where `place` creates a contract: its address follows from the caller, the code and the arguments alone, so others
/// can name it before it is there.
/// @param initCode creation code and encoded arguments
function placeOf(bytes memory initCode) view returns (address) {
    return Create2.computeAddress(0, keccak256(initCode));
}

/// @notice Creates a contract unless it is there: whoever comes first makes what anybody else would have made.
function place(bytes memory initCode) returns (address placed) {
    placed = placeOf(initCode);
    if (placed.code.length == 0) Create2.deploy(0, 0, initCode);
}
