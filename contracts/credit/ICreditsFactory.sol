// SPDX-License-Identifier: MIT
pragma solidity 0.8.37;

/// @title Makes the credits of runs, all with the same supply, each with the split of its run.
/// @notice A share token knows the address of its credits from the beginning; anyone may have them put there, at any time.
interface ICreditsFactory {
    error ZeroSupply();

    event CreditsCreated(address indexed shareToken, address credits);

    /// @notice Makes the credits of a share token, once.
    function create(address shareToken) external returns (address credits);

    /// @notice Where the credits of a share token are, or will be.
    function creditsOf(address shareToken) external view returns (address);

    /// @notice Of the credits of each run, in the smallest unit.
    function supply() external view returns (uint64);
}
