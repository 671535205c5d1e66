// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Makes the contract of the availability committees. Keeps nothing.
interface IAvailabilityFactory {
    /// @notice A new one among contracts that may not exist yet.
    function create(address stake, address claims, address runs) external returns (address);
}
