// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Makes the ownership contract of a new protocol, once for the same arguments. Keeps nothing.
interface IOwnershipFactory {
    /// @notice Creates it unless it is there. Anyone may call.
    function create(address runs, address verdicts) external returns (address ownership);

    /// @notice Where it is, or will be.
    function addressOf(address runs, address verdicts) external view returns (address ownership);
}
