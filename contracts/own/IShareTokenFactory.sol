// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Makes share tokens. Keeps nothing.
interface IShareTokenFactory {
    /// @notice A new share token that the caller alone may mint.
    /// @param ownersShare of the run's credits, out of 1e6
    function create(
        string calldata name,
        string calldata symbol,
        uint256 cap,
        uint32 ownersShare
    ) external returns (address shareToken);

    /// @notice Who makes the credits of their runs.
    function creditsFactory() external view returns (address);
}
